// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {G1Point} from "../types/Proof.sol";
import {OpenedWord, StepClaim} from "../types/Seal.sol";
import {Bn254} from "./Bn254.sol";
import {MerkleVector} from "./MerkleVector.sol";

/// @title Opening
/// @notice Openings of data points, place by place: what they hash to, and when a step of one is wrong.
/// @dev An opening is a Merkle vector of all words of a test set in a row, each with the sum of word times base up to it
///      within its shard.
library Opening {
    /// @dev Levels of a chunk's part of the tree.
    uint256 private constant CHUNK_LEVELS = 5;

    /// @notice Values of a chunk.
    uint256 internal constant CHUNK_WORDS = 1 << CHUNK_LEVELS;

    /// @notice What stands at a place of the vector: keccak256(word, x, y).
    function valueOf(OpenedWord calldata opened) internal pure returns (uint256 value) {
        assembly ("memory-safe") {
            let buffer := mload(0x40)
            calldatacopy(buffer, opened, 0x60)
            value := keccak256(buffer, 0x60)
        }
    }

    /// @notice What stands in the vector of bases for a point: keccak256(x, y).
    function baseValueOf(G1Point calldata base) internal pure returns (uint256) {
        return uint256(Hashes.efficientKeccak256(bytes32(base.x), bytes32(base.y)));
    }

    /// @notice Root of the opening of `levels` levels above the leaves that has a claim's values at its place.
    /// @param isFirst Whether the place begins a shard, so that nothing comes before it.
    function rootOf(StepClaim calldata claim, bool isFirst, uint256 levels) internal pure returns (bytes32) {
        uint256 value = valueOf(claim.current);
        if (isFirst) return MerkleVector.root(claim.index, value, levels, claim.openingPath);
        uint256 previous = valueOf(claim.previous);
        return MerkleVector.rootOfPair(claim.index - 1, previous, value, levels, claim.openingPath);
    }

    /// @notice Root of the opening of `levels` levels above the leaves that has `values` as its chunk.
    function rootOfChunk(
        uint256 chunk,
        OpenedWord[] calldata values,
        uint256 levels,
        bytes32[] calldata path
    ) internal pure returns (bytes32) {
        uint256[] memory hashes = new uint256[](values.length);
        for (uint256 i = 0; i < values.length; ++i) hashes[i] = valueOf(values[i]);
        return MerkleVector.rootOfBlock(chunk, hashes, Math.min(CHUNK_LEVELS, levels), levels, path);
    }

    /// @notice Whether the word is not below the scalar field order, a point is none, or the sum is not the one before it plus
    ///         word times base.
    /// @dev Malformed points are sorted out first, so the sum below always exists. A base that is none convicts, too: the
    ///      poster named the root of the bases, and no opening under it is right.
    function isWrong(StepClaim calldata claim, bool isFirst) internal view returns (bool) {
        uint256 word = claim.current.word;
        G1Point calldata after_ = claim.current.partialSum;
        G1Point calldata base = claim.base;
        if (word >= Bn254.SCALAR_FIELD_ORDER) return true;
        if (!_isPoint(after_) || !_isPoint(base) || (base.x | base.y) == 0) return true;
        G1Point memory sum;
        if (!isFirst) {
            if (!_isPoint(claim.previous.partialSum)) return true;
            sum = claim.previous.partialSum;
        }
        Bn254.addMultiple(sum, base.x, base.y, word);
        return sum.x != after_.x || sum.y != after_.y;
    }

    function _isPoint(G1Point calldata point) private view returns (bool) {
        return Bn254.isG1OrInfinity(point.x, point.y);
    }
}
