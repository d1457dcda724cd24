// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {ICircuitRegistry} from "./interfaces/ICircuitRegistry.sol";
import {IStakeVault} from "./interfaces/IStakeVault.sol";
import {ITaskMarket} from "./interfaces/ITaskMarket.sol";
import {ITrainingAudit} from "./interfaces/ITrainingAudit.sol";
import {Bn254} from "./libraries/Bn254.sol";
import {Statement} from "./libraries/Statement.sol";
import {Token} from "./libraries/Token.sol";
import {Proof} from "./types/Proof.sol";
import {Submission, SubmissionState} from "./types/Submission.sol";
import {RewardSplit, Task, TaskSpec, TaskState} from "./types/Task.sol";
import {TrainingTerms} from "./types/Training.sol";

/// @title TaskMarket
/// @notice Assumptions, guarantees and the table of states are in `ITaskMarket`.
contract TaskMarket is ITaskMarket, ReentrancyGuardTransient {
    using SafeCast for uint256;

    /* CONSTANTS */

    /// @inheritdoc ITaskMarket
    uint256 public constant MAX_TASK_SECONDS = 365 days;

    /// @inheritdoc ITaskMarket
    /// @dev Nothing loops over provers; the limit keeps the remainder of a pro-rata division negligible.
    uint256 public constant MAX_PROVERS = 1_000;

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

    constructor(ICircuitRegistry registry_, IStakeVault vault_) {
        if (address(registry_) == address(0) || address(vault_) == address(0)) revert TaskMarketZeroAddress();
        registry = registry_;
        vault = vault_;
    }

    /* POSTER ACTIONS */

    /// @inheritdoc ITaskMarket
    function post(TaskSpec calldata spec) external payable nonReentrant returns (uint256 taskId) {
        return _post(spec, address(0));
    }

    /// @inheritdoc ITaskMarket
    function postWithTraining(
        TaskSpec calldata spec,
        ITrainingAudit trainingAudit,
        TrainingTerms calldata terms
    ) external payable nonReentrant returns (uint256 taskId) {
        if (address(trainingAudit) == address(0)) revert TaskMarketZeroAddress();
        if (spec.stakeWei == 0) revert TaskMarketZeroStake();

        taskId = _post(spec, address(trainingAudit));
        trainingAudit.open(taskId, spec.commitDeadline, spec.proveDeadline, terms);
    }

    /// @inheritdoc ITaskMarket
    function cancel(uint256 taskId) external nonReentrant {
        Task storage t = _tasks[taskId];
        if (t.state != TaskState.Posted) revert TaskMarketWrongState(taskId, t.state);
        if (msg.sender != t.poster) revert TaskMarketNotPoster(taskId, msg.sender, t.poster);

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
    function prove(uint256 taskId, uint256 correct, Proof calldata proof) external nonReentrant {
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
        if (correct < t.minCorrect) revert TaskMarketBelowThreshold(taskId, correct, t.minCorrect);
        if (correct > t.sampleCount) revert TaskMarketCountTooLarge(taskId, correct, t.sampleCount);
        _requireValidProof(taskId, t, s.modelCommitment, correct, proof);

        // Not above sampleCount, which has 32 bits.
        uint32 count = uint32(correct);
        s.state = SubmissionState.Proven;
        s.correct = count;
        s.provenAt = uint48(block.timestamp);
        t.addProof(msg.sender, count);
        emit ProofAccepted(taskId, msg.sender, correct);
        if (t.split == RewardSplit.FirstValid) _settle(taskId, t);
    }

    /// @inheritdoc ITaskMarket
    function withdraw(address token) external nonReentrant {
        uint256 amountWei = _credits[msg.sender][token];
        if (amountWei == 0) revert TaskMarketNothingToWithdraw(msg.sender, token);

        delete _credits[msg.sender][token];

        emit CreditWithdrawn(msg.sender, token, amountWei);

        Token.pay(token, msg.sender, amountWei);
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
        if (block.timestamp <= deadline) {
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
        _credit(taskId, t, prover, amountWei);
        if (t.claimedCount == t.provenCount) _credit(taskId, t, t.poster, t.unpaidWei());
    }

    /// @inheritdoc ITaskMarket
    function releaseStake(uint256 taskId, address prover) external nonReentrant {
        Task storage t = _tasks[taskId];
        Submission storage s = _submissions[taskId][prover];
        uint64 lockId = s.lockId;
        if (lockId == 0) revert TaskMarketNoStakeLocked(taskId, prover);
        if (s.state == SubmissionState.Committed && !(t.hasEnded() && _owesNoAnswer(taskId, t, prover))) {
            revert TaskMarketStakeInUse(taskId, prover);
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
    function task(uint256 taskId) external view returns (Task memory) {
        return _tasks[taskId];
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
    function _post(TaskSpec calldata spec, address trainingAudit) private returns (uint256 taskId) {
        _requireValidSpec(spec);

        taskId = ++taskCount;
        _tasks[taskId] = Task({
            poster: msg.sender,
            state: TaskState.Posted,
            split: spec.split,
            maxProvers: spec.maxProvers,
            proverCount: 0,
            provenCount: 0,
            claimedCount: 0,
            rewardToken: spec.rewardToken,
            rewardWei: spec.rewardWei.toUint96(),
            stakeToken: spec.stakeToken,
            stakeWei: spec.stakeWei.toUint96(),
            commitDeadline: spec.commitDeadline,
            proveDeadline: spec.proveDeadline,
            sampleCount: spec.sampleCount,
            minCorrect: spec.minCorrect,
            paidWei: 0,
            leader: address(0),
            leaderCorrect: 0,
            totalWeight: 0,
            trainingAudit: trainingAudit,
            keyId: spec.keyId,
            dataPoint: spec.dataPoint,
            architectureId: spec.architectureId,
            documentHash: spec.documentHash
        });

        emit TaskPosted(taskId, msg.sender, spec.keyId, spec);

        if (spec.rewardToken != Token.NATIVE) {
            uint256 receivedWei = Token.pull(spec.rewardToken, spec.rewardWei);
            if (receivedWei != spec.rewardWei) {
                revert TaskMarketTransferMismatch(spec.rewardToken, receivedWei, spec.rewardWei);
            }
        }
    }

    function _requireValidSpec(TaskSpec calldata spec) private view {
        if (spec.rewardWei == 0) revert TaskMarketZeroReward();
        uint256 requiredWei = spec.rewardToken == Token.NATIVE ? spec.rewardWei : 0;
        if (msg.value != requiredWei) revert TaskMarketValueMismatch(msg.value, requiredWei);
        if (!registry.keyExists(spec.keyId)) revert TaskMarketUnknownKey(spec.keyId);
        uint256 length = registry.statementLengthOf(spec.keyId);
        if (length != Statement.ACCURACY_LENGTH) {
            revert TaskMarketStatementLength(spec.keyId, length, Statement.ACCURACY_LENGTH);
        }
        Bn254.requireG1(spec.dataPoint.x, spec.dataPoint.y);
        if (spec.minCorrect == 0 || spec.minCorrect > spec.sampleCount) {
            revert TaskMarketInvalidThreshold(spec.minCorrect, spec.sampleCount);
        }
        if (spec.commitDeadline <= block.timestamp) {
            revert TaskMarketInvalidCommitDeadline(spec.commitDeadline, block.timestamp);
        }
        uint256 latest = block.timestamp + MAX_TASK_SECONDS;
        if (spec.proveDeadline <= spec.commitDeadline || spec.proveDeadline > latest) {
            revert TaskMarketInvalidProveDeadline(spec.proveDeadline, spec.commitDeadline, latest);
        }
        if (spec.maxProvers == 0 || spec.maxProvers > MAX_PROVERS) {
            revert TaskMarketInvalidMaxProvers(spec.maxProvers, MAX_PROVERS);
        }
        if (spec.architectureId >= Bn254.SCALAR_FIELD_ORDER) revert TaskMarketNotInField(spec.architectureId);
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

        t.addProver();
        s.modelCommitment = modelCommitment;
        s.state = SubmissionState.Committed;

        // The vault calls nobody, and its lock id belongs to the record: so the interaction is not last here.
        uint96 stakeWei = t.stakeWei;
        uint64 lockId = stakeWei == 0 ? 0 : vault.lock(msg.sender, t.stakeToken, stakeWei);
        s.lockId = lockId;

        emit ModelCommitted(taskId, msg.sender, modelCommitment, lockId);
    }

    /// @dev The whole statement comes from here: the caller chooses nothing but the count.
    function _requireValidProof(
        uint256 taskId,
        Task storage t,
        uint256 modelCommitment,
        uint256 correct,
        Proof calldata proof
    ) private view {
        uint256[] memory statement = Statement.accuracy(
            proofContext(taskId, msg.sender),
            modelCommitment,
            correct
        );
        if (!registry.verify(t.keyId, statement, t.dataPoint, proof)) {
            revert TaskMarketInvalidProof(taskId, msg.sender);
        }
    }

    /// @dev A prover that committed to a trace answers for it even after the task has ended: else it could wait for another's
    ///      proof to escape a challenge it cannot answer.
    function _owesNoAnswer(uint256 taskId, Task storage t, address prover) private view returns (bool) {
        address trainingAudit = t.trainingAudit;
        return trainingAudit == address(0) || ITrainingAudit(trainingAudit).hasPassed(taskId, prover);
    }

    /// @dev With a single winner its credit follows at once; pro-rata shares are credited by `claim`.
    function _settle(uint256 taskId, Task storage t) private {
        RewardSplit split = t.split;
        address winner = split == RewardSplit.ProRata ? address(0) : t.leader;

        t.end(TaskState.Settled);
        emit TaskSettled(taskId, split, winner, t.totalWeight);
        if (winner != address(0)) _credit(taskId, t, winner, t.rewardWei);
    }

    /// @dev Moves part of a task's reward from the escrow to an account's credit.
    function _credit(uint256 taskId, Task storage t, address account, uint256 amountWei) private {
        if (amountWei == 0) return;
        // Shares and remainder add up to the reward, which has 96 bits.
        t.paidWei += uint96(amountWei);
        address token = t.rewardToken;
        _credits[account][token] += amountWei;
        emit RewardCredited(taskId, account, token, amountWei);
    }
}
