// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MaskKey} from "../types/Federation.sol";
import {Bn254} from "./Bn254.sol";

/// @title RoundStatement
/// @notice The statements of a federation's rounds: order and meaning of their words.
/// @dev
///          round-accuracy  [context, modelCommitment, correct, federation, round, nullifier]
///          masked-update   [context, modelCommitment, weightFactor, maskedDigest, ownKey.x, ownKey.y, peersDigest, peerSet,
///                           federation, round]
///          aggregate       [context, factorSum, globalCommitment, vectorDigests ..]
library RoundStatement {
    /// @dev Words of the statements; an aggregate's are followed by the digests.
    uint256 internal constant SCORE_LENGTH = 6;
    uint256 internal constant MASK_LENGTH = 10;
    uint256 internal constant AGGREGATE_LENGTH = 3;

    /// @dev Separate the contexts of the proofs.
    bytes32 internal constant SCORE_PURPOSE = keccak256("zkpot.round-accuracy.v1");
    bytes32 internal constant MASK_PURPOSE = keccak256("zkpot.masked-update.v1");
    bytes32 internal constant AGGREGATE_PURPOSE = keccak256("zkpot.aggregate.v1");
    bytes32 internal constant GLOBAL_PURPOSE = keccak256("zkpot.global-accuracy.v1");

    /// @notice The word that names chain, contract and federation in nullifiers and masks.
    function federationWord(uint256 federationId) internal view returns (uint256) {
        bytes32 digest = keccak256(abi.encode(block.chainid, address(this), federationId));
        return uint256(digest) % Bn254.SCALAR_FIELD_ORDER;
    }

    /// @notice The statements "the model behind `modelCommitment` classifies at least `counts[i]` samples of shard i correctly,
    ///         and `nullifier` is its nullifier in the round", in a row, and the sum of the counts.
    function scores(
        uint256 context,
        uint256 modelCommitment,
        uint32[] calldata counts,
        uint256 federation,
        uint256 round,
        uint256 nullifier
    ) internal pure returns (uint256[] memory words, uint256 correct) {
        words = new uint256[](counts.length * SCORE_LENGTH);
        for (uint256 i = 0; i < counts.length; ++i) {
            uint256 first = i * SCORE_LENGTH;
            words[first] = context;
            words[first + 1] = modelCommitment;
            words[first + 2] = counts[i];
            words[first + 3] = federation;
            words[first + 4] = round;
            words[first + 5] = nullifier;
            correct += counts[i];
        }
    }

    /// @notice The first words of "the vector behind `vectorDigest` is the model behind `modelCommitment`, times `factor`, with
    ///         the masks that the owner of `key` has in this round"; the words from the seventh on say towards whom.
    function mask(
        uint256 context,
        uint256 modelCommitment,
        uint256 factor,
        uint256 vectorDigest,
        MaskKey memory key
    ) internal pure returns (uint256[] memory words) {
        words = new uint256[](MASK_LENGTH);
        words[0] = context;
        words[1] = modelCommitment;
        words[2] = factor;
        words[3] = vectorDigest;
        words[4] = key.x;
        words[5] = key.y;
    }

    /// @notice Completes the statement of a masked update.
    function setPeers(
        uint256[] memory words,
        uint256 rosterDigest,
        uint256 peerSet,
        uint256 federation,
        uint256 round
    ) internal pure {
        words[6] = rosterDigest;
        words[7] = peerSet;
        words[8] = federation;
        words[9] = round;
    }
}
