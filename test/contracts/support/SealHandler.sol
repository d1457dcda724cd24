// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITestSetSeal} from "../../../contracts/interfaces/ITestSetSeal.sol";
import {G1Point} from "../../../contracts/types/Proof.sol";
import {Demand, OpenedWord, SealedSet, SealTerms} from "../../../contracts/types/Seal.sol";
import {SubmissionState} from "../../../contracts/types/Submission.sol";
import {Task, TaskSpec, TaskState} from "../../../contracts/types/Task.sol";
import {TaskRules} from "../../../contracts/types/TaskRules.sol";
import {MarketHandler} from "./MarketHandler.sol";
import {Revealed, SealedWords} from "./SealedWords.sol";

/// @title SealHandler
/// @notice Tasks with sealed test sets, revealed rightly, wrongly, or not at all.
abstract contract SealHandler is MarketHandler {
    /// @notice By task: what its poster revealed, if it did.
    mapping(uint256 taskId => Revealed) public revealed;

    function postSealed(
        uint256 who,
        uint256 what,
        uint256 reward,
        uint256 stake,
        uint256 shape
    ) public action {
        if (!_canPost()) return;
        TaskSpec memory spec = _newSpec(what, reward, stake, shape);
        spec.dataPoints = new G1Point[](1);
        spec.dataPoints[0] = SealedWords.dataPoint();
        spec.commitDeadline = uint48(block.timestamp + bound(shape >> 64, 1, 30 minutes));
        SealTerms memory terms;
        terms.disputeSeconds = 30 minutes;
        terms.unsealDeadline = spec.commitDeadline + uint48(bound(shape >> 96, 1, 30 minutes));
        spec.proveDeadline = terms.unsealDeadline + 3 * terms.disputeSeconds;
        terms.bondToken = _tokenOf(what >> 2);
        terms.bondWei = uint96(bound(stake >> 96, spec.rewardWei / 10 + 10, MAX_AMOUNT_WEI));
        terms.demandWei = uint96(bound(stake >> 192, 1, terms.bondWei / 10));
        terms.wordsPerShard = uint32(SealedWords.WORDS);
        terms.basesRoot = SealedWords.basesRoot();
        TaskRules memory rules;
        rules.seal = seal;
        rules.sealTerms = terms;
        address poster = _accountOf(who);
        _consent(poster, address(seal), terms.bondToken, terms.bondWei);
        _post(poster, spec, rules);
    }

    /// @notice Provers commit to a sealed task, and its poster reveals once it may.
    function fillAndReveal(uint256 which, uint256 who, uint256 how, bool isTwo) public action {
        uint256 taskId = _sealedTask(which, TaskState.Posted, TaskState.Committed);
        if (taskId == 0) return;
        commit(taskId - 1, who, how);
        // Another account: the number of neither may overflow.
        if (isTwo) commit(taskId - 1, who ^ 1, how);
        uint256 deadline = market.task(taskId).commitDeadline;
        if (block.timestamp <= deadline) CHEATS.warp(deadline + 1);
        reveal(taskId - 1, how);
    }

    function reveal(uint256 which, uint256 how) public action {
        uint256 taskId = _sealedTask(which, TaskState.Posted, TaskState.Expired);
        if (taskId == 0) return;
        Task memory t = market.task(taskId);
        SealedSet memory s = seal.sealedSet(taskId);
        Revealed kind =
            how % 4 == 0
                ? Revealed.WrongStep
                : how % 4 == 1
                    ? Revealed.WrongEnd
                    : Revealed.Right;
        bytes memory call = abi.encodeCall(ITestSetSeal.reveal, (taskId, SealedWords.root(kind), ""));
        _mustRevert(STRANGER, address(seal), call);
        bool isOpen =
            s.bondLockId != 0 &&
                s.openingRoot == 0 &&
                t.proverCount > 0 &&
                block.timestamp > t.commitDeadline &&
                block.timestamp <= seal.terms(taskId).unsealDeadline;
        if (isOpen) {
            _mustSucceed(t.poster, address(seal), call);
            revealed[taskId] = kind;
        }
        _mustRevert(t.poster, address(seal), call);
    }

    function demand(uint256 which, uint256 who, uint256 chunk) public action {
        uint256 taskId = _sealedTask(which, TaskState.Committed, TaskState.Expired);
        if (taskId == 0) return;
        chunk %= SealedWords.CHUNKS;
        address prover = _accountOf(who);
        SealTerms memory terms = seal.terms(taskId);
        _consent(prover, address(seal), terms.bondToken, terms.demandWei);
        bool isOpen =
            _isUndecided(taskId) &&
                seal.demandOf(taskId, chunk).prover == address(0) &&
                market.submission(taskId, prover).state != SubmissionState.None &&
                block.timestamp <= terms.unsealDeadline + terms.disputeSeconds;
        bytes memory call = abi.encodeCall(ITestSetSeal.demand, (taskId, chunk));
        if (isOpen) _mustSucceed(prover, address(seal), call);
        _mustRevert(prover, address(seal), call);
    }

    function answer(uint256 which, uint256 chunk) public action {
        uint256 taskId = _sealedTask(which, TaskState.Committed, TaskState.Expired);
        if (taskId == 0) return;
        chunk %= SealedWords.CHUNKS;
        SealTerms memory terms = seal.terms(taskId);
        (OpenedWord[] memory values, bytes32[] memory path) = SealedWords.chunk(revealed[taskId], chunk);
        bytes memory call = abi.encodeCall(ITestSetSeal.answer, (taskId, chunk, values, path));
        bool isOpen =
            _isUndecided(taskId) &&
                seal.demandOf(taskId, chunk).lockId != 0 &&
                block.timestamp <= terms.unsealDeadline + 2 * terms.disputeSeconds;
        if (isOpen) {
            _mustSucceed(STRANGER, address(seal), call);
            slashedWei[terms.bondToken] += terms.demandWei;
        }
        _mustRevert(STRANGER, address(seal), call);
    }

    /// @notice A wrong opening loses the bond, a right one never.
    function dispute(uint256 which) public action {
        uint256 taskId = _sealedTask(which, TaskState.Committed, TaskState.Expired);
        if (taskId == 0) return;
        Revealed kind = revealed[taskId];
        (OpenedWord memory last, bytes32[] memory path) = SealedWords.end(kind);
        bytes memory ofEnd = abi.encodeCall(ITestSetSeal.disputeEnd, (taskId, 0, last, path));
        bytes memory ofStep = abi.encodeCall(ITestSetSeal.disputeStep, (taskId, SealedWords.lastStep(kind)));
        bool canWin = _isUndecided(taskId) && kind != Revealed.Right;
        if (canWin) {
            _mustRevert(STRANGER, address(seal), kind == Revealed.WrongEnd ? ofStep : ofEnd);
            _mustSucceed(STRANGER, address(seal), kind == Revealed.WrongEnd ? ofEnd : ofStep);
        }
        _mustRevert(STRANGER, address(seal), ofEnd);
        _mustRevert(STRANGER, address(seal), ofStep);
    }

    function forfeit(uint256 which) public action {
        uint256 taskId = _sealedTask(which, TaskState.Posted, TaskState.Expired);
        if (taskId == 0) return;
        SealTerms memory terms = seal.terms(taskId);
        SealedSet memory s = seal.sealedSet(taskId);
        uint256 deadline = terms.unsealDeadline + (s.openingRoot == 0 ? 0 : 2 * terms.disputeSeconds);
        bool isOwed = s.openingRoot == 0 ? market.proverCount(taskId) > 0 : s.openDemands > 0;
        bytes memory call = abi.encodeCall(ITestSetSeal.forfeit, (taskId));
        if (s.bondLockId != 0 && !s.hasForfeited && isOwed && block.timestamp > deadline) {
            _mustSucceed(STRANGER, address(seal), call);
        }
        _mustRevert(STRANGER, address(seal), call);
    }

    function claimBond(uint256 which, uint256 who) public action {
        uint256 taskId = _sealedTask(which, TaskState.Committed, TaskState.Expired);
        if (taskId == 0) return;
        address prover = _accountOf(who);
        bytes memory call = abi.encodeCall(ITestSetSeal.claimBond, (taskId, prover));
        bool isDue =
            seal.hasForfeited(taskId) &&
                !seal.hasClaimed(taskId, prover) &&
                market.submission(taskId, prover).state != SubmissionState.None;
        if (isDue) {
            SealTerms memory terms = seal.terms(taskId);
            _mustSucceed(STRANGER, address(seal), call);
            uint256 proverCount = market.proverCount(taskId);
            bool isLast = seal.sealedSet(taskId).claimedCount == proverCount;
            uint256 remainderWei = isLast ? terms.bondWei % proverCount : 0;
            slashedWei[terms.bondToken] += terms.bondWei / proverCount + remainderWei;
        }
        _mustRevert(STRANGER, address(seal), call);
    }

    function releaseDemand(uint256 which, uint256 chunk) public action {
        uint256 taskId = _sealedTask(which, TaskState.Committed, TaskState.Expired);
        if (taskId == 0) return;
        chunk %= SealedWords.CHUNKS;
        Demand memory d = seal.demandOf(taskId, chunk);
        bytes memory call = abi.encodeCall(ITestSetSeal.releaseDemand, (taskId, chunk));
        if (d.lockId != 0 && seal.hasForfeited(taskId)) _mustSucceed(STRANGER, address(seal), call);
        _mustRevert(STRANGER, address(seal), call);
    }

    function releaseBond(uint256 which) public action {
        uint256 taskId = _sealedTask(which, TaskState.Posted, TaskState.Expired);
        if (taskId == 0) return;
        Task memory t = market.task(taskId);
        SealedSet memory s = seal.sealedSet(taskId);
        bool isOver = s.openingRoot != 0 && s.openDemands == 0 && block.timestamp > t.proveDeadline;
        if (t.proverCount == 0) isOver = t.state == TaskState.Cancelled || t.state == TaskState.Expired;
        bytes memory call = abi.encodeCall(ITestSetSeal.releaseBond, (taskId));
        if (s.bondLockId != 0 && !s.hasForfeited && isOver) _mustSucceed(STRANGER, address(seal), call);
        _mustRevert(STRANGER, address(seal), call);
    }

    /// @dev Whether the test set is revealed, and its bond neither lost nor released.
    function _isUndecided(uint256 taskId) private view returns (bool) {
        SealedSet memory s = seal.sealedSet(taskId);
        return s.openingRoot != 0 && !s.hasForfeited && s.bondLockId != 0;
    }

    /// @dev The first sealed task from a random one on; 0 if there is none.
    function _sealedTask(uint256 seed, TaskState first, TaskState last) private view returns (uint256) {
        uint256 count = market.taskCount();
        for (uint256 i = 0; i < count; ++i) {
            uint256 taskId = 1 + (((seed % count) + i) % count);
            Task memory t = market.task(taskId);
            if (t.seal == address(0)) continue;
            if (uint8(t.state) >= uint8(first) && uint8(t.state) <= uint8(last)) return taskId;
        }
        return 0;
    }
}
