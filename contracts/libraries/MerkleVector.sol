// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title MerkleVector
/// @notice A Merkle tree that commits to a vector: one value an index, and no other can be shown at that index.
/// @dev 2^depth leaves, depth = ceil(log2(count)); leaf i is keccak256(keccak256(abi.encode(i, value))), those from `count`
///      on are zero; a node is the keccak256 of its left and its right child. The bits of the index say which is which, so
///      a path fits one place only. Trees that sort each pair before hashing do not have that property: they may hold two
///      values under one index, each with a valid path.
library MerkleVector {
    /// @notice The path has another number of words than the tree's shape asks for.
    error MerkleVectorPathLength(uint256 length, uint256 required);

    /// @notice Leaf of a value at an index.
    function leaf(uint256 index, uint256 value) internal pure returns (bytes32 hash) {
        bytes32 inner = Hashes.efficientKeccak256(bytes32(index), bytes32(value));
        assembly ("memory-safe") {
            mstore(0x00, inner)
            hash := keccak256(0x00, 0x20)
        }
    }

    /// @notice Levels between the leaves and the root of a tree of `count` leaves.
    function depth(uint256 count) internal pure returns (uint256) {
        return Math.log2(count, Math.Rounding.Ceil);
    }

    /// @notice Root of the tree of `levels` levels above the leaves that has `value` at `index`.
    /// @param path Siblings from the leaf up.
    function root(
        uint256 index,
        uint256 value,
        uint256 levels,
        bytes32[] calldata path
    ) internal pure returns (bytes32) {
        if (path.length != levels) revert MerkleVectorPathLength(path.length, levels);
        return _climb(leaf(index, value), index, path);
    }

    /// @notice Root of the tree of `levels` levels above the leaves that has `value` at `index` and `nextValue` at
    ///         `index + 1`.
    /// @param path With k trailing one bits of `index`: the k siblings of the first leaf from below, the k siblings of the
    ///        second, then the siblings of the node above both.
    /// @dev The first leaf climbs k levels as a right child and the second as a left child; then they are siblings.
    function rootOfPair(
        uint256 index,
        uint256 value,
        uint256 nextValue,
        uint256 levels,
        bytes32[] calldata path
    ) internal pure returns (bytes32) {
        uint256 k = Math.log2(~index & (index + 1));
        uint256 required = levels - 1 + k;
        if (path.length != required) revert MerkleVectorPathLength(path.length, required);
        bytes32 first = _climb(leaf(index, value), index, path[:k]);
        bytes32 second = _climb(leaf(index + 1, nextValue), index + 1, path[k:2 * k]);
        return _climb(Hashes.efficientKeccak256(first, second), index >> (k + 1), path[2 * k:]);
    }

    /// @notice Root of the tree of `levels` levels above the leaves that has `values` from index `position * 2^blockLevels` on,
    ///         and nothing else below the node that is `blockLevels` above them.
    /// @param values At most 2^blockLevels.
    /// @param path Siblings of that node, from below.
    function rootOfBlock(
        uint256 position,
        uint256[] memory values,
        uint256 blockLevels,
        uint256 levels,
        bytes32[] calldata path
    ) internal pure returns (bytes32) {
        uint256 required = levels - blockLevels;
        if (path.length != required) revert MerkleVectorPathLength(path.length, required);
        uint256 width = 1 << blockLevels;
        bytes32[] memory nodes = new bytes32[](width);
        for (uint256 i = 0; i < values.length; ++i) nodes[i] = leaf(position * width + i, values[i]);
        while (width > 1) {
            width >>= 1;
            for (uint256 i = 0; i < width; ++i) {
                nodes[i] = Hashes.efficientKeccak256(nodes[2 * i], nodes[2 * i + 1]);
            }
        }
        return _climb(nodes[0], position, path);
    }

    /// @dev The ancestor of the node at `index` of its level that lies `path.length` levels above it.
    function _climb(bytes32 node, uint256 index, bytes32[] calldata path) private pure returns (bytes32) {
        // Per level: the bit of the index says which scratch word the node goes to, its sibling takes the other.
        assembly ("memory-safe") {
            for {
                let sibling := path.offset
                let end := add(sibling, shl(5, path.length))
            } lt(sibling, end) {
                sibling := add(sibling, 0x20)
            } {
                let side := shl(5, and(index, 1))
                mstore(side, node)
                mstore(xor(side, 0x20), calldataload(sibling))
                node := keccak256(0x00, 0x40)
                index := shr(1, index)
            }
        }
        return node;
    }
}
