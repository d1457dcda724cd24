// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {G1Point, Proof} from "../types/Proof.sol";
import {ShardCount, Submission} from "../types/Submission.sol";
import {RewardSplit, Task, TaskSpec, TaskState} from "../types/Task.sol";
import {TaskRules} from "../types/TaskRules.sol";
import {ICircuitRegistry} from "./ICircuitRegistry.sol";
import {IStakeVault} from "./IStakeVault.sol";
import {ITaskMarketAdmin} from "./ITaskMarketAdmin.sol";

/// @title ITaskMarket
/// @notice Pays provers who show that a committed, private model classifies enough samples of a test set correctly.
///
/// Assumes
/// - Tokens move exactly what they are told to and do not change balances by themselves (no rebasing). Fee-on-transfer
///   tokens are refused when posting. A token that stops transferring strands only what was posted in it.
/// - The poster's `dataPoints` belong to the published data: provers recompute them before they stake anything, unless the
///   test set is sealed.
/// - The key's circuit states [context, modelCommitment, correct] and counts the samples behind one data point.
/// - The key's toxic waste is unknown. Warning: a poster who made the key alone can forge a proof and win its own task, so
///   provers check the key's transcript before they stake anything.
/// - The contracts behind a task's rules are what they claim to be. Warning: the poster names them; the training audit
///   decides who is slashed in the poster's favour, the assignment who may commit, the seal when proofs are accepted. So
///   provers commit only to tasks whose contracts they know. None of them can keep a task from ending.
/// - Block timestamps are right to within seconds.
/// - One person can be many provers: shares of a pro-rata task are per account, not per person.
///
/// Guarantees
/// - There is no upgrade, and the owner reaches no task (see `ITaskMarketAdmin`): money leaves only by `withdraw`, to the
///   account it was credited to.
/// - Per token, the market holds at least the open escrow and the credits; a task pays out its reward, never more.
/// - A proof counts only for the prover, task, shard, market and chain it was made for, and only once.
/// - Every task ends: after its deadlines anybody can settle or expire it, and release or slash the stake of every prover.
///   A prover that misses the threshold or the prove deadline loses gas, never stake.
/// - Where training proof is asked for, only provers whose audit passed can prove. One that committed and fails its audit
///   loses its stake, half burned and half to the poster; nobody else can be slashed.
/// - From a seal's reveal on, nothing but the prove deadline and the winners before it keeps a prover from its reward.
///
/// States (any other call reverts with `TaskMarketWrongState`):
///
///     from       to         by      when
///     None       Posted     post
///     Posted     Committed  commit  first commitment, not after commitDeadline
///     Posted     Cancelled  cancel  poster only, unless the assignment says that somebody works on it
///     Posted     Expired    expire  after commitDeadline: nobody committed
///     Committed  Proven     prove   first accepted proof of all shards, not after proveDeadline
///     Committed  Expired    expire  after proveDeadline, or once the seal is forfeited unrevealed: nobody proved
///     Proven     Settled    prove   first valid: the last of `winners`, in the same call
///     Proven     Settled    settle  after proveDeadline, or once nobody can commit any more and all committed proved
///
/// `commit` and `prove` are accepted in Committed and Proven without a change of state. Nobody can commit any more after
/// commitDeadline and when `maxProvers` have. Settled, Cancelled and Expired are final.
///
/// Rewards: a first-valid task pays each of its first `winners` provers `rewardWei / winners` with its proof; what is left
/// at settlement is the poster's. A best-score task pays the highest count, the earliest of equals. A pro-rata task pays by
/// `claim`. All divisions round down, and the remainder is the poster's. The fee is part of what a winner is paid.
///
/// Where training proof is asked for, provers commit with `commitWithTrace`, and their stake stays locked until the audit
/// has passed, whatever becomes of the task.
///
/// One proof per prover and shard: an accepted proof is not replaced, so a prover submits its best. Shards are proved in any
/// order and in any number of calls; the counts add up.
///
/// Model commitments need not differ between provers: if they had to, an observer could block a prover by committing
/// its value first. A copied commitment earns nothing without the model behind it.
interface ITaskMarket is ITaskMarketAdmin {
    /* EVENTS */

