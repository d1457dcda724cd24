// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Bn254} from "../../../contracts/libraries/Bn254.sol";
import {MerkleVector} from "../../../contracts/libraries/MerkleVector.sol";
import {G1Point} from "../../../contracts/types/Proof.sol";
import {OpenedWord, StepClaim} from "../../../contracts/types/Seal.sol";

/// @notice Openings of one sealed shard: the right one, one with a wrong step, and one that ends at another point.
enum Revealed {
    Right,
    WrongStep,
    WrongEnd
}

/// @title SealedWords
/// @notice A sealed shard of the words 1, 2, 3 ..., every base being the generator, and its openings.
library SealedWords {
    /// @dev Two chunks, the second one short.
    uint256 internal constant WORDS = 34;
    uint256 internal constant CHUNKS = 2;

    uint256 private constant CHUNK_WORDS = 32;

    /// @notice The shard's data point.
    function dataPoint() internal view returns (G1Point memory point) {
        return opened(Revealed.Right, WORDS - 1).partialSum;
    }

    /// @notice Value `index` of an opening.
    function opened(Revealed kind, uint256 index) internal view returns (OpenedWord memory value) {
        bool isLast = index == WORDS - 1;
        uint256 sum = ((index + 1) * (index + 2)) / 2;
        value.word = index + 1;
        if (isLast && kind != Revealed.Right) ++value.word;
        if (isLast && kind == Revealed.WrongEnd) ++sum;
        Bn254.addMultiple(value.partialSum, 1, 2, sum);
    }

    /// @notice Root of an opening.
    function root(Revealed kind) internal view returns (bytes32) {
        return _openingNodes(kind)[1];
    }

    /// @notice Root of the vector of the bases.
    function basesRoot() internal pure returns (bytes32) {
        return _baseNodes()[1];
    }

    /// @notice Arguments that answer a demand for a chunk.
    function chunk(
        Revealed kind,
        uint256 number
    ) internal view returns (OpenedWord[] memory values, bytes32[] memory path) {
        uint256 first = number * CHUNK_WORDS;
        values = new OpenedWord[](number == 0 ? CHUNK_WORDS : WORDS - CHUNK_WORDS);
        for (uint256 i = 0; i < values.length; ++i) values[i] = opened(kind, first + i);
        bytes32[] memory nodes = _openingNodes(kind);
        path = new bytes32[](1);
        path[0] = nodes[3 - number];
    }

    /// @notice The claim that the step to the last word is wrong.
    function lastStep(Revealed kind) internal view returns (StepClaim memory claim) {
        claim.index = WORDS - 1;
        claim.previous = opened(kind, WORDS - 2);
        claim.current = opened(kind, WORDS - 1);
        bytes32[] memory nodes = _openingNodes(kind);
        // The last two words are siblings.
        claim.openingPath = _path(nodes, (nodes.length / 2 + WORDS - 1) / 2);
        claim.base = G1Point(1, 2);
        claim.basePath = _path(_baseNodes(), nodes.length / 2 + WORDS - 1);
    }

    /// @notice Value and path that show how an opening ends.
    function end(Revealed kind) internal view returns (OpenedWord memory last, bytes32[] memory path) {
        bytes32[] memory nodes = _openingNodes(kind);
        return (opened(kind, WORDS - 1), _path(nodes, nodes.length / 2 + WORDS - 1));
    }

    /// @dev Siblings from a node up.
    function _path(bytes32[] memory nodes, uint256 node) private pure returns (bytes32[] memory path) {
        uint256 length;
        for (uint256 i = node; i > 1; i /= 2) ++length;
        path = new bytes32[](length);
        for (uint256 i = 0; i < length; ++i) {
            path[i] = nodes[node ^ 1];
            node /= 2;
        }
    }

    function _openingNodes(Revealed kind) private view returns (bytes32[] memory) {
        uint256[] memory values = new uint256[](WORDS);
        for (uint256 i = 0; i < WORDS; ++i) {
            OpenedWord memory value = opened(kind, i);
            values[i] = uint256(keccak256(abi.encode(value.word, value.partialSum)));
        }
        return _nodes(values);
    }

    function _baseNodes() private pure returns (bytes32[] memory) {
        uint256[] memory values = new uint256[](WORDS);
        for (uint256 i = 0; i < WORDS; ++i) values[i] = uint256(keccak256(abi.encode(G1Point(1, 2))));
        return _nodes(values);
    }

    /// @dev The tree of a Merkle vector: node i has the children 2i and 2i + 1.
    function _nodes(uint256[] memory values) private pure returns (bytes32[] memory nodes) {
        uint256 width = 1 << MerkleVector.depth(values.length);
        nodes = new bytes32[](2 * width);
        for (uint256 i = 0; i < values.length; ++i) nodes[width + i] = MerkleVector.leaf(i, values[i]);
        for (uint256 i = width - 1; i > 0; --i) {
            nodes[i] = keccak256(abi.encode(nodes[2 * i], nodes[2 * i + 1]));
        }
    }
}
