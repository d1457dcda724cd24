// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Auction} from "../../../contracts/types/Auction.sol";
import {DrawEntry, Enrolment, TaskSeats} from "../../../contracts/types/Draw.sol";
import {SealedSet} from "../../../contracts/types/Seal.sol";
import {Submission, SubmissionState} from "../../../contracts/types/Submission.sol";
import {Task} from "../../../contracts/types/Task.sol";
import {AssignmentHandler} from "./AssignmentHandler.sol";
import {Checked} from "./Checked.sol";

/// @title RuleInvariants
/// @notice What holds of tasks that are auctioned or drawn, of committees and of sealed test sets.
abstract contract RuleInvariants is Checked {
    function _checkAuctions() internal view {
        for (uint256 taskId = 1; taskId <= _market.taskCount(); ++taskId) {
            Task memory t = _market.task(taskId);
            if (t.assignment != address(_auction)) continue;
            Auction memory a = _auction.auction(taskId);
            _priceIsTheOneOfTheLock(taskId, t, a);
            _assigneeWorksAlone(taskId, a);
        }
    }

    function _checkDraws() internal view {
        for (uint256 taskId = 1; taskId <= _market.taskCount(); ++taskId) {
            Task memory t = _market.task(taskId);
            if (t.assignment != address(_draws)) continue;
            _weightsAddUp(taskId);
            _proversAreThoseDrawn(taskId, t);
            _drawnAccountsDiffer(taskId);
        }
    }

    function _checkCommittees() internal view {
        _membersHaveStakeToTheEnd();
    }

    function _checkSeals() internal view {
        for (uint256 taskId = 1; taskId <= _market.taskCount(); ++taskId) {
            Task memory t = _market.task(taskId);
            if (t.seal == address(0)) continue;
            SealedSet memory s = _seal.sealedSet(taskId);
            _openDemandsAreCounted(taskId, s);
            _bondOutlastsTheDuty(t, s);
            _nobodyProvesASealedSet(t, s);
            _claimsAreOfThoseCommitted(taskId, t, s);
        }
    }

    /* AUCTIONS */

    /// @notice The reward is what was posted until somebody locks, and the price of that second from then on.
    function _priceIsTheOneOfTheLock(uint256 taskId, Task memory t, Auction memory a) private view {
        uint256 lockedWei = AssignmentHandler(address(_world)).lockedPriceWei(taskId);
        assertTrue((a.assignee != address(0)) == (lockedWei != 0), "locked once");
        assertEqual(t.rewardWei, lockedWei == 0 ? a.maxPriceWei : lockedWei, "price");
        assertAtMost(a.minPriceWei, t.rewardWei, "lowest price");
    }

    /// @notice Nobody but the assignee has committed before its exclusive time has passed.
    function _assigneeWorksAlone(uint256 taskId, Auction memory a) private view {
        if (block.timestamp > uint256(a.lockDeadline) + a.exclusiveSeconds) return;
        uint256 others = _market.proverCount(taskId);
        if (_market.submission(taskId, a.assignee).state != SubmissionState.None) --others;
        assertEqual(others, 0, "others in the exclusive time");
    }

    /* DRAWS */

    /// @notice Entries carry the sums of the weights before them, each of an account that is enrolled.
    function _weightsAddUp(uint256 taskId) private view {
        uint256 sumWei;
        for (uint256 i = 0; i < _draws.poolOf(taskId).enrolledCount; ++i) {
            DrawEntry memory entry = _draws.entryAt(taskId, i);
            sumWei += _draws.enrolmentOf(taskId, entry.account).weightWei;
            assertEqual(entry.cumulativeWei, sumWei, "cumulative weight");
        }
    }

    /// @notice Who committed was drawn, no more than there are seats, until everybody enrolled may.
    function _proversAreThoseDrawn(uint256 taskId, Task memory t) private view {
        TaskSeats memory seats = _draws.taskSeats(taskId);
        if (!seats.isOpen) assertAtMost(t.proverCount, seats.seats, "seats");
        address[] memory accounts = _world.accounts();
        for (uint256 i = 0; i < accounts.length; ++i) {
            if (_market.submission(taskId, accounts[i]).state == SubmissionState.None) continue;
            Enrolment memory e = _draws.enrolmentOf(taskId, accounts[i]);
            assertTrue(e.weightWei != 0 && (e.round != 0 || seats.isOpen), "a prover was drawn");
        }
    }

    /// @notice Nobody is drawn twice, and each drawn account knows its draw.
    function _drawnAccountsDiffer(uint256 taskId) private view {
        address[] memory drawn = _draws.drawnAccounts(taskId);
        uint8 rounds = _draws.taskSeats(taskId).round;
        for (uint256 i = 0; i < drawn.length; ++i) {
            uint8 round = _draws.enrolmentOf(taskId, drawn[i]).round;
            assertTrue(round != 0 && round <= rounds, "draw of an account");
            for (uint256 j = 0; j < i; ++j) assertTrue(drawn[i] != drawn[j], "drawn once");
        }
    }

    /* COMMITTEES */

    /// @notice As long as a committee is one, its members' stake is locked, less what was slashed.
    function _membersHaveStakeToTheEnd() private view {
        for (uint256 id = 1; id <= _committees.committeeCount(); ++id) {
            address token = _committees.poolOf(id).token;
            address[] memory members = _committees.members(id);
            for (uint256 i = 0; i < members.length; ++i) {
                if (!_committees.isMember(id, members[i])) continue;
                Enrolment memory e = _committees.enrolmentOf(id, members[i]);
                uint256 lockedWei = _vault.lockOf(address(_committees), token, e.lockId).amountWei;
                uint256 slashedWei = _world.committeeSlashedWei(id, members[i]);
                assertEqual(lockedWei + slashedWei, e.weightWei, "stake of a member");
            }
        }
    }

    /* SEALS */

    /// @notice The count of open demands is that of the demands whose stake is locked.
    function _openDemandsAreCounted(uint256 taskId, SealedSet memory s) private view {
        uint256 count;
        for (uint256 chunk = 0; chunk < _seal.chunkCount(taskId); ++chunk) {
            if (_seal.demandOf(taskId, chunk).lockId != 0) ++count;
        }
        assertEqual(s.openDemands, count, "open demands");
    }

    /// @notice A bond that is neither lost nor released is there as long as its poster owes something: whoever committed was
    ///         shown the test set and could prove to the end.
    function _bondOutlastsTheDuty(Task memory t, SealedSet memory s) private view {
        if (s.bondLockId != 0 || s.hasForfeited || t.proverCount == 0) return;
        assertTrue(s.openingRoot != 0, "released without a reveal");
        assertEqual(s.openDemands, 0, "released with an open demand");
        assertTrue(block.timestamp > t.proveDeadline, "released in time to prove");
    }

    /// @notice No proof was accepted of a test set that is not revealed.
    function _nobodyProvesASealedSet(Task memory t, SealedSet memory s) private pure {
        if (s.openingRoot == 0) assertEqual(t.provenCount, 0, "proofs of a sealed test set");
    }

    /// @notice Parts of a lost bond were taken by provers that committed, once each; the last one closes it.
    function _claimsAreOfThoseCommitted(uint256 taskId, Task memory t, SealedSet memory s) private view {
        uint256 count;
        address[] memory accounts = _world.accounts();
        for (uint256 i = 0; i < accounts.length; ++i) {
            if (!_seal.hasClaimed(taskId, accounts[i])) continue;
            ++count;
            Submission memory submission = _market.submission(taskId, accounts[i]);
            assertTrue(submission.state != SubmissionState.None, "a claim of a prover");
        }
        assertEqual(s.claimedCount, count, "claims of a bond");
        bool isClosed = s.hasForfeited && s.bondLockId == 0;
        assertTrue(isClosed == (count > 0 && count == t.proverCount), "the last claim closes the bond");
    }
}