    /// @notice A task was posted and its reward escrowed.
    event TaskPosted(uint256 indexed taskId, address indexed poster, bytes32 indexed keyId, TaskSpec spec);
    /// @notice Contracts decide about a task; zero where it has no such rule. Their terms are in their own events.
    event TaskRulesSet(
        uint256 indexed taskId,
        address indexed assignment,
        address indexed seal,
        address trainingAudit
    );
    /// @notice The assignment of a task lowered its reward; the difference was credited to the poster.
    event RewardLowered(uint256 indexed taskId, uint256 rewardWei);
    /// @notice A prover committed to its model; `lockId` is its lock in the vault, zero without stake.
    event ModelCommitted(
        uint256 indexed taskId,
        address indexed prover,
        uint256 modelCommitment,
        uint256 lockId
    );
    /// @notice Proofs of some shards were accepted: all that the prover has proved by now, bit i for shard i, and the sum of
    ///         its counts.
    event ShardsProven(uint256 indexed taskId, address indexed prover, uint64 provenShards, uint256 correct);
    /// @notice A prover has proved all shards; `correct` is the sum of its counts.
    event ProofAccepted(uint256 indexed taskId, address indexed prover, uint256 correct);
    /// @notice A task was settled; `winner` is zero where several share the reward.
    event TaskSettled(uint256 indexed taskId, RewardSplit split, address indexed winner, uint256 totalWeight);
    /// @notice A task was cancelled by its poster and the reward credited back.
    event TaskCancelled(uint256 indexed taskId);
    /// @notice A task expired without an accepted proof and the reward was credited back.
    event TaskExpired(uint256 indexed taskId);
    /// @notice The pro-rata share of a prover was claimed, the fee included.
    event RewardClaimed(uint256 indexed taskId, address indexed prover, uint256 amountWei);
    /// @notice Part of a task's reward became `account`'s, to be withdrawn: a prover's, the poster's or the fee recipient's.
    event RewardCredited(
        uint256 indexed taskId,
        address indexed account,
        address indexed token,
        uint256 amountWei
    );
    /// @notice The stake of a prover was released in the vault.
    event ProverStakeReleased(uint256 indexed taskId, address indexed prover, uint256 lockId);
    /// @notice The stake of a prover that failed its audit was slashed.
    event ProverStakeSlashed(
        uint256 indexed taskId,
        address indexed prover,
        uint256 lockId,
        uint256 amountWei
    );
    /// @notice A credit was paid out.
    event CreditWithdrawn(address indexed account, address indexed token, uint256 amountWei);

    /* ERRORS */

