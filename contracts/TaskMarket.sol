// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {TaskMarketAdmin} from "./TaskMarketAdmin.sol";
import {ICircuitRegistry} from "./interfaces/ICircuitRegistry.sol";
import {IStakeVault} from "./interfaces/IStakeVault.sol";
import {ITaskAssignment} from "./interfaces/ITaskAssignment.sol";
import {ITaskMarket} from "./interfaces/ITaskMarket.sol";
import {ITestSetSeal} from "./interfaces/ITestSetSeal.sol";
import {ITrainingAudit} from "./interfaces/ITrainingAudit.sol";
import {Bn254} from "./libraries/Bn254.sol";
import {DataPoints} from "./libraries/DataPoints.sol";
import {Statement} from "./libraries/Statement.sol";
import {TaskPosting} from "./libraries/TaskPosting.sol";
import {Token} from "./libraries/Token.sol";
import {G1Point, Proof} from "./types/Proof.sol";
import {ShardCount, Submission, SubmissionState} from "./types/Submission.sol";
import {RewardSplit, Task, TaskSpec, TaskState} from "./types/Task.sol";
import {TaskRules} from "./types/TaskRules.sol";

/// @title TaskMarket
/// @notice Assumptions, guarantees and the table of states are in `ITaskMarket`.
contract TaskMarket is ITaskMarket, TaskMarketAdmin, ReentrancyGuardTransient {
    using TaskPosting for Task;

    /* CONSTANTS */

    /// @inheritdoc ITaskMarket
    uint256 public constant MAX_TASK_SECONDS = TaskPosting.MAX_TASK_SECONDS;

    /// @inheritdoc ITaskMarket
    uint256 public constant MAX_PROVERS = TaskPosting.MAX_PROVERS;

    /// @inheritdoc ITaskMarket
    uint256 public constant MAX_SHARDS = TaskPosting.MAX_SHARDS;

    /// @dev Tasks have a single round.
    uint256 private constant TASK_ROUND = 0;

    /* STORAGE */

    /// @inheritdoc ITaskMarket
    ICircuitRegistry public immutable registry;

    /// @inheritdoc ITaskMarket
    IStakeVault public immutable vault;

    /// @inheritdoc ITaskMarket
    uint256 public taskCount;

    mapping(uint256 taskId => Task) private _tasks;
    mapping(uint256 taskId => mapping(address prover => Submission)) private _submissions;
    mapping(address account => mapping(address token => uint256)) private _credits;

    constructor(ICircuitRegistry registry_, IStakeVault vault_, address owner_) TaskMarketAdmin(owner_) {
        if (address(registry_) == address(0) || address(vault_) == address(0)) revert TaskMarketZeroAddress();
        registry = registry_;
        vault = vault_;
    }

    /* POSTER ACTIONS */

    /// @inheritdoc ITaskMarket
    function post(
        TaskSpec calldata spec
    ) external payable nonReentrant whenNotPaused returns (uint256 taskId) {
        return _post(spec);
    }

    /// @inheritdoc ITaskMarket
    function postWithRules(
        TaskSpec calldata spec,
        TaskRules calldata rules
    ) external payable nonReentrant whenNotPaused returns (uint256 taskId) {
        taskId = _post(spec);
        _tasks[taskId].openRules(taskId, spec, rules);
    }

    /// @inheritdoc ITaskMarket
    function cancel(uint256 taskId) external nonReentrant {
        Task storage t = _tasks[taskId];
        if (t.state != TaskState.Posted) revert TaskMarketWrongState(taskId, t.state);
        if (msg.sender != t.poster) revert TaskMarketNotPoster(taskId, msg.sender, t.poster);
        address assignment = t.assignment;
        if (assignment != address(0) && ITaskAssignment(assignment).isTaken(taskId)) {
            revert TaskMarketTaken(taskId);
        }

        t.end(TaskState.Cancelled);
        emit TaskCancelled(taskId);
        _credit(taskId, t, t.poster, t.rewardWei);
    }

    /* PROVER ACTIONS */

    /// @inheritdoc ITaskMarket
    function commit(uint256 taskId, uint256 modelCommitment) external nonReentrant {
        if (_tasks[taskId].trainingAudit != address(0)) revert TaskMarketTraceRequired(taskId);

        _commit(taskId, modelCommitment);
    }

    /// @inheritdoc ITaskMarket
    function commitWithTrace(
        uint256 taskId,
        uint256 modelCommitment,
        bytes32 traceRoot
    ) external nonReentrant {
        address trainingAudit = _tasks[taskId].trainingAudit;
        if (trainingAudit == address(0)) revert TaskMarketNoTrainingAudit(taskId);

        _commit(taskId, modelCommitment);
        ITrainingAudit(trainingAudit).begin(taskId, msg.sender, traceRoot);
    }

    /// @inheritdoc ITaskMarket
    function prove(
        uint256 taskId,
        ShardCount[] calldata counts,
        Proof[] calldata proofs
    ) external nonReentrant {
        Task storage t = _tasks[taskId];
        TaskState state = t.state;
        if (state != TaskState.Committed && state != TaskState.Proven) {
            revert TaskMarketWrongState(taskId, state);
        }
        if (block.timestamp > t.proveDeadline) {
            revert TaskMarketDeadlinePassed(taskId, t.proveDeadline, block.timestamp);
        }
        Submission storage s = _submissions[taskId][msg.sender];
        if (s.state == SubmissionState.None) revert TaskMarketNotCommitted(taskId, msg.sender);
        if (s.state != SubmissionState.Committed) revert TaskMarketAlreadyProven(taskId, msg.sender);
        if (!_owesNoAnswer(taskId, t, msg.sender)) revert TaskMarketAuditNotPassed(taskId, msg.sender);
        address seal = t.seal;
        if (seal != address(0) && !ITestSetSeal(seal).isRevealed(taskId))
            revert TaskMarketNotRevealed(taskId);
        (uint256 correct, uint64 provenShards) = _addCounts(taskId, t, s, counts);
        bool isComplete = provenShards == t.allShards();
        if (isComplete && correct < t.minCorrect) {
            revert TaskMarketBelowThreshold(taskId, correct, t.minCorrect);
        }
        _requireValidProofs(taskId, t, s.modelCommitment, counts, proofs);

        // Not above sampleCount, which has 32 bits.
        s.correct = uint32(correct);
        s.provenShards = provenShards;
        emit ShardsProven(taskId, msg.sender, provenShards, correct);
        if (isComplete) _accept(taskId, t, s, uint32(correct));
    }

    /// @inheritdoc ITaskMarket
    function withdraw(address token) external nonReentrant {
        uint256 amountWei = _credits[msg.sender][token];
        if (amountWei == 0) revert TaskMarketNothingToWithdraw(msg.sender, token);

        delete _credits[msg.sender][token];

        emit CreditWithdrawn(msg.sender, token, amountWei);

        Token.pay(token, msg.sender, amountWei);
    }

    /* ASSIGNMENT ACTIONS */

    /// @inheritdoc ITaskMarket
    function lowerReward(uint256 taskId, uint256 rewardWei) external nonReentrant {
        Task storage t = _tasks[taskId];
        address assignment = t.assignment;
        if (msg.sender != assignment) revert TaskMarketNotAssignment(taskId, msg.sender, assignment);
        if (t.state != TaskState.Posted) revert TaskMarketWrongState(taskId, t.state);
        uint256 currentWei = t.rewardWei;
        if (rewardWei > currentWei) revert TaskMarketRewardTooHigh(taskId, rewardWei, currentWei);
        if (rewardWei < t.winners) revert TaskMarketZeroReward();

        // Not above the present reward, which has 96 bits.
        t.rewardWei = uint96(rewardWei);
        emit RewardLowered(taskId, rewardWei);
        _addCredit(taskId, t, t.poster, currentWei - rewardWei);
    }

    /* ANYBODY'S ACTIONS */

    /// @inheritdoc ITaskMarket
    function settle(uint256 taskId) external nonReentrant {
        Task storage t = _tasks[taskId];
        if (t.state != TaskState.Proven) revert TaskMarketWrongState(taskId, t.state);
        if (!t.isDecided()) revert TaskMarketDeadlineNotPassed(taskId, t.proveDeadline, block.timestamp);

        _settle(taskId, t);
    }

    /// @inheritdoc ITaskMarket
    function expire(uint256 taskId) external nonReentrant {
        Task storage t = _tasks[taskId];
        TaskState state = t.state;
        if (state != TaskState.Posted && state != TaskState.Committed) {
            revert TaskMarketWrongState(taskId, state);
        }
        uint256 deadline = state == TaskState.Posted ? t.commitDeadline : t.proveDeadline;
        if (block.timestamp <= deadline && !(state == TaskState.Committed && _isNeverRevealed(taskId, t))) {
            revert TaskMarketDeadlineNotPassed(taskId, deadline, block.timestamp);
        }

        t.end(TaskState.Expired);
        emit TaskExpired(taskId);
        _credit(taskId, t, t.poster, t.rewardWei);
    }

    /// @inheritdoc ITaskMarket
    function claim(uint256 taskId, address prover) external nonReentrant {
        Task storage t = _tasks[taskId];
        if (t.state != TaskState.Settled) revert TaskMarketWrongState(taskId, t.state);
        if (t.split != RewardSplit.ProRata) revert TaskMarketNotProRata(taskId, t.split);
        Submission storage s = _submissions[taskId][prover];
        if (s.state != SubmissionState.Proven) revert TaskMarketNothingToClaim(taskId, prover);

        s.state = SubmissionState.Claimed;
        ++t.claimedCount;
        uint256 amountWei = t.shareWeiOf(s.correct);
        emit RewardClaimed(taskId, prover, amountWei);
        _reward(taskId, t, prover, amountWei);
        if (t.claimedCount == t.provenCount) _credit(taskId, t, t.poster, t.unpaidWei());
    }

    /// @inheritdoc ITaskMarket
    function releaseStake(uint256 taskId, address prover) external nonReentrant {
        Task storage t = _tasks[taskId];
        Submission storage s = _submissions[taskId][prover];
        uint64 lockId = s.lockId;
        if (lockId == 0) revert TaskMarketNoStakeLocked(taskId, prover);
        if (s.state == SubmissionState.Committed) {
            bool isOver = t.hasEnded() || _hasForfeited(taskId, t);
            if (!isOver || !_owesNoAnswer(taskId, t, prover)) revert TaskMarketStakeInUse(taskId, prover);
        }

        s.lockId = 0;

        emit ProverStakeReleased(taskId, prover, lockId);

        vault.release(t.stakeToken, lockId);
    }

    /// @inheritdoc ITaskMarket
    function slashStake(uint256 taskId, address prover) external nonReentrant {
        Task storage t = _tasks[taskId];
        Submission storage s = _submissions[taskId][prover];
        uint64 lockId = s.lockId;
        if (lockId == 0) revert TaskMarketNoStakeLocked(taskId, prover);
        address trainingAudit = t.trainingAudit;
        if (trainingAudit == address(0) || !ITrainingAudit(trainingAudit).hasFailed(taskId, prover)) {
            revert TaskMarketAuditNotFailed(taskId, prover);
        }

        s.lockId = 0;
        uint256 stakeWei = t.stakeWei;

        emit ProverStakeSlashed(taskId, prover, lockId, stakeWei);

        vault.slash(t.stakeToken, lockId, stakeWei, t.poster);
        vault.release(t.stakeToken, lockId);
    }

    /* VIEWS */

    /// @inheritdoc ITaskMarket
    function owner() public view override(ITaskMarket, Ownable) returns (address) {
        return super.owner();
    }

    /// @inheritdoc ITaskMarket
    function paused() public view override(ITaskMarket, Pausable) returns (bool) {
        return super.paused();
    }

    /// @inheritdoc ITaskMarket
    function task(uint256 taskId) external view returns (Task memory) {
        return _tasks[taskId];
    }

    /// @inheritdoc ITaskMarket
    function dataPointsOf(uint256 taskId) external view returns (G1Point[] memory) {
        address pointer = _tasks[taskId].dataPointer;
        return pointer == address(0) ? new G1Point[](0) : DataPoints.load(pointer);
    }

    /// @inheritdoc ITaskMarket
    function submission(uint256 taskId, address prover) external view returns (Submission memory) {
        return _submissions[taskId][prover];
    }

    /// @inheritdoc ITaskMarket
    function proverCount(uint256 taskId) external view returns (uint256) {
        return _tasks[taskId].proverCount;
    }

    /// @inheritdoc ITaskMarket
    function creditOf(address account, address token) external view returns (uint256) {
        return _credits[account][token];
    }

    /// @inheritdoc ITaskMarket
    function proofContext(uint256 taskId, address prover) public view returns (uint256) {
        return Statement.context(address(this), taskId, TASK_ROUND, prover, Statement.ACCURACY_PURPOSE);
    }

    /* INTERNAL */

    /// @dev Records a task and takes its reward.
    function _post(TaskSpec calldata spec) private returns (uint256 taskId) {
        taskId = ++taskCount;
        _tasks[taskId].store(taskId, spec, registry, msg.value, feeBps);

        if (spec.rewardToken != Token.NATIVE) {
            uint256 receivedWei = Token.pull(spec.rewardToken, spec.rewardWei);
            if (receivedWei != spec.rewardWei) {
                revert TaskMarketTransferMismatch(spec.rewardToken, receivedWei, spec.rewardWei);
            }
        }
    }

    /// @dev Records the caller's commitment and locks its stake.
    function _commit(uint256 taskId, uint256 modelCommitment) private {
        Task storage t = _tasks[taskId];
        TaskState state = t.state;
        if (state != TaskState.Posted && state != TaskState.Committed && state != TaskState.Proven) {
            revert TaskMarketWrongState(taskId, state);
        }
        if (block.timestamp > t.commitDeadline) {
            revert TaskMarketDeadlinePassed(taskId, t.commitDeadline, block.timestamp);
        }
        if (modelCommitment == 0) revert TaskMarketZeroCommitment();
        if (modelCommitment >= Bn254.SCALAR_FIELD_ORDER) revert TaskMarketNotInField(modelCommitment);
        Submission storage s = _submissions[taskId][msg.sender];
        if (s.state != SubmissionState.None) revert TaskMarketAlreadyCommitted(taskId, msg.sender);
        if (t.proverCount == t.maxProvers) revert TaskMarketFull(taskId, t.maxProvers);
        // Whom an assignment has chosen has something at stake already: a pause does not stop it.
        address assignment = t.assignment;
        if (assignment == address(0)) _requireNotPaused();
        else if (!ITaskAssignment(assignment).mayCommit(taskId, msg.sender)) {
            revert TaskMarketNotAssigned(taskId, msg.sender);
        }

        t.addProver();
        s.modelCommitment = modelCommitment;
        s.state = SubmissionState.Committed;

        // The vault calls nobody, and its lock id belongs to the record: so the interaction is not last here.
        uint96 stakeWei = t.stakeWei;
        uint64 lockId = stakeWei == 0 ? 0 : vault.lock(msg.sender, t.stakeToken, stakeWei);
        s.lockId = lockId;

        emit ModelCommitted(taskId, msg.sender, modelCommitment, lockId);
    }

    /// @dev What the caller has proven when the proofs for `counts` are accepted; reverts for shards unknown or proven before.
    function _addCounts(
        uint256 taskId,
        Task storage t,
        Submission storage s,
        ShardCount[] calldata counts
    ) private view returns (uint256 correct, uint64 provenShards) {
        correct = s.correct;
        provenShards = s.provenShards;
        uint256 shardCount = t.shardCount;
        for (uint256 i = 0; i < counts.length; ++i) {
            uint256 shard = counts[i].shard;
            if (shard >= shardCount) revert TaskMarketUnknownShard(taskId, shard, shardCount);
            // Below MAX_SHARDS, the bits of the map.
            uint64 bit = uint64(1 << shard);
            if (provenShards & bit != 0) revert TaskMarketShardProven(taskId, msg.sender, shard);
            provenShards |= bit;
            correct += counts[i].correct;
        }
        if (correct > t.sampleCount) revert TaskMarketCountTooLarge(taskId, correct, t.sampleCount);
    }

    /// @dev The whole statements come from here: the caller chooses nothing but the counts.
    function _requireValidProofs(
        uint256 taskId,
        Task storage t,
        uint256 modelCommitment,
        ShardCount[] calldata counts,
        Proof[] calldata proofs
    ) private view {
        uint256 context = proofContext(taskId, msg.sender);
        uint256[] memory statements = Statement.accuracies(context, modelCommitment, counts);
        G1Point[] memory dataPoints = DataPoints.select(t.dataPointer, counts);
        if (!registry.verifyBatch(t.keyId, statements, dataPoints, proofs)) {
            revert TaskMarketInvalidProof(taskId, msg.sender);
        }
    }

    /// @dev The caller has proved all shards: the first winners of a first-valid task are paid at once.
    function _accept(uint256 taskId, Task storage t, Submission storage s, uint32 correct) private {
        s.state = SubmissionState.Proven;
        s.provenAt = uint48(block.timestamp);
        t.addProof(msg.sender, correct);
        emit ProofAccepted(taskId, msg.sender, correct);
        if (t.split == RewardSplit.FirstValid) {
            _reward(taskId, t, msg.sender, t.winnerWei());
            if (t.provenCount == t.winners) _settle(taskId, t);
        }
    }

    /// @dev A prover that committed to a trace answers for it even after the task has ended: else it could wait for another's
    ///      proof to escape a challenge it cannot answer.
    function _owesNoAnswer(uint256 taskId, Task storage t, address prover) private view returns (bool) {
        address trainingAudit = t.trainingAudit;
        return trainingAudit == address(0) || ITrainingAudit(trainingAudit).hasPassed(taskId, prover);
    }

    function _hasForfeited(uint256 taskId, Task storage t) private view returns (bool) {
        address seal = t.seal;
        return seal != address(0) && ITestSetSeal(seal).hasForfeited(taskId);
    }

    /// @dev Whether nobody will ever be shown the test set. Of one that was shown, a forfeit ends nothing: a poster that sees a
    ///      proof on its way could else forfeit before it, and have the proof for its bond instead of the reward.
    function _isNeverRevealed(uint256 taskId, Task storage t) private view returns (bool) {
        return _hasForfeited(taskId, t) && !ITestSetSeal(t.seal).isRevealed(taskId);
    }

    /// @dev First-valid winners were paid with their proofs, pro-rata shares are credited by `claim`.
    function _settle(uint256 taskId, Task storage t) private {
        RewardSplit split = t.split;
        bool isShared = split == RewardSplit.ProRata || t.winners != 1;
        address winner = isShared ? address(0) : t.leader;

        t.end(TaskState.Settled);
        emit TaskSettled(taskId, split, winner, t.totalWeight);
        if (split == RewardSplit.BestScore) _reward(taskId, t, winner, t.rewardWei);
        else if (split == RewardSplit.FirstValid) _credit(taskId, t, t.poster, t.unpaidWei());
    }

    /// @dev Credits a prover what it earned, less the fee the task was posted under, rounded down.
    function _reward(uint256 taskId, Task storage t, address prover, uint256 amountWei) private {
        uint256 feeWei = (amountWei * t.feeBps) / BASIS_POINTS;
        _credit(taskId, t, prover, amountWei - feeWei);
        if (feeWei != 0) _credit(taskId, t, feeRecipient, feeWei);
    }

    /// @dev Moves part of a task's reward from the escrow to an account's credit.
    function _credit(uint256 taskId, Task storage t, address account, uint256 amountWei) private {
        // Shares, fees and remainder add up to the reward, which has 96 bits.
        t.paidWei += uint96(amountWei);
        _addCredit(taskId, t, account, amountWei);
    }

    function _addCredit(uint256 taskId, Task storage t, address account, uint256 amountWei) private {
        if (amountWei == 0) return;
        address token = t.rewardToken;
        _credits[account][token] += amountWei;
        emit RewardCredited(taskId, account, token, amountWei);
    }
}
