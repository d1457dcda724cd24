// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICommittees} from "../../../contracts/interfaces/ICommittees.sol";
import {Committee, CommitteeTerms, Enrolment, PoolState} from "../../../contracts/types/Draw.sol";
import {AssignmentHandler} from "./AssignmentHandler.sol";

/// @title CommitteeHandler
/// @notice Committees of auditors, some of which their controller slashes.
abstract contract CommitteeHandler is AssignmentHandler {
    uint256 private constant MAX_COMMITTEES = 4;

    function openCommittee(uint256 what, uint256 stake, uint256 shape) public action {
        if (committees.committeeCount() == MAX_COMMITTEES) return;
        CommitteeTerms memory terms;
        terms.token = _tokenOf(what);
        terms.minWei = uint96(bound(stake, 1, MAX_AMOUNT_WEI));
        terms.capWei = uint96(bound(stake >> 96, terms.minWei, MAX_AMOUNT_WEI));
        terms.enrolBlocks = uint32(bound(shape, 1, 40));
        terms.seats = uint8(bound(shape >> 32, 1, ACTORS));
        terms.endsAt = uint48(block.timestamp + bound(shape >> 64, 1, 2 hours));
        CHEATS.prank(SLASHER);
        committees.open(terms);
    }

    function enrolAuditor(uint256 which, uint256 who, uint256 stake) public action {
        uint256 id = _committeeOf(which);
        if (id == 0) return;
        address auditor = _accountOf(who);
        PoolState memory pool = committees.poolOf(id);
        _consent(auditor, address(committees), pool.token, pool.capWei);
        uint256 stakeWei = bound(stake, pool.minWei, uint256(pool.capWei) * 2);
        bytes memory call = abi.encodeCall(ICommittees.enrol, (id, stakeWei));
        bool isOpen = block.number <= pool.lastEnrolBlock && !market.paused() && !isCommitteeOver(id);
        if (isOpen && committees.enrolmentOf(id, auditor).weightWei == 0) {
            _mustSucceed(auditor, address(committees), call);
        }
        _mustRevert(auditor, address(committees), call);
    }

    function drawCommittee(uint256 which, bool isPatient) public action {
        uint256 id = _committeeOf(which);
        if (id == 0) return;
        uint256 drawBlock = committees.committee(id).drawBlock;
        bool isPossible =
            committees.poolOf(id).enrolledCount > 0 &&
                committees.members(id).length == 0 &&
                !isCommitteeOver(id);
        if (isPossible && isPatient && block.number <= drawBlock) CHEATS.roll(drawBlock + 1);
        bytes memory call = abi.encodeCall(ICommittees.draw, (id));
        if (isPossible && block.number > drawBlock) _mustSucceed(STRANGER, address(committees), call);
        _mustRevert(STRANGER, address(committees), call);
    }

    function slashMember(uint256 which, uint256 who, uint256 amount, uint256 beneficiary) public action {
        uint256 id = _committeeOf(which);
        if (id == 0) return;
        address member = _accountOf(who);
        address token = committees.poolOf(id).token;
        Enrolment memory e = committees.enrolmentOf(id, member);
        uint256 leftWei = e.weightWei - committeeSlashedWei[id][member];
        bytes memory call = abi.encodeCall(
            ICommittees.slash,
            (id, member, leftWei + 1, _accountOf(beneficiary))
        );
        _mustRevert(SLASHER, address(committees), call);
        amount = bound(amount, 1, leftWei == 0 ? 1 : leftWei);
        call = abi.encodeCall(ICommittees.slash, (id, member, amount, _accountOf(beneficiary)));
        _mustRevert(member, address(committees), call);
        if (leftWei > 0 && committees.isMember(id, member)) {
            _mustSucceed(SLASHER, address(committees), call);
            committeeSlashedWei[id][member] += amount;
            slashedWei[token] += amount;
        } else {
            _mustRevert(SLASHER, address(committees), call);
        }
    }

    function dissolve(uint256 which, uint256 chance) public action {
        uint256 id = _committeeOf(which);
        if (id == 0 || chance % 4 != 0) return;
        bytes memory call = abi.encodeCall(ICommittees.dissolve, (id));
        _mustRevert(STRANGER, address(committees), call);
        if (!isCommitteeOver(id)) _mustSucceed(SLASHER, address(committees), call);
        _mustRevert(SLASHER, address(committees), call);
    }

    function leaveCommittee(uint256 which, uint256 who) public action {
        uint256 id = _committeeOf(which);
        if (id == 0) return;
        address auditor = _accountOf(who);
        Enrolment memory e = committees.enrolmentOf(id, auditor);
        bool isFree = isCommitteeOver(id) || (e.round == 0 && committees.members(id).length > 0);
        bytes memory call = abi.encodeCall(ICommittees.leave, (id));
        if (e.lockId != 0 && isFree) _mustSucceed(auditor, address(committees), call);
        _mustRevert(auditor, address(committees), call);
    }

    function isCommitteeOver(uint256 id) public view returns (bool) {
        Committee memory c = committees.committee(id);
        return block.timestamp > c.endsAt;
    }

    function _committeeOf(uint256 seed) private view returns (uint256) {
        uint256 count = committees.committeeCount();
        return count == 0 ? 0 : 1 + (seed % count);
    }
}