    /// @notice The reward, or a winner's part of it, is zero.
    error TaskMarketZeroReward();
    /// @notice Training proof is asked for, but no stake that could be slashed.
    error TaskMarketZeroStake();
    /// @notice The native coin sent is not the reward (zero for ERC-20 rewards).
    error TaskMarketValueMismatch(uint256 sentWei, uint256 requiredWei);
    /// @notice The token credited another amount than was transferred.
    error TaskMarketTransferMismatch(address token, uint256 receivedWei, uint256 requiredWei);
    /// @notice The registry has no such key.
    error TaskMarketUnknownKey(bytes32 keyId);
    /// @notice The key's statement is not the one of an accuracy proof.
    error TaskMarketStatementLength(bytes32 keyId, uint256 length, uint256 required);
    /// @notice No shard, or too many.
    error TaskMarketInvalidShardCount(uint256 shardCount, uint256 limit);
    /// @notice `minCorrect` is zero or above `sampleCount`.
    error TaskMarketInvalidThreshold(uint256 minCorrect, uint256 sampleCount);
    /// @notice The commit deadline is not in the future.
    error TaskMarketInvalidCommitDeadline(uint256 commitDeadline, uint256 timestamp);
    /// @notice The prove deadline is not after the commit deadline, or beyond `MAX_TASK_SECONDS` from now.
    error TaskMarketInvalidProveDeadline(uint256 proveDeadline, uint256 commitDeadline, uint256 latest);
    /// @notice No prover or too many provers allowed.
    error TaskMarketInvalidMaxProvers(uint256 maxProvers, uint256 limit);
    /// @notice No winner, or more than provers may commit, or than one where the split is not first valid.
    error TaskMarketInvalidWinners(uint256 winners, uint256 limit);
    /// @notice The value is not below the scalar field order.
    error TaskMarketNotInField(uint256 value);
    /// @notice The model commitment is zero.
    error TaskMarketZeroCommitment();
    /// @notice The task is in another state than the call needs.
    error TaskMarketWrongState(uint256 taskId, TaskState state);
    /// @notice The caller did not post the task.
    error TaskMarketNotPoster(uint256 taskId, address caller, address poster);
    /// @notice The assignment says that somebody works on the task already.
    error TaskMarketTaken(uint256 taskId);
    /// @notice The caller is not the task's assignment.
    error TaskMarketNotAssignment(uint256 taskId, address caller, address assignment);
    /// @notice The reward can only be lowered.
    error TaskMarketRewardTooHigh(uint256 taskId, uint256 rewardWei, uint256 limitWei);
    /// @notice The task's assignment does not let the prover commit now.
    error TaskMarketNotAssigned(uint256 taskId, address prover);
    /// @notice The task's seal accepts no proofs now: its test set is not revealed.
    error TaskMarketNotRevealed(uint256 taskId);
    /// @notice The deadline has passed.
    error TaskMarketDeadlinePassed(uint256 taskId, uint256 deadline, uint256 timestamp);
    /// @notice The deadline has not passed.
    error TaskMarketDeadlineNotPassed(uint256 taskId, uint256 deadline, uint256 timestamp);
    /// @notice As many provers as allowed have committed.
    error TaskMarketFull(uint256 taskId, uint256 maxProvers);
    /// @notice The prover has committed before.
    error TaskMarketAlreadyCommitted(uint256 taskId, address prover);
    /// @notice The prover has not committed.
    error TaskMarketNotCommitted(uint256 taskId, address prover);
    /// @notice The test set has no such shard.
    error TaskMarketUnknownShard(uint256 taskId, uint256 shard, uint256 shardCount);
    /// @notice The prover has proved this shard before, or twice in this call.
    error TaskMarketShardProven(uint256 taskId, address prover, uint256 shard);
    /// @notice The prover has proved all shards before.
    error TaskMarketAlreadyProven(uint256 taskId, address prover);
    /// @notice The task asks for training proof: commitments need a trace.
    error TaskMarketTraceRequired(uint256 taskId);
    /// @notice The task asks for no training proof.
    error TaskMarketNoTrainingAudit(uint256 taskId);
    /// @notice The prover has not passed the audit of its training run.
    error TaskMarketAuditNotPassed(uint256 taskId, address prover);
    /// @notice The prover has not failed an audit.
    error TaskMarketAuditNotFailed(uint256 taskId, address prover);
    /// @notice The sum of the counts is below the threshold.
    error TaskMarketBelowThreshold(uint256 taskId, uint256 correct, uint256 minCorrect);
    /// @notice The sum of the counts exceeds the samples of the test set.
    error TaskMarketCountTooLarge(uint256 taskId, uint256 correct, uint256 sampleCount);
    /// @notice The proofs are well formed and not all of them show their statements.
    error TaskMarketInvalidProof(uint256 taskId, address prover);
    /// @notice The task's reward is not claimed by shares.
    error TaskMarketNotProRata(uint256 taskId, RewardSplit split);
    /// @notice The prover has no accepted proof in this task, or has claimed its share.
    error TaskMarketNothingToClaim(uint256 taskId, address prover);
    /// @notice The prover has not proved, and the task is open or asks it for answers: its stake stays locked.
    error TaskMarketStakeInUse(uint256 taskId, address prover);
    /// @notice The prover has no stake locked for this task.
    error TaskMarketNoStakeLocked(uint256 taskId, address prover);
    /// @notice There is no credit to pay out.
    error TaskMarketNothingToWithdraw(address account, address token);

    /* POSTER ACTIONS */

    /// @notice Posts a task and escrows its reward: the value sent, or an ERC-20 transfer from the caller.
    /// @return taskId Identifier of the task, counted from 1.
    function post(TaskSpec calldata spec) external payable returns (uint256 taskId);

    /// @notice `post` for a task about which other contracts decide, too. Training proof needs a stake.
    /// @param rules The zero address leaves a rule out; its terms are not read.
    /// @return taskId Identifier of the task, counted from 1.
    function postWithRules(
        TaskSpec calldata spec,
        TaskRules calldata rules
    ) external payable returns (uint256 taskId);

