// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Proof} from "../types/Proof.sol";
import {Submission} from "../types/Submission.sol";
import {RewardSplit, Task, TaskSpec, TaskState} from "../types/Task.sol";
import {TrainingTerms} from "../types/Training.sol";
import {ICircuitRegistry} from "./ICircuitRegistry.sol";
import {IStakeVault} from "./IStakeVault.sol";
import {ITrainingAudit} from "./ITrainingAudit.sol";

/// @title ITaskMarket
/// @notice Pays provers who show that a committed, private model classifies enough samples of a public test set correctly.
///
/// Assumes
/// - Tokens move exactly what they are told to and do not change balances by themselves (no rebasing). Fee-on-transfer
///   tokens are refused when posting. A token that stops transferring strands only what was posted in it.
/// - The poster's `dataPoint` belongs to the published data: provers recompute it before they stake anything.
/// - The key's circuit states [context, modelCommitment, correct] and counts the samples behind `dataPoint`.
/// - The key's toxic waste is unknown. Warning: a poster who made the key alone can forge a proof and win its own task, so
///   provers check the key's transcript before they stake anything.
/// - A task's training audit is the contract it claims to be. Warning: the poster names it, and it decides who is slashed in
///   the poster's favour, so provers commit only to tasks whose audit contract they know.
/// - Block timestamps are right to within seconds.
/// - One person can be many provers: shares of a pro-rata task are per account, not per person.
///
/// Guarantees
/// - There is no owner, no pause and no upgrade: money leaves only by `withdraw`, to the account it was credited to.
/// - Per token, the market holds at least the open escrow and the credits; a task pays out its reward, never more.
/// - A proof counts only for the prover, task, market and chain it was made for, and only once.
/// - Every task ends: after its deadlines anybody can settle or expire it, and release or slash the stake of every prover.
///   A prover that misses the threshold or the prove deadline loses gas, never stake.
/// - Where training proof is asked for, only provers whose audit passed can prove. One that committed and fails its audit
///   loses its stake, half burned and half to the poster; nobody else can be slashed.
///
/// States (any other call reverts with `TaskMarketWrongState`):
///
///     from       to         by      when
///     None       Posted     post
///     Posted     Committed  commit  first commitment, not after commitDeadline
///     Posted     Cancelled  cancel  poster only
///     Posted     Expired    expire  after commitDeadline: nobody committed
///     Committed  Settled    prove   first valid: first accepted proof, not after proveDeadline
///     Committed  Proven     prove   other splits: first accepted proof, not after proveDeadline
///     Committed  Expired    expire  after proveDeadline: nobody proved
///     Proven     Settled    settle  after proveDeadline, or once nobody can commit any more and all committed proved
///
/// `commit` and `prove` are accepted in Committed and Proven without a change of state. Nobody can commit any more after
/// commitDeadline and when `maxProvers` have. Settled, Cancelled and Expired are final.
///
/// Where training proof is asked for, provers commit with `commitWithTrace`, and their stake stays locked until the audit
/// has passed, whatever becomes of the task.
///
/// One proof per prover: an accepted proof is not replaced, so a prover submits its best.
///
/// Model commitments need not differ between provers: if they had to, an observer could block a prover by committing
/// its value first. A copied commitment earns nothing without the model behind it.
interface ITaskMarket {
    /* EVENTS */

    /// @notice A task was posted and its reward escrowed.
    event TaskPosted(uint256 indexed taskId, address indexed poster, bytes32 indexed keyId, TaskSpec spec);
    /// @notice A prover committed to its model; `lockId` is its lock in the vault, zero without stake.
    event ModelCommitted(
        uint256 indexed taskId,
        address indexed prover,
        uint256 modelCommitment,
        uint256 lockId
    );
    /// @notice A proof was accepted.
    event ProofAccepted(uint256 indexed taskId, address indexed prover, uint256 correct);
    /// @notice A task was settled; `winner` is zero and the reward is claimed by shares when the split is pro rata.
    event TaskSettled(uint256 indexed taskId, RewardSplit split, address indexed winner, uint256 totalWeight);
    /// @notice A task was cancelled by its poster and the reward credited back.
    event TaskCancelled(uint256 indexed taskId);
    /// @notice A task expired without an accepted proof and the reward was credited back.
    event TaskExpired(uint256 indexed taskId);
    /// @notice The pro-rata share of a prover was claimed.
    event RewardClaimed(uint256 indexed taskId, address indexed prover, uint256 amountWei);
    /// @notice Part of a task's reward became `account`'s, to be withdrawn.
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

