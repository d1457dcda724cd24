// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITaskAssignment} from "../../../contracts/interfaces/ITaskAssignment.sol";
import {ITaskMarket} from "../../../contracts/interfaces/ITaskMarket.sol";
import {ITaskMarketAdmin} from "../../../contracts/interfaces/ITaskMarketAdmin.sol";
import {ITrainingAudit} from "../../../contracts/interfaces/ITrainingAudit.sol";
import {G1Point, Proof} from "../../../contracts/types/Proof.sol";
import {ShardCount, Submission, SubmissionState} from "../../../contracts/types/Submission.sol";
import {RewardSplit, Task, TaskSpec, TaskState} from "../../../contracts/types/Task.sol";
import {TaskRules} from "../../../contracts/types/TaskRules.sol";
import {VaultHandler} from "./VaultHandler.sol";

/// @title MarketHandler
/// @notice What posters and provers do in the market, on top of what they do in the vault.
abstract contract MarketHandler is VaultHandler {
    uint256 private constant MAX_TASKS = 12;

    /// @dev By task: the fee it was posted under.
    mapping(uint256 taskId => uint256) public postedFeeBps;

    function post(uint256 who, uint256 what, uint256 reward, uint256 stake, uint256 shape) public action {
        if (!_canPost()) return;
        TaskSpec memory spec = _newSpec(what, reward, stake, shape);
        TaskRules memory rules;
        if (shape % 2 == 0 && spec.stakeWei > 0) rules.trainingAudit = ITrainingAudit(address(audit));
        _post(_accountOf(who), spec, rules);
    }

    function setFee(uint256 feeBps, uint256 who) public action {
        feeBps = bound(feeBps, 0, market.MAX_FEE_BPS());
        bytes memory call = abi.encodeCall(ITaskMarketAdmin.setFee, (feeBps, TREASURY));
        _mustRevert(_accountOf(who), address(market), call);
        _mustSucceed(OWNER, address(market), call);
    }

    /// @notice A pause stops what this handler does as little as a market without one, but for new tasks and new locks.
    function togglePause(uint256 chance) public action {
        bool isPaused = market.paused();
        if (!isPaused && chance % 3 != 0) return;
        CHEATS.prank(OWNER);
        if (isPaused) market.unpause();
        else market.pause();
    }

    function cancel(uint256 which) public action {
        uint256 taskId = _taskIn(which, TaskState.Posted, TaskState.Posted);
        if (taskId == 0) return;
        bytes memory call = abi.encodeCall(ITaskMarket.cancel, (taskId));
        _mustRevert(STRANGER, address(market), call);
        Task memory t = market.task(taskId);
        bool isTaken = t.assignment != address(0) && ITaskAssignment(t.assignment).isTaken(taskId);
        if (!isTaken) _mustSucceed(t.poster, address(market), call);
        _mustRevert(t.poster, address(market), call);
    }

    function commit(uint256 which, uint256 who, uint256 modelCommitment) public action {
        uint256 taskId = _taskIn(which, TaskState.Posted, TaskState.Proven);
        if (taskId == 0) return;
        Task memory t = market.task(taskId);
        modelCommitment = bound(modelCommitment, 1, 2 ** 253);
        bytes memory call = _commitCall(taskId, modelCommitment, t.trainingAudit != address(0));
        address committed = _proverIn(taskId, who, SubmissionState.Committed);
        if (committed != address(0)) _mustRevert(committed, address(market), call);
        address prover = _proverIn(taskId, who, SubmissionState.None);
        if (prover == address(0)) return;
        if (t.stakeWei > 0) _consent(prover, address(market), t.stakeToken, t.stakeWei);
        if (
            !_isAdmitted(taskId, t, prover) ||
            block.timestamp > t.commitDeadline ||
            t.proverCount == t.maxProvers
        ) {
            _mustRevert(prover, address(market), call);
            return;
        }
        _mustRevert(
            prover,
            address(market),
            _commitCall(taskId, modelCommitment, t.trainingAudit == address(0))
        );
        _mustSucceed(prover, address(market), call);
    }

    /// @notice The audit of a committed prover ends, one way or the other.
    function judge(uint256 which, uint256 who, bool isGood) public action {
        uint256 taskId = _taskIn(which, TaskState.Committed, TaskState.Expired);
        if (taskId == 0 || market.task(taskId).trainingAudit == address(0)) return;
        address prover = _proverIn(taskId, who, SubmissionState.Committed);
        if (prover == address(0)) return;
        if (audit.hasPassed(taskId, prover) || audit.hasFailed(taskId, prover)) return;
        if (isGood) audit.pass(taskId, prover);
        else audit.fail(taskId, prover);
    }

    function slashStake(uint256 which, uint256 who) public action {
        uint256 taskId = _taskIn(which, TaskState.Committed, TaskState.Expired);
        if (taskId == 0) return;
        address prover = _accountOf(who);
        Task memory t = market.task(taskId);
        bytes memory call = abi.encodeCall(ITaskMarket.slashStake, (taskId, prover));
        if (market.submission(taskId, prover).lockId != 0 && audit.hasFailed(taskId, prover)) {
            uint256 creditWei = vault.creditOf(t.poster, t.stakeToken);
            CHEATS.prank(STRANGER);
            market.slashStake(taskId, prover);
            slashedWei[t.stakeToken] += t.stakeWei;
            uint256 paidWei = vault.creditOf(t.poster, t.stakeToken) - creditWei;
            assertEqual(paidWei, t.stakeWei / 2, "the poster's half");
        }
        _mustRevert(STRANGER, address(market), call);
    }

    function prove(uint256 which, uint256 who, uint256 correct, uint256 quality) public action {
        uint256 taskId = _taskIn(which, TaskState.Committed, TaskState.Proven);
        if (taskId == 0) return;
        Task memory t = market.task(taskId);
        correct = bound(correct, t.minCorrect, t.sampleCount);
        uint256 badProofs = quality % 8 == 0 ? 1 : 0;
        address proven = _proverIn(taskId, who, SubmissionState.Proven);
        bytes memory call = _proveCall(taskId, 0, t.shardCount, correct, badProofs);
        if (proven != address(0)) _mustRevert(proven, address(market), call);
        _mustRevert(STRANGER, address(market), call);
        address prover = _proverIn(taskId, who, SubmissionState.Committed);
        if (prover == address(0)) return;
        // A prover that stopped halfway goes on where it was.
        Submission memory s = market.submission(taskId, prover);
        if (correct < s.correct) correct = s.correct;
        uint256 first = s.provenShards == 0 ? 0 : 1;
        uint256 count = quality % 3 == 0 && first == 0 ? 1 : t.shardCount - first;
        call = _proveCall(taskId, first, count, correct - s.correct, badProofs);
        bool isOpen = t.trainingAudit == address(0) || audit.hasPassed(taskId, prover);
        if (t.seal != address(0)) isOpen = isOpen && seal.isRevealed(taskId);
        if (badProofs > 0 || block.timestamp > t.proveDeadline || !isOpen) {
            _mustRevert(prover, address(market), call);
            return;
        }
        _mustSucceed(prover, address(market), call);
        _mustRevert(prover, address(market), call);
    }

    /// @notice A commitment, a good audit and a proof at once, so that tasks with several proofs are common.
    function commitAndProve(uint256 which, uint256 who, uint256 correct) public action {
        commit(which, who, correct);
        judge(which, who, true);
        prove(which, who, correct, 1);
    }

    function settle(uint256 which) public action {
        uint256 taskId = _taskIn(which, TaskState.Proven, TaskState.Proven);
        if (taskId == 0) return;
        Task memory t = market.task(taskId);
        bool isClosed = block.timestamp > t.commitDeadline || t.proverCount == t.maxProvers;
        bool isDecided = block.timestamp > t.proveDeadline || (isClosed && t.proverCount == t.provenCount);
        bytes memory call = abi.encodeCall(ITaskMarket.settle, (taskId));
        if (isDecided) {
            CHEATS.prank(STRANGER);
            market.settle(taskId);
        }
        _mustRevert(STRANGER, address(market), call);
    }

    function expire(uint256 which) public action {
        uint256 taskId = _taskIn(which, TaskState.Posted, TaskState.Committed);
        if (taskId == 0) return;
        Task memory t = market.task(taskId);
        uint256 deadline = t.state == TaskState.Posted ? t.commitDeadline : t.proveDeadline;
        bool isNeverRevealed =
            t.state == TaskState.Committed &&
                t.seal != address(0) &&
                seal.hasForfeited(taskId) &&
                !seal.isRevealed(taskId);
        if (block.timestamp > deadline || isNeverRevealed) {
            CHEATS.prank(STRANGER);
            market.expire(taskId);
        }
        _mustRevert(STRANGER, address(market), abi.encodeCall(ITaskMarket.expire, (taskId)));
    }

    function claim(uint256 which, uint256 who) public action {
        uint256 taskId = _taskIn(which, TaskState.Settled, TaskState.Settled);
        if (taskId == 0) return;
        address prover = _proverIn(taskId, who, SubmissionState.Proven);
        if (prover != address(0) && market.task(taskId).split == RewardSplit.ProRata) {
            CHEATS.prank(STRANGER);
            market.claim(taskId, prover);
        }
        _mustRevert(STRANGER, address(market), abi.encodeCall(ITaskMarket.claim, (taskId, prover)));
    }

    function releaseStake(uint256 which, uint256 who) public action {
        address prover = _accountOf(who);
        uint256 taskId = _taskIn(which, TaskState.Committed, TaskState.Expired);
        if (taskId == 0) return;
        Submission memory s = market.submission(taskId, prover);
        Task memory t = market.task(taskId);
        bool hasForfeited = t.seal != address(0) && seal.hasForfeited(taskId);
        bool isFree =
            (uint8(t.state) >= uint8(TaskState.Settled) || hasForfeited) &&
                (t.trainingAudit == address(0) || audit.hasPassed(taskId, prover));
        if (s.lockId != 0 && (isFree || s.state != SubmissionState.Committed)) {
            CHEATS.prank(STRANGER);
            market.releaseStake(taskId, prover);
        }
        _mustRevert(STRANGER, address(market), abi.encodeCall(ITaskMarket.releaseStake, (taskId, prover)));
    }

    function withdrawReward(uint256 who, uint256 what) public action {
        address account = _accountOf(who);
        address token = _tokenOf(what);
        uint256 creditWei = market.creditOf(account, token);
        if (creditWei > 0) {
            uint256 beforeWei = balanceOf(token, account);
            CHEATS.prank(account);
            market.withdraw(token);
            assertEqual(balanceOf(token, account) - beforeWei, creditWei, "a withdrawal pays the credit");
            withdrawnRewardWei[token] += creditWei;
        }
        _mustRevert(account, address(market), abi.encodeCall(ITaskMarket.withdraw, (token)));
    }

    function passTime(uint256 duration) public action {
        CHEATS.warp(block.timestamp + bound(duration, 1, 40 minutes));
    }

    function _canPost() internal view returns (bool) {
        return market.taskCount() < MAX_TASKS && !market.paused();
    }

    function _newSpec(
        uint256 what,
        uint256 reward,
        uint256 stake,
        uint256 shape
    ) internal view returns (TaskSpec memory spec) {
        spec.rewardToken = _tokenOf(what);
        // Small rewards too, whose shares round to nothing.
        spec.rewardWei = bound(reward, ACTORS, shape % 3 == 0 ? 10 : MAX_AMOUNT_WEI);
        spec.stakeToken = _tokenOf(what >> 1);
        spec.stakeWei = shape % 5 == 0 ? 0 : bound(stake, 1, MAX_AMOUNT_WEI);
        spec.dataPoints = new G1Point[](bound(shape >> 48, 1, 3));
        for (uint256 i = 0; i < spec.dataPoints.length; ++i) spec.dataPoints[i] = G1Point(1, 2);
        spec.split = RewardSplit(shape % 3);
        spec.maxProvers = uint16(bound(shape >> 8, 1, ACTORS));
        spec.winners = uint16(
            spec.split == RewardSplit.FirstValid ? bound(shape >> 24, 1, spec.maxProvers) : 1
        );
        spec.sampleCount = uint32(bound(shape >> 16, 1, 100));
        spec.minCorrect = uint32(bound(shape >> 32, 1, spec.sampleCount));
        spec.commitDeadline = uint48(block.timestamp + bound(shape >> 64, 1, 2 hours));
        spec.proveDeadline = spec.commitDeadline + uint48(bound(shape >> 96, 1, 2 hours));
    }

    function _post(
        address poster,
        TaskSpec memory spec,
        TaskRules memory rules
    ) internal returns (uint256 taskId) {
        CHEATS.deal(poster, FUNDS_WEI);
        uint256 valueWei = spec.rewardToken == address(0) ? spec.rewardWei : 0;
        bool hasRules =
            address(rules.assignment) != address(0) ||
                address(rules.seal) != address(0) ||
                address(rules.trainingAudit) != address(0);
        uint256 feeBps = market.feeBps();
        CHEATS.prank(poster);
        taskId =
            hasRules
                ? market.postWithRules{value: valueWei}(spec, rules)
                : market.post{value: valueWei}(spec);
        postedWei[spec.rewardToken] += spec.rewardWei;
        postedFeeBps[taskId] = feeBps;
    }

    function _isAdmitted(uint256 taskId, Task memory t, address prover) private view returns (bool) {
        if (t.assignment == address(0)) return !market.paused();
        return ITaskAssignment(t.assignment).mayCommit(taskId, prover);
    }

    /// @dev The whole count stands for the first of `count` shards from `first` on.
    function _proveCall(
        uint256 taskId,
        uint256 first,
        uint256 count,
        uint256 correct,
        uint256 badProofs
    ) private pure returns (bytes memory) {
        ShardCount[] memory counts = new ShardCount[](count);
        Proof[] memory proofs = new Proof[](count);
        for (uint256 i = 0; i < count; ++i) {
            counts[i] = ShardCount(uint8(first + i), uint32(i == 0 ? correct : 0));
            proofs[i].a.x = i < badProofs ? 0 : 1;
        }
        return abi.encodeCall(ITaskMarket.prove, (taskId, counts, proofs));
    }

    function _commitCall(
        uint256 taskId,
        uint256 modelCommitment,
        bool hasTrace
    ) private pure returns (bytes memory) {
        return
            hasTrace
                ? abi.encodeCall(
                    ITaskMarket.commitWithTrace,
                    (taskId, modelCommitment, bytes32(modelCommitment))
                )
                : abi.encodeCall(ITaskMarket.commit, (taskId, modelCommitment));
    }

    /// @dev The first task from a random one on whose state lies between the two; 0 if there is none.
    function _taskIn(uint256 seed, TaskState first, TaskState last) internal view returns (uint256) {
        uint256 count = market.taskCount();
        for (uint256 i = 0; i < count; ++i) {
            uint256 taskId = 1 + (((seed % count) + i) % count);
            uint8 state = uint8(market.task(taskId).state);
            if (state >= uint8(first) && state <= uint8(last)) return taskId;
        }
        return 0;
    }

    /// @dev The first account from a random one on whose submission is in this state; zero if there is none.
    function _proverIn(uint256 taskId, uint256 seed, SubmissionState state) internal view returns (address) {
        for (uint256 i = 0; i < ACTORS; ++i) {
            address prover = _accountOf((seed % ACTORS) + i);
            if (market.submission(taskId, prover).state == state) return prover;
        }
        return address(0);
    }
}