    /// @notice Takes back a task that nobody works on; the reward is credited to the poster.
    function cancel(uint256 taskId) external;

    /* PROVER ACTIONS */

    /// @notice Commits the caller to a model and locks its stake, which needs its consent in the vault.
    function commit(uint256 taskId, uint256 modelCommitment) external;

    /// @notice `commit` for a task that asks for training proof: also commits the caller to the trace of its run, whose seed
    ///         must have been drawn in the audit contract.
    function commitWithTrace(uint256 taskId, uint256 modelCommitment, bytes32 traceRoot) external;

    /// @notice Hands in proofs that the caller's committed model classifies at least so many samples of each of some shards
    ///         correctly. The call that completes the shards must bring the sum to the threshold.
    /// @param counts Shards not proved before, in any order.
    /// @param proofs One for each count.
    /// @dev Claiming fewer than achieved is allowed. Malformed points, and more or fewer proofs than counts, revert with the
    ///      registry's errors.
    function prove(uint256 taskId, ShardCount[] calldata counts, Proof[] calldata proofs) external;

    /// @notice Pays the caller all it has been credited in `token`.
    function withdraw(address token) external;

    /* ASSIGNMENT ACTIONS */

    /// @notice Lowers the reward of a task that nobody has committed to; the difference is credited to the poster. Only for
    ///         the task's assignment.
    /// @param rewardWei Not above the present reward, and at least one unit for each winner.
    function lowerReward(uint256 taskId, uint256 rewardWei) external;

    /* ANYBODY'S ACTIONS */

    /// @notice Settles a task with accepted proofs (table above).
    /// @dev The parts of a first-valid reward that nobody earned are credited to the poster.
    function settle(uint256 taskId) external;

    /// @notice Ends a task without accepted proof (table above) and credits the reward to the poster.
    function expire(uint256 taskId) external;

    /// @notice Credits a prover its share of a settled pro-rata task: `rewardWei * weight / totalWeight`, rounded down.
    /// @dev The last claim credits the remainder of the division to the poster.
    function claim(uint256 taskId, address prover) external;

    /// @notice Releases the stake of a prover that has proved, or once the task has ended or its seal is forfeited. Where
    ///         training proof is asked for, the prover must have passed its audit.
    function releaseStake(uint256 taskId, address prover) external;

    /// @notice Slashes the whole stake of a prover that failed its audit: half is burned, half credited to the poster in the
    ///         vault.
    function slashStake(uint256 taskId, address prover) external;

    /* VIEWS */

    /// @notice The account that may call what is in `ITaskMarketAdmin`.
    function owner() external view returns (address);

    /// @notice Whether new tasks and new locks are stopped.
    function paused() external view returns (bool);

    /// @notice Latest prove deadline, in seconds from posting.
    function MAX_TASK_SECONDS() external view returns (uint256);

    /// @notice Most provers a task may allow.
    function MAX_PROVERS() external view returns (uint256);

    /// @notice Most shards a test set may have.
    function MAX_SHARDS() external view returns (uint256);

    /// @notice Where proofs are checked.
    function registry() external view returns (ICircuitRegistry);

    /// @notice Where stake is held.
    function vault() external view returns (IStakeVault);

    /// @notice Tasks posted so far: ids run from 1 to this.
    function taskCount() external view returns (uint256);

    /// @notice A task; all zero if it does not exist.
    function task(uint256 taskId) external view returns (Task memory);

    /// @notice The data points of a task's test set, one per shard; none if the task does not exist.
    function dataPointsOf(uint256 taskId) external view returns (G1Point[] memory);

    /// @notice What a prover handed in; all zero if nothing.
    function submission(uint256 taskId, address prover) external view returns (Submission memory);

    /// @notice How many provers have committed.
    function proverCount(uint256 taskId) external view returns (uint256);

    /// @notice What an account can withdraw.
    function creditOf(address account, address token) external view returns (uint256);

    /// @notice First statement word of a prover's proofs for a task: binds chain, market, task and prover. The shard is bound
    ///         by its data point.
    function proofContext(uint256 taskId, address prover) external view returns (uint256);
}