    /// @notice The address is zero.
    error TaskMarketZeroAddress();
    /// @notice The reward is zero.
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
    /// @notice `minCorrect` is zero or above `sampleCount`.
    error TaskMarketInvalidThreshold(uint256 minCorrect, uint256 sampleCount);
    /// @notice The commit deadline is not in the future.
    error TaskMarketInvalidCommitDeadline(uint256 commitDeadline, uint256 timestamp);
    /// @notice The prove deadline is not after the commit deadline, or beyond `MAX_TASK_SECONDS` from now.
    error TaskMarketInvalidProveDeadline(uint256 proveDeadline, uint256 commitDeadline, uint256 latest);
    /// @notice No prover or too many provers allowed.
    error TaskMarketInvalidMaxProvers(uint256 maxProvers, uint256 limit);
    /// @notice The value is not below the scalar field order.
    error TaskMarketNotInField(uint256 value);
    /// @notice The model commitment is zero.
    error TaskMarketZeroCommitment();
    /// @notice The task is in another state than the call needs.
    error TaskMarketWrongState(uint256 taskId, TaskState state);
    /// @notice The caller did not post the task.
    error TaskMarketNotPoster(uint256 taskId, address caller, address poster);
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
    /// @notice The prover's proof was accepted before.
    error TaskMarketAlreadyProven(uint256 taskId, address prover);
    /// @notice The task asks for training proof: commitments need a trace.
    error TaskMarketTraceRequired(uint256 taskId);
    /// @notice The task asks for no training proof.
    error TaskMarketNoTrainingAudit(uint256 taskId);
    /// @notice The prover has not passed the audit of its training run.
    error TaskMarketAuditNotPassed(uint256 taskId, address prover);
    /// @notice The prover has not failed an audit.
    error TaskMarketAuditNotFailed(uint256 taskId, address prover);
    /// @notice The count is below the threshold.
    error TaskMarketBelowThreshold(uint256 taskId, uint256 correct, uint256 minCorrect);
    /// @notice The count exceeds the samples of the test set.
    error TaskMarketCountTooLarge(uint256 taskId, uint256 correct, uint256 sampleCount);
    /// @notice The proof is well formed and does not show the statement.
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

    /// @notice `post` for a task that also asks for training proof, decided by `trainingAudit`; needs a stake.
    /// @return taskId Identifier of the task, counted from 1.
    function postWithTraining(
        TaskSpec calldata spec,
        ITrainingAudit trainingAudit,
        TrainingTerms calldata terms
    ) external payable returns (uint256 taskId);

    /// @notice Takes back a task that nobody has committed to; the reward is credited to the poster.
    function cancel(uint256 taskId) external;

    /* PROVER ACTIONS */

    /// @notice Commits the caller to a model and locks its stake, which needs its consent in the vault.
    function commit(uint256 taskId, uint256 modelCommitment) external;

    /// @notice `commit` for a task that asks for training proof: also commits the caller to the trace of its run, whose seed
    ///         must have been drawn in the audit contract.
    function commitWithTrace(uint256 taskId, uint256 modelCommitment, bytes32 traceRoot) external;

    /// @notice Hands in a proof that the caller's committed model classifies at least `correct` samples correctly.
    /// @dev Claiming fewer than achieved is allowed. Malformed points revert with the registry's errors.
    function prove(uint256 taskId, uint256 correct, Proof calldata proof) external;

    /// @notice Pays the caller all it has been credited in `token`.
    function withdraw(address token) external;

    /* ANYBODY'S ACTIONS */

    /// @notice Settles a task with accepted proofs (table above).
    function settle(uint256 taskId) external;

    /// @notice Ends a task without accepted proof (table above) and credits the reward to the poster.
    function expire(uint256 taskId) external;

    /// @notice Credits a prover its share of a settled pro-rata task: `rewardWei * weight / totalWeight`, rounded down.
    /// @dev The last claim credits the remainder of the division to the poster.
    function claim(uint256 taskId, address prover) external;

    /// @notice Releases the stake of a prover that has proved, or once the task has ended. Where training proof is asked
    ///         for, the prover must have passed its audit.
    function releaseStake(uint256 taskId, address prover) external;

    /// @notice Slashes the whole stake of a prover that failed its audit: half is burned, half credited to the poster in the
    ///         vault.
    function slashStake(uint256 taskId, address prover) external;

    /* VIEWS */

    /// @notice Latest prove deadline, in seconds from posting.
    function MAX_TASK_SECONDS() external view returns (uint256);

    /// @notice Most provers a task may allow.
    function MAX_PROVERS() external view returns (uint256);

    /// @notice Where proofs are checked.
    function registry() external view returns (ICircuitRegistry);

    /// @notice Where stake is held.
    function vault() external view returns (IStakeVault);

    /// @notice Tasks posted so far: ids run from 1 to this.
    function taskCount() external view returns (uint256);

    /// @notice A task; all zero if it does not exist.
    function task(uint256 taskId) external view returns (Task memory);

    /// @notice What a prover handed in; all zero if nothing.
    function submission(uint256 taskId, address prover) external view returns (Submission memory);

    /// @notice How many provers have committed.
    function proverCount(uint256 taskId) external view returns (uint256);

    /// @notice What an account can withdraw.
    function creditOf(address account, address token) external view returns (uint256);

    /// @notice First statement word of a prover's proof for a task: binds chain, market, task and prover.
    function proofContext(uint256 taskId, address prover) external view returns (uint256);
}
