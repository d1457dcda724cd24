// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITaskAuction} from "../../../contracts/interfaces/ITaskAuction.sol";
import {ITaskDraw} from "../../../contracts/interfaces/ITaskDraw.sol";
import {ITaskMarket} from "../../../contracts/interfaces/ITaskMarket.sol";
import {Auction, AuctionTerms} from "../../../contracts/types/Auction.sol";
import {DrawTerms, Enrolment, PoolState, TaskSeats} from "../../../contracts/types/Draw.sol";
import {Submission, SubmissionState} from "../../../contracts/types/Submission.sol";
import {RewardSplit, Task, TaskSpec, TaskState} from "../../../contracts/types/Task.sol";
import {TaskRules} from "../../../contracts/types/TaskRules.sol";
import {MarketHandler} from "./MarketHandler.sol";

/// @title AssignmentHandler
/// @notice Tasks that an auction or a draw assigns.
abstract contract AssignmentHandler is MarketHandler {
    /// @notice By task: the price at which it was locked; zero if it was not.
    mapping(uint256 taskId => uint256) public lockedPriceWei;

    /* AUCTION */

    function postAuction(
        uint256 who,
        uint256 what,
        uint256 reward,
        uint256 stake,
        uint256 shape
    ) public action {
        if (!_canPost()) return;
        TaskSpec memory spec = _newSpec(what, reward, stake, shape);
        spec.split = RewardSplit.FirstValid;
        spec.winners = 1;
        AuctionTerms memory terms;
        terms.minPriceWei = uint96(bound(shape >> 128, 1, spec.rewardWei));
        terms.startsAt = uint48(block.timestamp);
        terms.rampSeconds = uint48(bound(shape >> 144, 0, 1 hours));
        terms.lockDeadline = uint48(
            bound(
                shape >> 160,
                block.timestamp + (spec.commitDeadline - block.timestamp) / 2,
                spec.commitDeadline
            )
        );
        terms.exclusiveDeadline = uint48(bound(shape >> 176, terms.lockDeadline + 1, spec.proveDeadline));
        terms.collateralWei = uint96(bound(stake >> 96, 1, MAX_AMOUNT_WEI));
        TaskRules memory rules;
        rules.assignment = auction;
        rules.assignmentTerms = abi.encode(terms);
        _post(_accountOf(who), spec, rules);
    }

    function lockTask(uint256 which, uint256 who, bool isPaidFor) public action {
        uint256 taskId = _assignedTask(which, address(auction), TaskState.Posted, TaskState.Posted);
        if (taskId == 0) return;
        address prover = _accountOf(who);
        Auction memory a = auction.auction(taskId);
        bytes memory call = abi.encodeCall(ITaskAuction.lock, (taskId));
        bool isOpen = a.assignee == address(0) && block.timestamp <= a.lockDeadline && !market.paused();
        if (isOpen && isPaidFor) {
            Task memory t = market.task(taskId);
            _consent(prover, address(auction), a.collateralToken, a.collateralWei);
            uint256 priceWei = auction.priceWeiAt(taskId, block.timestamp);
            uint256 creditWei = market.creditOf(t.poster, t.rewardToken);
            _mustSucceed(prover, address(auction), call);
            uint256 returnedWei = market.creditOf(t.poster, t.rewardToken) - creditWei;
            assertEqual(returnedWei + priceWei, t.rewardWei, "price and what is returned");
            lockedPriceWei[taskId] = priceWei;
        } else if (!isOpen) {
            _mustRevert(prover, address(auction), call);
        }
        // Neither other callers nor a second lock.
        _mustRevert(prover, address(market), abi.encodeCall(ITaskMarket.lowerReward, (taskId, 1)));
    }

    /// @notice The assignee commits and proves, mostly in time.
    function workExclusively(uint256 which, uint256 correct) public action {
        uint256 taskId = _assignedTask(which, address(auction), TaskState.Posted, TaskState.Committed);
        if (taskId == 0) return;
        address assignee = auction.auction(taskId).assignee;
        if (assignee == address(0)) return;
        Task memory t = market.task(taskId);
        if (market.submission(taskId, assignee).state != SubmissionState.None) return;
        if (block.timestamp > t.commitDeadline || t.proverCount == t.maxProvers) return;
        if (t.stakeWei > 0) _consent(assignee, address(market), t.stakeToken, t.stakeWei);
        _mustSucceed(assignee, address(market), abi.encodeCall(ITaskMarket.commit, (taskId, 1)));
        prove(taskId - 1, _indexOf(assignee), correct, 1);
    }

    function settleCollateral(uint256 which) public action {
        uint256 taskId = _assignedTask(which, address(auction), TaskState.Posted, TaskState.Expired);
        if (taskId == 0) return;
        bytes memory call = abi.encodeCall(ITaskAuction.settleCollateral, (taskId));
        Auction memory a = auction.auction(taskId);
        (bool isDecided, address paid) = _collateralGoesTo(taskId, a);
        if (a.lockId != 0 && isDecided) {
            uint256 creditWei = vault.creditOf(paid, a.collateralToken);
            _mustSucceed(STRANGER, address(auction), call);
            if (paid != address(0)) {
                slashedWei[a.collateralToken] += a.collateralWei;
                creditWei = vault.creditOf(paid, a.collateralToken) - creditWei;
                assertEqual(creditWei, a.collateralWei / 2, "half of the collateral");
            }
        }
        _mustRevert(STRANGER, address(auction), call);
    }

    /* DRAW */

    function postDraw(uint256 who, uint256 what, uint256 reward, uint256 stake, uint256 shape) public action {
        if (!_canPost()) return;
        TaskSpec memory spec = _newSpec(what, reward, stake, shape);
        DrawTerms memory terms;
        terms.minWei = uint96(bound(stake >> 96, 1, MAX_AMOUNT_WEI));
        terms.capWei = uint96(bound(stake >> 176, terms.minWei, MAX_AMOUNT_WEI));
        terms.enrolBlocks = uint32(bound(shape >> 128, 1, 40));
        terms.turnBlocks = uint32(bound(shape >> 144, 8, 40));
        terms.seats = uint8(bound(shape >> 160, 1, spec.maxProvers));
        terms.maxRedraws = uint8(bound(shape >> 176, 0, 2));
        TaskRules memory rules;
        rules.assignment = draws;
        rules.assignmentTerms = abi.encode(terms);
        _post(_accountOf(who), spec, rules);
    }

    function enrol(uint256 which, uint256 who, uint256 stake) public action {
        uint256 taskId = _assignedTask(which, address(draws), TaskState.Posted, TaskState.Posted);
        if (taskId == 0) return;
        address account = _accountOf(who);
        PoolState memory pool = draws.poolOf(taskId);
        uint256 stakeWei = bound(stake, pool.minWei, uint256(pool.capWei) * 2);
        _consent(account, address(draws), pool.token, pool.capWei);
        bytes memory call = abi.encodeCall(ITaskDraw.enrol, (taskId, stakeWei));
        bool isOpen = block.number <= pool.lastEnrolBlock && !market.paused();
        if (isOpen && draws.enrolmentOf(taskId, account).weightWei == 0) {
            _mustSucceed(account, address(draws), call);
        }
        _mustRevert(account, address(draws), call);
    }

    function drawSeats(uint256 which, bool isPatient) public action {
        uint256 taskId = _assignedTask(which, address(draws), TaskState.Posted, TaskState.Expired);
        if (taskId == 0) return;
        TaskSeats memory s = draws.taskSeats(taskId);
        bool isPossible =
            draws.poolOf(taskId).enrolledCount > 0 &&
                !s.isOpen &&
                block.timestamp <= s.commitDeadline &&
                market.proverCount(taskId) < s.seats;
        if (isPossible && isPatient && block.number <= s.drawBlock) CHEATS.roll(s.drawBlock + 1);
        bytes memory call = abi.encodeCall(ITaskDraw.draw, (taskId));
        if (isPossible && block.number > s.drawBlock) _mustSucceed(STRANGER, address(draws), call);
        else _mustRevert(STRANGER, address(draws), call);
    }

    /// @notice Somebody drawn commits.
    function takeSeat(uint256 which, uint256 who, uint256 correct) public action {
        uint256 taskId = _assignedTask(which, address(draws), TaskState.Posted, TaskState.Proven);
        if (taskId == 0) return;
        address[] memory drawn = draws.drawnAccounts(taskId);
        if (drawn.length == 0) return;
        uint256 index = _indexOf(drawn[who % drawn.length]);
        commit(taskId - 1, index, correct);
        if (who % 3 == 0) prove(taskId - 1, index, correct, 1);
    }

    function leave(uint256 which, uint256 who) public action {
        uint256 taskId = _assignedTask(which, address(draws), TaskState.Posted, TaskState.Expired);
        if (taskId == 0) return;
        address account = _accountOf(who);
        bytes memory call = abi.encodeCall(ITaskDraw.leave, (taskId));
        if (_mayLeave(taskId, account)) _mustSucceed(account, address(draws), call);
        _mustRevert(account, address(draws), call);
    }

    function passBlocks(uint256 count) public action {
        CHEATS.roll(block.number + bound(count, 1, 20));
    }

    /// @dev The table of `ITaskAuction`, for tasks without a seal; zero releases the collateral.
    function _collateralGoesTo(
        uint256 taskId,
        Auction memory a
    ) private view returns (bool isDecided, address paid) {
        Submission memory s = market.submission(taskId, a.assignee);
        Task memory t = market.task(taskId);
        uint256 exclusiveDeadline = uint256(a.lockDeadline) + a.exclusiveSeconds;
        if (s.provenAt != 0 && s.provenAt <= exclusiveDeadline) return (true, address(0));
        if (t.state == TaskState.Settled) return (true, t.leader);
        if (t.state == TaskState.Expired) return (true, t.poster);
        return (false, address(0));
    }

    /// @dev Who is neither needed for a draw nor for a seat.
    function _mayLeave(uint256 taskId, address account) private view returns (bool) {
        Enrolment memory e = draws.enrolmentOf(taskId, account);
        if (e.lockId == 0) return false;
        TaskSeats memory s = draws.taskSeats(taskId);
        uint8 state = uint8(market.task(taskId).state);
        if (state >= uint8(TaskState.Settled) || block.timestamp > s.commitDeadline || s.isOpen) return true;
        if (e.round == 0) return s.round != 0 && market.proverCount(taskId) == s.seats;
        return e.round < s.round || market.submission(taskId, account).state != SubmissionState.None;
    }

    /// @dev The first task from a random one on that `assignment` assigns; 0 if there is none.
    function _assignedTask(
        uint256 seed,
        address assignment,
        TaskState first,
        TaskState last
    ) private view returns (uint256) {
        uint256 count = market.taskCount();
        for (uint256 i = 0; i < count; ++i) {
            uint256 taskId = 1 + (((seed % count) + i) % count);
            Task memory t = market.task(taskId);
            if (t.assignment != assignment) continue;
            if (uint8(t.state) >= uint8(first) && uint8(t.state) <= uint8(last)) return taskId;
        }
        return 0;
    }

    function _indexOf(address account) internal view returns (uint256 index) {
        while (_accountOf(index) != account) ++index;
    }
}
