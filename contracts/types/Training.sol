// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

using TrainingLib for TrainingTerms global;
using TrainingLib for TrainingRun global;

/// @notice What a task asks of a training run and of its audit; fixed when the task is posted.
struct TrainingTerms {
    // Slot 0
    /// @dev Verifying key of the initialisation circuit; its statement must have three words.
    bytes32 initKeyId;
    // Slot 1
    /// @dev Verifying key of the step circuit; its statement must have five words.
    bytes32 stepKeyId;
    // Slot 2
    /// @dev Hash of the training rule, tables and schedule, as the task document states them; part of every run's seed.
    bytes32 ruleHash;
    // Slot 3
    /// @dev Times a run goes through all its batches.
    uint32 epochs;
    /// @dev Least number of batches a prover may register.
    uint32 minBatches;
    /// @dev Steps between two halvings of the learning rate.
    uint32 halvingSteps;
    /// @dev Binary logarithm of the learning-rate factor of the first steps.
    uint8 learningRateExponent;
    /// @dev Steps drawn at random, besides the initialisation, the first and the last step.
    uint16 drawnSteps;
    /// @dev Last timestamp at which answers are accepted.
    uint48 answerDeadline;
}

/// @notice One prover's training run for one task.
/// @dev register -> drawSeed -> begin (its commitment in the market) -> drawChallenge -> answers -> passed
struct TrainingRun {
    // Slot 0
    /// @dev Root over the batch commitments, fixed before the seed.
    bytes32 batchRoot;
    // Slot 1
    /// @dev Fixes initial weights and batch order; zero until drawn.
    bytes32 seed;
    // Slot 2
    /// @dev Root over the checkpoints 0..T; zero until the prover committed.
    bytes32 traceRoot;
    // Slot 3
    /// @dev Fixes the steps asked for; zero until drawn.
    bytes32 challengeSeed;
    // Slot 4
    /// @dev Batches of the training data; zero until registered.
    uint32 batchCount;
    /// @dev First block whose hash may give the seed.
    uint48 seedBlock;
    /// @dev First block whose hash may give the challenge seed; zero until the prover committed.
    uint48 challengeBlock;
    /// @dev Bit 0 for the initialisation, bit 1 + i for entry i of the challenged steps.
    uint96 answered;
    /// @dev Whether every stage asked for was answered in time.
    bool passed;
}

/// @notice The answer to the challenge of one step, but for the proof.
struct StepAnswer {
    /// @dev Number of the step, from 0.
    uint256 step;
    /// @dev Commitments to the weights before and after the step.
    uint256 checkpointBefore;
    uint256 checkpointAfter;
    /// @dev Commitment to the step's batch.
    uint256 batchCommitment;
    /// @dev Path of the two checkpoints in the trace, as in `MerkleVector.rootOfPair`.
    bytes32[] tracePath;
    /// @dev Path of the batch commitment among the batches.
    bytes32[] batchPath;
}

/// @title TrainingLib
/// @notice What terms and runs imply.
library TrainingLib {
    /// @notice Steps of a run with `batchCount` batches: T.
    function stepCount(TrainingTerms storage self, uint256 batchCount) internal view returns (uint256) {
        return self.epochs * batchCount;
    }

    /// @notice The value of `answered` when all of `steps` challenged steps and the initialisation are answered.
    function allAnswered(uint256 steps) internal pure returns (uint256) {
        return (1 << (1 + steps)) - 1;
    }

    /// @notice Whether the prover committed and let the deadline pass before it had answered everything.
    function hasFailed(TrainingRun storage self, uint256 answerDeadline) internal view returns (bool) {
        return self.challengeBlock != 0 && !self.passed && block.timestamp > answerDeadline;
    }
}
