// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Proof} from "../types/Proof.sol";
import {StepAnswer, TrainingRun, TrainingTerms} from "../types/Training.sol";
import {IBlockDraw} from "./IBlockDraw.sol";
import {ICircuitRegistry} from "./ICircuitRegistry.sol";
import {ITaskMarket} from "./ITaskMarket.sol";

/// @title ITrainingAudit
/// @notice Decides whether a prover trained the model it committed to, from a seed it could not choose: it answers for stages
///         drawn at random with proofs. It moves no money: the market asks it who passed and who failed.
///
/// Assumes
/// - The keys' circuits state [context, checkpoint 0, seed] and [context, checkpoint before, checkpoint after, batch
///   commitment, learning-rate factor] for the task's rule and architecture, and their toxic waste is unknown.
/// - Nobody controls the hash of a block that lies `DRAW_DELAY_BLOCKS` ahead. Warning: its builder can choose among the hashes
///   of many contents, and its proposer may discard one draw by proposing none; a reorganisation of more than `DRAW_DELAY_BLOCKS`
///   blocks may undo a commitment whose challenge is known.
/// - Somebody who minds (the poster, say) draws within 256 blocks; else a prover may wait for the next draw (`BlockDraw`).
/// - Block timestamps are right to within seconds.
///
/// Guarantees
/// - There is no owner, no pause and no upgrade; terms never change after posting.
/// - A run passes only if, in its trace, checkpoint 0 is the initialisation from its seed, the last checkpoint is the model
///   committed to in the market, and each step asked for leads from a checkpoint to the next on the batch its seed
///   prescribes, out of those registered before the seed was drawn, with the learning rate of the schedule.
/// - With `bad` of `T` steps faked, none of them first or last, a run passes with probability C(T - bad, a) / C(T, a) for a
///   drawn steps; with the initialisation, the first or the last step faked, never.
/// - Trace and batches are vector commitments (`MerkleVector`): no index can be answered with two values.
/// - A run that passed never fails, and one that failed never passes. No answer is accepted after the deadline.
///
/// Life of a run (any other order reverts):
///
///     register       prover    fixes the batches
///     drawSeed       anybody   after `DRAW_DELAY_BLOCKS`: seed from a block hash
///     begin          market    the prover's commitment: fixes the trace
///     drawChallenge  anybody   after `DRAW_DELAY_BLOCKS`: steps asked for, from a block hash
///     answer...      prover    initialisation and steps, in any order and grouping, not after `answerDeadline`
interface ITrainingAudit is IBlockDraw {
    /* EVENTS */

    /// @notice A task with training proof was posted.
    event AuditOpened(uint256 indexed taskId, TrainingTerms terms);
    /// @notice A prover registered its batches; the seed comes from `seedBlock` or by rule from a later block.
    event BatchesRegistered(
        uint256 indexed taskId,
        address indexed prover,
        bytes32 batchRoot,
        uint256 batchCount,
        uint256 seedBlock
    );
    /// @notice The seed of a run was drawn from the hash of `blockNumber`.
    event SeedDrawn(uint256 indexed taskId, address indexed prover, bytes32 seed, uint256 blockNumber);
    /// @notice A prover committed to its trace; the challenge comes from `challengeBlock` or by rule from a later block.
    event TraceCommitted(
        uint256 indexed taskId,
        address indexed prover,
        bytes32 traceRoot,
        uint256 challengeBlock
    );
    /// @notice The steps asked for were drawn from the hash of `blockNumber`.
    event ChallengeDrawn(
        uint256 indexed taskId,
        address indexed prover,
        bytes32 challengeSeed,
        uint256 blockNumber
    );
    /// @notice The initialisation was answered.
    event InitAnswered(uint256 indexed taskId, address indexed prover);
    /// @notice Steps were answered.
    event StepsAnswered(uint256 indexed taskId, address indexed prover, uint256[] steps);
    /// @notice Everything asked for was answered.
    event AuditPassed(uint256 indexed taskId, address indexed prover);

    /* ERRORS */

