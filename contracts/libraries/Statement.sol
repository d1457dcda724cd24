// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";

import {G1Point} from "../types/Proof.sol";
import {ShardCount} from "../types/Submission.sol";
import {StepAnswer} from "../types/Training.sol";
import {Bn254} from "./Bn254.sol";

/// @title Statement
/// @notice The order and the meaning of the words a proof is about: the only place that knows them.
/// @dev Public signals of every circuit: statement, challenges [alpha, rho], dataset block, committed block. The blocks
///      enter as the points `dataPoint` and `blockCommitment`; training circuits have no dataset block. Statements:
///
///          accuracy      [context, modelCommitment, correct]
///          train-init    [context, checkpoint 0, seed]
///          train-step    [context, checkpoint before, checkpoint after, batchCommitment, learningRateFactor]
///
///      Those of federations are in `RoundStatement`.
library Statement {
    /// @dev Words of the statement of an accuracy proof.
    uint256 internal constant ACCURACY_LENGTH = 3;

    /// @dev Separates the contexts of accuracy proofs from those of other statements.
    bytes32 internal constant ACCURACY_PURPOSE = keccak256("zkpot.accuracy.v1");

    /// @dev Words of the statements of training proofs.
    uint256 internal constant TRAIN_INIT_LENGTH = 3;
    uint256 internal constant TRAIN_STEP_LENGTH = 5;

    /// @dev Separate the contexts of training proofs.
    bytes32 internal constant TRAIN_INIT_PURPOSE = keccak256("zkpot.train-init.v1");
    bytes32 internal constant TRAIN_STEP_PURPOSE = keccak256("zkpot.train-step.v1");

    /// @dev Separates challenge seeds from every other hash.
    bytes32 internal constant CHALLENGE_DOMAIN = keccak256("zkpot.challenge.v1");

    /// @notice The statement word is not below the scalar field order, so that it would alias a smaller one.
    error StatementWordTooLarge(uint256 index, uint256 value);

    /// @notice The word that binds a proof to a chain, a market, a task, a round, a prover and a purpose.
    function context(
        address market,
        uint256 taskId,
        uint256 round,
        address prover,
        bytes32 purpose
    ) internal view returns (uint256) {
        bytes32 digest = keccak256(abi.encode(block.chainid, market, taskId, round, prover, purpose));
        return uint256(digest) % Bn254.SCALAR_FIELD_ORDER;
    }

    /// @notice The statements "the model behind `modelCommitment` classifies at least `correct` samples of the shard correctly",
    ///         in a row, in the order of the counts.
    function accuracies(
        uint256 context_,
        uint256 modelCommitment,
        ShardCount[] calldata counts
    ) internal pure returns (uint256[] memory words) {
        words = new uint256[](counts.length * ACCURACY_LENGTH);
        for (uint256 i = 0; i < counts.length; ++i) {
            uint256 first = i * ACCURACY_LENGTH;
            words[first] = context_;
            words[first + 1] = modelCommitment;
            words[first + 2] = counts[i].correct;
        }
    }

    /// @notice The statement "`checkpoint` commits to the initial weights drawn from `seed`", a field element.
    function trainInit(
        uint256 context_,
        uint256 checkpoint,
        uint256 seed
    ) internal pure returns (uint256[] memory words) {
        words = new uint256[](TRAIN_INIT_LENGTH);
        words[0] = context_;
        words[1] = checkpoint;
        words[2] = seed;
    }

    /// @notice Writes, as statement `index` of several in a row, "one step on the answer's batch leads from its first to its
    ///         second checkpoint".
    function setTrainStep(
        uint256[] memory words,
        uint256 index,
        uint256 context_,
        StepAnswer calldata answer,
        uint256 learningRateFactor
    ) internal pure {
        uint256 first = index * TRAIN_STEP_LENGTH;
        words[first] = context_;
        words[first + 1] = answer.checkpointBefore;
        words[first + 2] = answer.checkpointAfter;
        words[first + 3] = answer.batchCommitment;
        words[first + 4] = learningRateFactor;
    }

    /// @notice Reverts unless every word is below the scalar field order.
    function requireCanonical(uint256[] calldata words) internal pure {
        uint256 length = words.length;
        for (uint256 i = 0; i < length; ++i) {
            uint256 word = words[i];
            if (word >= Bn254.SCALAR_FIELD_ORDER) revert StatementWordTooLarge(i, word);
        }
    }

    /// @notice Digest of all that is fixed before the challenges are drawn.
    function challengeSeed(
        bytes32 keyId,
        uint256[] calldata words,
        G1Point memory dataPoint,
        G1Point calldata blockCommitment
    ) internal pure returns (bytes32 seed) {
        bytes32 domain = CHALLENGE_DOMAIN;
        // keccak256(domain, keyId, words, dataPoint, blockCommitment), hashed where it is put together.
        assembly ("memory-safe") {
            let buffer := mload(0x40)
            mstore(buffer, domain)
            mstore(add(buffer, 0x20), keyId)
            let next := add(buffer, 0x40)
            let size := shl(5, words.length)
            calldatacopy(next, words.offset, size)
            next := add(next, size)
            mcopy(next, dataPoint, 0x40)
            calldatacopy(add(next, 0x40), blockCommitment, 0x40)
            seed := keccak256(buffer, sub(add(next, 0x80), buffer))
        }
    }

    /// @notice The circuit's challenges, drawn from the seed.
    function challenges(bytes32 seed) internal pure returns (uint256 alpha, uint256 rho) {
        alpha = uint256(Hashes.efficientKeccak256(seed, bytes32(uint256(0)))) % Bn254.SCALAR_FIELD_ORDER;
        rho = uint256(Hashes.efficientKeccak256(seed, bytes32(uint256(1)))) % Bn254.SCALAR_FIELD_ORDER;
    }
}
