// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {StubTrainingAudit} from "../../../contracts/mocks/StubTrainingAudit.sol";
import {SealedSet} from "../../../contracts/types/Seal.sol";
import {Submission, SubmissionState} from "../../../contracts/types/Submission.sol";
import {RewardSplit, Task, TaskState} from "../../../contracts/types/Task.sol";
import {Checked} from "./Checked.sol";
import {World} from "./World.sol";

/// @title FullWithdrawal
/// @notice The end of every run: all that is open ends, and everybody takes out everything.
abstract contract FullWithdrawal is Checked {
    /// @notice Nothing but donations is left.
    function _withdrawEverything() internal {
        CHEATS.warp(block.timestamp + 365 days);
        for (uint256 taskId = 1; taskId <= _market.taskCount(); ++taskId) _endTask(taskId);
        for (uint256 id = 1; id <= _committees.committeeCount(); ++id) _endCommittee(id);
        _releaseForeignLocks();
        address[2] memory tokens = _world.tokens();
        for (uint256 k = 0; k < tokens.length; ++k) _takeAll(tokens[k]);
        for (uint256 k = 0; k < tokens.length; ++k) {
            uint256 vaultWei = _world.balanceOf(tokens[k], address(_vault));
            uint256 marketWei = _world.balanceOf(tokens[k], address(_market));
            assertEqual(vaultWei, _world.donatedToVaultWei(tokens[k]), "residue in the vault");
            assertEqual(marketWei, _world.donatedToMarketWei(tokens[k]), "residue in the market");
        }
    }

    function _endTask(uint256 taskId) private {
        Task memory t = _market.task(taskId);
        if (t.seal != address(0) && t.proverCount > 0) _forfeitIfOwed(taskId);
        if (t.state == TaskState.Posted || t.state == TaskState.Committed) _market.expire(taskId);
        if (t.state == TaskState.Proven) _market.settle(taskId);
        address[] memory accounts = _world.accounts();
        for (uint256 i = 0; i < accounts.length; ++i) {
            Submission memory s = _market.submission(taskId, accounts[i]);
            bool isProRata = t.split == RewardSplit.ProRata;
            if (isProRata && s.state == SubmissionState.Proven) _market.claim(taskId, accounts[i]);
            if (s.lockId != 0) _freeStake(taskId, accounts[i], s);
        }
        if (t.assignment == address(_auction)) {
            if (_auction.auction(taskId).lockId != 0) _auction.settleCollateral(taskId);
        } else if (t.assignment != address(0)) {
            for (uint256 i = 0; i < accounts.length; ++i) {
                if (_draws.enrolmentOf(taskId, accounts[i]).lockId == 0) continue;
                CHEATS.prank(accounts[i]);
                _draws.leave(taskId);
            }
        }
        if (t.seal != address(0)) _endSeal(taskId);
    }

    function _forfeitIfOwed(uint256 taskId) private {
        SealedSet memory s = _seal.sealedSet(taskId);
        bool isOwed = s.openingRoot == 0 || s.openDemands > 0;
        if (isOwed && !s.hasForfeited && s.bondLockId != 0) _seal.forfeit(taskId);
    }

    function _endSeal(uint256 taskId) private {
        bool hasForfeited = _seal.hasForfeited(taskId);
        if (!hasForfeited) {
            if (_seal.sealedSet(taskId).bondLockId != 0) _seal.releaseBond(taskId);
            return;
        }
        for (uint256 chunk = 0; chunk < _seal.chunkCount(taskId); ++chunk) {
            if (_seal.demandOf(taskId, chunk).lockId != 0) _seal.releaseDemand(taskId, chunk);
        }
        address[] memory accounts = _world.accounts();
        for (uint256 i = 0; i < accounts.length; ++i) {
            bool isProver = _market.submission(taskId, accounts[i]).state != SubmissionState.None;
            bool isDue = isProver && !_seal.hasClaimed(taskId, accounts[i]);
            if (isDue) _seal.claimBond(taskId, accounts[i]);
        }
    }

    function _endCommittee(uint256 id) private {
        address[] memory accounts = _world.accounts();
        for (uint256 i = 0; i < accounts.length; ++i) {
            if (_committees.enrolmentOf(id, accounts[i]).lockId == 0) continue;
            CHEATS.prank(accounts[i]);
            _committees.leave(id);
        }
    }

    /// @dev Whoever has not passed an audit by now has failed it.
    function _freeStake(uint256 taskId, address prover, Submission memory s) private {
        StubTrainingAudit audit = _world.audit();
        bool isAudited = _market.task(taskId).trainingAudit != address(0);
        if (isAudited && s.state == SubmissionState.Committed && !audit.hasPassed(taskId, prover)) {
            audit.fail(taskId, prover);
            _market.slashStake(taskId, prover);
        } else {
            _market.releaseStake(taskId, prover);
        }
    }

    function _releaseForeignLocks() private {
        World.ForeignLock[] memory locks = _world.foreignLocks();
        for (uint256 i = 0; i < locks.length; ++i) {
            CHEATS.prank(_world.SLASHER());
            _vault.release(locks[i].token, locks[i].lockId);
        }
    }

    function _takeAll(address token) private {
        address[] memory accounts = _world.accounts();
        for (uint256 i = 0; i < accounts.length; ++i) {
            address account = accounts[i];
            uint256 freeWei = _vault.balanceOf(account, token).freeWei;
            if (freeWei > 0) {
                CHEATS.prank(account);
                _vault.requestUnbonding(token, freeWei);
            }
            CHEATS.warp(block.timestamp + _vault.unbondingSeconds());
            if (_vault.unbondingOf(account, token).amountWei > 0) {
                CHEATS.prank(account);
                _vault.withdraw(token);
            }
            if (_vault.creditOf(account, token) > 0) {
                CHEATS.prank(account);
                _vault.withdrawCredit(token);
            }
            if (_market.creditOf(account, token) > 0) {
                CHEATS.prank(account);
                _market.withdraw(token);
            }
        }
        if (_vault.creditOf(_vault.BURN_ADDRESS(), token) > 0) _vault.burnSlashed(token);
    }
}