    /// @notice The market's address is zero.
    error TrainingAuditZeroAddress();
    /// @notice The caller is not the market.
    error TrainingAuditNotMarket(address caller);
    /// @notice The key's statement is not the one of its circuit.
    error TrainingAuditStatementLength(bytes32 keyId, uint256 length, uint256 required);
    /// @notice No epoch, or no batch asked for.
    error TrainingAuditNoSteps();
    /// @notice The learning rate never halves, or starts above 2^`MAX_LEARNING_RATE_EXPONENT`.
    error TrainingAuditInvalidSchedule(uint256 learningRateExponent, uint256 halvingSteps);
    /// @notice No step, or more steps to draw than allowed or than the shortest run has.
    error TrainingAuditInvalidDrawnSteps(uint256 drawnSteps, uint256 limit);
    /// @notice The answer deadline leaves less than `MIN_ANSWER_SECONDS` after the last commitment, or is later than proofs.
    error TrainingAuditInvalidAnswerDeadline(uint256 answerDeadline, uint256 earliest, uint256 latest);
    /// @notice The task has no audit here.
    error TrainingAuditUnknownTask(uint256 taskId);
    /// @notice The prover registered before.
    error TrainingAuditAlreadyRegistered(uint256 taskId, address prover);
    /// @notice Fewer batches than the task asks for, or so many that a run has more than `MAX_STEPS`.
    error TrainingAuditInvalidBatchCount(uint256 batchCount, uint256 min, uint256 max);
    /// @notice The prover has not registered.
    error TrainingAuditNotRegistered(uint256 taskId, address prover);
    /// @notice The seed was drawn before.
    error TrainingAuditSeedDrawn(uint256 taskId, address prover);
    /// @notice The seed is not drawn yet.
    error TrainingAuditSeedNotDrawn(uint256 taskId, address prover);
    /// @notice The prover has not committed to a trace.
    error TrainingAuditNotCommitted(uint256 taskId, address prover);
    /// @notice The challenge was drawn before.
    error TrainingAuditChallengeDrawn(uint256 taskId, address prover);
    /// @notice The challenge is not drawn yet.
    error TrainingAuditChallengeNotDrawn(uint256 taskId, address prover);
    /// @notice The answer deadline has passed.
    error TrainingAuditDeadlinePassed(uint256 taskId, uint256 deadline, uint256 timestamp);
    /// @notice The call answers for no step.
    error TrainingAuditNoAnswers();
    /// @notice There are more or fewer proofs than answers.
    error TrainingAuditProofCount(uint256 proofs, uint256 answers);
    /// @notice The challenge does not ask for this step.
    error TrainingAuditStepNotChallenged(uint256 taskId, address prover, uint256 step);
    /// @notice The initialisation was answered before.
    error TrainingAuditInitAnswered(uint256 taskId, address prover);
    /// @notice The step was answered before.
    error TrainingAuditStepAnswered(uint256 taskId, address prover, uint256 step);
    /// @notice The checkpoints are not those of the committed trace at this step.
    error TrainingAuditNotInTrace(uint256 taskId, address prover, uint256 step);
    /// @notice The batch is not the registered one that the seed prescribes for this step.
    error TrainingAuditNotTheBatch(uint256 taskId, address prover, uint256 step, uint256 batchIndex);
    /// @notice The last checkpoint is not the model committed to in the market.
    error TrainingAuditNotTheModel(
        uint256 taskId,
        address prover,
        uint256 checkpoint,
        uint256 modelCommitment
    );
    /// @notice Some proof is well formed and does not show its statement.
    error TrainingAuditInvalidProof(uint256 taskId, address prover);

    /* MARKET ACTIONS */

    /// @notice Fixes the terms of a task that is being posted.
    function open(
        uint256 taskId,
        uint256 commitDeadline,
        uint256 proveDeadline,
        TrainingTerms calldata terms
    ) external;

    /// @notice Fixes the trace of a prover that is committing to its model.
    function begin(uint256 taskId, address prover, bytes32 traceRoot) external;

    /* PROVER ACTIONS */

    /// @notice Registers the caller's batches: the root over their commitments (`MerkleVector`) and their number; once.
    function register(uint256 taskId, bytes32 batchRoot, uint256 batchCount) external;

    /// @notice Answers for the initialisation.
    /// @param checkpoint Commitment to the initial weights.
    /// @param tracePath Path of checkpoint 0 in the trace (`MerkleVector`).
    /// @param proof Proof under the initialisation key.
    function answerInit(
        uint256 taskId,
        uint256 checkpoint,
        bytes32[] calldata tracePath,
        Proof calldata proof
    ) external;

    /// @notice Answers for steps, all proofs in one check.
    /// @param answers At least one.
    /// @param proofs Proofs under the step key, in the order of the answers.
    function answerSteps(uint256 taskId, StepAnswer[] calldata answers, Proof[] calldata proofs) external;

    /* ANYBODY'S ACTIONS */

    /// @notice Draws the seed of a run.
    function drawSeed(uint256 taskId, address prover) external;

    /// @notice Draws the steps that a committed prover must answer for.
    function drawChallenge(uint256 taskId, address prover) external;

    /* VIEWS */

    /// @notice Whether everything asked of the prover was answered.
    function hasPassed(uint256 taskId, address prover) external view returns (bool);

    /// @notice Whether the prover committed and did not answer everything in time.
    function hasFailed(uint256 taskId, address prover) external view returns (bool);

    /// @notice The terms of a task; all zero without an audit here.
    function terms(uint256 taskId) external view returns (TrainingTerms memory);

    /// @notice A prover's run; all zero without one.
    function run(uint256 taskId, address prover) external view returns (TrainingRun memory);

    /// @notice Steps of a registered run: epochs times batches.
    function stepCount(uint256 taskId, address prover) external view returns (uint256);

    /// @notice The steps a prover must answer for besides the initialisation; entry i has bit 1 + i of `answered`.
    function challengedSteps(uint256 taskId, address prover) external view returns (uint256[] memory);

    /// @notice Index of the batch that the seed prescribes for a step of a run whose seed is drawn.
    function batchIndexAt(uint256 taskId, address prover, uint256 step) external view returns (uint256);

    /// @notice The learning-rate factor of a step.
    function learningRateFactorAt(uint256 taskId, uint256 step) external view returns (uint256);

    /// @notice First statement word of the proof of a prover's initialisation.
    function initContext(uint256 taskId, address prover) external view returns (uint256);

    /// @notice First statement word of the proof of a prover's step.
    function stepContext(uint256 taskId, address prover, uint256 step) external view returns (uint256);

    /// @notice The market whose tasks are audited.
    function market() external view returns (ITaskMarket);

    /// @notice Where proofs are checked: the market's registry.
    function registry() external view returns (ICircuitRegistry);

    /// @notice Blocks between an action and the block whose hash answers it.
    function DRAW_DELAY_BLOCKS() external view returns (uint256);

    /// @notice Most steps drawn at random.
    function MAX_DRAWN_STEPS() external view returns (uint256);

    /// @notice Most steps of a run.
    function MAX_STEPS() external view returns (uint256);

    /// @notice Largest binary logarithm of a learning-rate factor.
    function MAX_LEARNING_RATE_EXPONENT() external view returns (uint256);

    /// @notice Least time between the commit deadline and the answer deadline.
    function MIN_ANSWER_SECONDS() external view returns (uint256);
}
