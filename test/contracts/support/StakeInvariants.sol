// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Auction} from "../../../contracts/types/Auction.sol";
import {Enrolment} from "../../../contracts/types/Draw.sol";
import {Demand, SealedSet, SealTerms} from "../../../contracts/types/Seal.sol";
import {StakeBalance} from "../../../contracts/types/Stake.sol";
import {Task} from "../../../contracts/types/Task.sol";
import {Checked} from "./Checked.sol";
import {World} from "./World.sol";

/// @title StakeInvariants
/// @notice What holds of stake, whoever locked it.
abstract contract StakeInvariants is Checked {
    uint256 private constant BY_MARKET = 0;
    uint256 private constant BY_SLASHER = 1;
    uint256 private constant BY_AUCTION = 2;
    uint256 private constant BY_DRAW = 3;
    uint256 private constant BY_COMMITTEES = 4;
    uint256 private constant BY_SEAL = 5;

    /// @dev Stake that open locks must hold, by token, locker (in the order of `World.lockers`) and account.
    struct OpenLocks {
        uint256[5][6][2] wei_;
    }

    function _checkStake() internal view {
        _vaultBalanceEqualsStakesAndCredits();
        _stakeIsConserved();
        _lockedStakeEqualsOpenLocks();
        _halfOfSlashedStakeBurns();
        _contractsOwnNothing();
    }

    /// @notice The vault holds exactly free, locked and unbonding stake, credits, and what was donated.
    function _vaultBalanceEqualsStakesAndCredits() private view {
        address[2] memory tokens = _world.tokens();
        for (uint256 k = 0; k < tokens.length; ++k) {
            address token = tokens[k];
            uint256 owedWei = _owedStakeWei(token) + _slashCreditsWei(token);
            uint256 heldWei = _world.balanceOf(token, address(_vault)) - _world.donatedToVaultWei(token);
            assertEqual(heldWei, owedWei, "vault balance");
        }
    }

    /// @notice What came into the vault left it as withdrawals, burns and credits, or is still there.
    function _stakeIsConserved() private view {
        address[2] memory tokens = _world.tokens();
        for (uint256 k = 0; k < tokens.length; ++k) {
            address token = tokens[k];
            uint256 leftWei =
                _world.withdrawnStakeWei(token) +
                    _world.burnedWei(token) +
                    _world.withdrawnSlashCreditWei(token);
            uint256 stillThereWei = _owedStakeWei(token) + _slashCreditsWei(token);
            assertEqual(leftWei + stillThereWei, _world.depositedWei(token), "deposits");
        }
    }

    /// @notice The locked stake of an account, and each locker's share of it, is what that locker's records say: provers' stakes,
    ///         collateral, enrolments, bonds and demands.
    function _lockedStakeEqualsOpenLocks() private view {
        OpenLocks memory open;
        _addForeignLocks(open);
        _addTaskLocks(open);
        _addCommitteeLocks(open);
        address[2] memory tokens = _world.tokens();
        address[6] memory lockers = _world.lockers();
        address[] memory accounts = _world.accounts();
        for (uint256 k = 0; k < tokens.length; ++k) {
            for (uint256 i = 0; i < accounts.length; ++i) {
                uint256 sumWei;
                for (uint256 l = 0; l < lockers.length; ++l) {
                    uint256 lockedWei = _vault.approvalOf(accounts[i], lockers[l], tokens[k]).lockedWei;
                    assertEqual(lockedWei, open.wei_[k][l][i], _lockedBy(l));
                    sumWei += lockedWei;
                }
                uint256 balanceWei = _vault.balanceOf(accounts[i], tokens[k]).lockedWei;
                assertEqual(balanceWei, sumWei, "locked stake");
            }
        }
    }

    /// @notice At least half of all slashed stake is burned, and all of it is burned or credited.
    function _halfOfSlashedStakeBurns() private view {
        address[2] memory tokens = _world.tokens();
        for (uint256 k = 0; k < tokens.length; ++k) {
            address token = tokens[k];
            uint256 toBurnWei = _vault.creditOf(_vault.BURN_ADDRESS(), token) + _world.burnedWei(token);
            uint256 slashedWei = _world.slashedWei(token);
            uint256 paidWei = slashedWei - toBurnWei;
            assertAtMost(paidWei, toBurnWei, "share of the beneficiaries");
            uint256 creditsWei = _slashCreditsWei(token) + _world.burnedWei(token);
            assertEqual(creditsWei + _world.withdrawnSlashCreditWei(token), slashedWei, "slashed stake");
        }
    }

    /// @notice Contracts that decide hold no money, have no stake, and are owed nothing; neither has a locker or the vault.
    function _contractsOwnNothing() private view {
        address[2] memory tokens = _world.tokens();
        address[6] memory lockers = _world.lockers();
        for (uint256 k = 0; k < tokens.length; ++k) {
            assertEqual(_market.creditOf(address(_vault), tokens[k]), 0, "credit of the vault");
            for (uint256 l = 0; l < lockers.length; ++l) {
                address locker = lockers[l];
                uint256 heldWei = locker == address(_market) ? 0 : _world.balanceOf(tokens[k], locker);
                assertEqual(heldWei, 0, "money of a locker");
                assertEqual(_market.creditOf(locker, tokens[k]), 0, "credit of a locker in the market");
                assertEqual(_vault.creditOf(locker, tokens[k]), 0, "credit of a locker in the vault");
                StakeBalance memory balance = _vault.balanceOf(locker, tokens[k]);
                assertEqual(balance.freeWei + balance.lockedWei, 0, "stake of a locker");
            }
        }
    }

    /* SUMS */

    function _owedStakeWei(address token) private view returns (uint256 sumWei) {
        address[] memory accounts = _world.accounts();
        for (uint256 i = 0; i < accounts.length; ++i) {
            StakeBalance memory balance = _vault.balanceOf(accounts[i], token);
            sumWei += uint256(balance.freeWei) + balance.lockedWei;
            sumWei += _vault.unbondingOf(accounts[i], token).amountWei;
        }
    }

    function _slashCreditsWei(address token) private view returns (uint256 sumWei) {
        address[] memory accounts = _world.accounts();
        sumWei = _vault.creditOf(_vault.BURN_ADDRESS(), token);
        for (uint256 i = 0; i < accounts.length; ++i) sumWei += _vault.creditOf(accounts[i], token);
    }

    function _addForeignLocks(OpenLocks memory open) private view {
        World.ForeignLock[] memory locks = _world.foreignLocks();
        for (uint256 i = 0; i < locks.length; ++i) {
            uint256 amountWei = _vault.lockOf(_world.SLASHER(), locks[i].token, locks[i].lockId).amountWei;
            _add(open, BY_SLASHER, locks[i].account, locks[i].token, amountWei);
        }
    }

    function _addTaskLocks(OpenLocks memory open) private view {
        for (uint256 taskId = 1; taskId <= _market.taskCount(); ++taskId) {
            Task memory t = _market.task(taskId);
            address[] memory accounts = _world.accounts();
            for (uint256 i = 0; i < accounts.length; ++i) {
                if (_market.submission(taskId, accounts[i]).lockId == 0) continue;
                _add(open, BY_MARKET, accounts[i], t.stakeToken, t.stakeWei);
            }
            if (t.assignment == address(_auction)) {
                Auction memory a = _auction.auction(taskId);
                if (a.lockId != 0) _add(open, BY_AUCTION, a.assignee, a.collateralToken, a.collateralWei);
            } else if (t.assignment == address(_draws)) {
                for (uint256 i = 0; i < accounts.length; ++i) {
                    Enrolment memory e = _draws.enrolmentOf(taskId, accounts[i]);
                    if (e.lockId != 0) _add(open, BY_DRAW, accounts[i], t.stakeToken, e.weightWei);
                }
            }
            if (t.seal != address(0)) _addSealLocks(open, taskId, t.proverCount);
        }
    }

    /// @dev What is left of the bond, and the demands without an answer.
    function _addSealLocks(OpenLocks memory open, uint256 taskId, uint256 proverCount) private view {
        SealTerms memory terms = _seal.terms(taskId);
        SealedSet memory s = _seal.sealedSet(taskId);
        if (s.bondLockId != 0) {
            uint256 claimedWei = s.claimedCount == 0 ? 0 : s.claimedCount * (terms.bondWei / proverCount);
            _add(open, BY_SEAL, s.poster, terms.bondToken, terms.bondWei - claimedWei);
        }
        for (uint256 chunk = 0; chunk < _seal.chunkCount(taskId); ++chunk) {
            Demand memory d = _seal.demandOf(taskId, chunk);
            if (d.lockId != 0) _add(open, BY_SEAL, d.prover, terms.bondToken, terms.demandWei);
        }
    }

    function _addCommitteeLocks(OpenLocks memory open) private view {
        address[] memory accounts = _world.accounts();
        for (uint256 id = 1; id <= _committees.committeeCount(); ++id) {
            address token = _committees.poolOf(id).token;
            for (uint256 i = 0; i < accounts.length; ++i) {
                Enrolment memory e = _committees.enrolmentOf(id, accounts[i]);
                if (e.lockId == 0) continue;
                uint256 leftWei = e.weightWei - _world.committeeSlashedWei(id, accounts[i]);
                _add(open, BY_COMMITTEES, accounts[i], token, leftWei);
            }
        }
    }

    function _add(
        OpenLocks memory open,
        uint256 locker,
        address account,
        address token,
        uint256 amountWei
    ) private view {
        address[] memory accounts = _world.accounts();
        uint256 i;
        while (accounts[i] != account) ++i;
        open.wei_[token == address(0) ? 0 : 1][locker][i] += amountWei;
    }

    function _lockedBy(uint256 locker) private pure returns (string memory) {
        if (locker == BY_MARKET) return "locked by the market";
        if (locker == BY_SLASHER) return "locked by the slasher";
        if (locker == BY_AUCTION) return "locked by the auction";
        if (locker == BY_DRAW) return "locked by the draw";
        if (locker == BY_COMMITTEES) return "locked by committees";
        return "locked by the seal";
    }
}
