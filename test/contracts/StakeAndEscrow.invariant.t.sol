// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {StakeVault} from "../../contracts/StakeVault.sol";
import {TaskMarket} from "../../contracts/TaskMarket.sol";
import {StubTrainingAudit} from "../../contracts/mocks/StubTrainingAudit.sol";
import {StakeBalance} from "../../contracts/types/Stake.sol";
import {Submission, SubmissionState} from "../../contracts/types/Submission.sol";
import {RewardSplit, Task, TaskState} from "../../contracts/types/Task.sol";
import {MarketHandler} from "./support/MarketHandler.sol";
import {SolidityTest} from "./support/SolidityTest.sol";
import {World} from "./support/World.sol";

/// @title Actions
/// @notice The handler under the fuzzer. It is declared here because Hardhat fuzzes only contracts of the files it was told
///         to run.
contract Actions is MarketHandler {}

/// @title StakeAndEscrowInvariantTest
/// @notice What holds of the money after any sequence of actions, and that all of it can be taken out in the end.
contract StakeAndEscrowInvariantTest is SolidityTest {
    Actions private _world;
    StakeVault private _vault;
    TaskMarket private _market;

    function setUp() public {
        _world = new Actions();
        _vault = _world.vault();
        _market = _world.market();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_world);
    }

    /* INVARIANTS: each is checked after every action, in three campaigns */

    /// @notice Stake: what the vault holds, owes, has locked and has slashed.
    function invariant_stakeIsSafe() public view {
        _vaultBalanceEqualsStakesAndCredits();
        _stakeIsConserved();
        _lockedStakeEqualsOpenLocks();
        _lockersHoldWhatTheyLocked();
        _halfOfSlashedStakeBurns();
    }

    /// @notice Escrow: what the market holds, owes and has paid.
    function invariant_escrowIsSafe() public view {
        _marketBalanceEqualsEscrowAndCredits();
        _rewardsAreConserved();
        _tasksPayTheirRewardOnce();
        _unclaimedSharesAreCovered();
    }

    /// @notice Records: counters, leaders and states of tasks, and who is owed nothing.
    function invariant_recordsAreTrue() public view {
        _countersMatchSubmissions();
        _leaderProvedFirstAmongTheBest();
        _statesAgreeWithCounters();
        _strangersAreOwedNothing();
        _auditsAreAnsweredForOrSlashed();
    }

    /* STAKE */

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

    /// @notice The locked stake of an account is what its open locks hold, whoever made them.
    function _lockedStakeEqualsOpenLocks() private view {
        address[2] memory tokens = _world.tokens();
        address[] memory accounts = _world.accounts();
        for (uint256 k = 0; k < tokens.length; ++k) {
            for (uint256 i = 0; i < accounts.length; ++i) {
                uint256 openWei =
                    _marketLocksWei(accounts[i], tokens[k]) + _foreignLocksWei(accounts[i], tokens[k]);
                uint256 lockedWei = _vault.balanceOf(accounts[i], tokens[k]).lockedWei;
                assertEqual(lockedWei, openWei, "locked stake");
            }
        }
    }

    /// @notice Each locker's share of the locked stake is what the vault keeps beside its limit.
    function _lockersHoldWhatTheyLocked() private view {
        address[2] memory tokens = _world.tokens();
        address[] memory accounts = _world.accounts();
        for (uint256 k = 0; k < tokens.length; ++k) {
            for (uint256 i = 0; i < accounts.length; ++i) {
                address account = accounts[i];
                uint256 marketWei = _vault.approvalOf(account, address(_market), tokens[k]).lockedWei;
                uint256 slasherWei = _vault.approvalOf(account, _world.SLASHER(), tokens[k]).lockedWei;
                assertEqual(marketWei, _marketLocksWei(account, tokens[k]), "locked by the market");
                assertEqual(slasherWei, _foreignLocksWei(account, tokens[k]), "locked by the slasher");
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

    /* ESCROW */

    /// @notice The market holds exactly open escrow, credits, and what was donated.
    function _marketBalanceEqualsEscrowAndCredits() private view {
        address[2] memory tokens = _world.tokens();
        for (uint256 k = 0; k < tokens.length; ++k) {
            address token = tokens[k];
            uint256 heldWei = _world.balanceOf(token, address(_market)) - _world.donatedToMarketWei(token);
            assertEqual(heldWei, _escrowWei(token) + _rewardCreditsWei(token), "market balance");
        }
    }

    /// @notice What was posted is in escrow, credited or withdrawn.
    function _rewardsAreConserved() private view {
        address[2] memory tokens = _world.tokens();
        for (uint256 k = 0; k < tokens.length; ++k) {
            address token = tokens[k];
            uint256 sumWei = _escrowWei(token) + _rewardCreditsWei(token) + _world.withdrawnRewardWei(token);
            assertEqual(sumWei, _world.postedWei(token), "rewards");
        }
    }

    /// @notice An open task has paid the parts of its winners and nothing else; none pays more than its reward, and all of it
    ///         in the end.
    function _tasksPayTheirRewardOnce() private view {
        for (uint256 taskId = 1; taskId <= _market.taskCount(); ++taskId) {
            Task memory t = _market.task(taskId);
            if (uint8(t.state) < uint8(TaskState.Settled)) {
                uint256 winnerCount = t.split == RewardSplit.FirstValid ? t.provenCount : 0;
                assertEqual(t.paidWei, winnerCount * (t.rewardWei / t.winners), "paid while open");
            } else if (t.state == TaskState.Settled && t.split == RewardSplit.ProRata) {
                assertAtMost(t.paidWei, t.rewardWei, "paid in shares");
                if (t.claimedCount == t.provenCount)
                    assertEqual(t.paidWei, t.rewardWei, "paid after all claims");
            } else {
                assertEqual(t.paidWei, t.rewardWei, "paid in the end");
            }
        }
    }

    /// @notice Pro-rata shares that are not claimed yet never exceed what is left of the reward.
    function _unclaimedSharesAreCovered() private view {
        address[] memory accounts = _world.accounts();
        for (uint256 taskId = 1; taskId <= _market.taskCount(); ++taskId) {
            Task memory t = _market.task(taskId);
            if (t.state != TaskState.Settled || t.split != RewardSplit.ProRata) continue;
            uint256 unclaimedWei;
            for (uint256 i = 0; i < accounts.length; ++i) {
                Submission memory s = _market.submission(taskId, accounts[i]);
                if (s.state != SubmissionState.Proven) continue;
                uint256 weight = uint256(s.correct) - t.minCorrect + 1;
                unclaimedWei += (uint256(t.rewardWei) * weight) / t.totalWeight;
            }
            assertAtMost(unclaimedWei, t.rewardWei - t.paidWei, "unclaimed shares");
        }
    }

    /* RECORDS */

    /// @notice The counters of a task are those of its submissions.
    function _countersMatchSubmissions() private view {
        address[] memory accounts = _world.accounts();
        for (uint256 taskId = 1; taskId <= _market.taskCount(); ++taskId) {
            Task memory t = _market.task(taskId);
            uint256[3] memory counts;
            uint256 weight;
            uint256 best;
            for (uint256 i = 0; i < accounts.length; ++i) {
                Submission memory s = _market.submission(taskId, accounts[i]);
                if (s.state == SubmissionState.None) continue;
                ++counts[0];
                if (s.state == SubmissionState.Claimed) ++counts[2];
                if (s.state == SubmissionState.Committed) continue;
                ++counts[1];
                weight += uint256(s.correct) - t.minCorrect + 1;
                if (s.correct > best) best = s.correct;
            }
            assertEqual(t.proverCount, counts[0], "provers");
            assertEqual(t.provenCount, counts[1], "accepted proofs");
            assertEqual(t.claimedCount, counts[2], "claims");
            assertEqual(t.totalWeight, weight, "weight");
            assertEqual(t.leaderCorrect, best, "best count");
            assertAtMost(t.proverCount, t.maxProvers, "provers allowed");
        }
    }

    /// @notice The leader has the best count, proved no later than any equal.
    function _leaderProvedFirstAmongTheBest() private view {
        address[] memory accounts = _world.accounts();
        for (uint256 taskId = 1; taskId <= _market.taskCount(); ++taskId) {
            Task memory t = _market.task(taskId);
            if (t.provenCount == 0) continue;
            Submission memory leader = _market.submission(taskId, t.leader);
            assertEqual(leader.correct, t.leaderCorrect, "leader's count");
            for (uint256 i = 0; i < accounts.length; ++i) {
                Submission memory s = _market.submission(taskId, accounts[i]);
                bool hasProven = s.state == SubmissionState.Proven || s.state == SubmissionState.Claimed;
                assertTrue(hasProven == (s.provenAt != 0), "time of a whole proof");
                if (!hasProven || s.correct != t.leaderCorrect) continue;
                assertAtMost(leader.provenAt, s.provenAt, "time of the leader's proof");
            }
        }
    }

    /// @notice Each state says what has happened to the task.
    function _statesAgreeWithCounters() private view {
        for (uint256 taskId = 1; taskId <= _market.taskCount(); ++taskId) {
            Task memory t = _market.task(taskId);
            assertTrue(t.state != TaskState.None, "posted tasks have a state");
            bool isUntouched = t.state == TaskState.Posted || t.state == TaskState.Cancelled;
            if (isUntouched) assertEqual(t.proverCount, 0, "provers of an untouched task");
            if (t.state == TaskState.Committed) assertTrue(t.proverCount > 0, "somebody committed");
            bool isProven = t.state == TaskState.Proven || t.state == TaskState.Settled;
            assertTrue(isProven == (t.provenCount > 0), "accepted proofs and state");
            if (t.split == RewardSplit.FirstValid) {
                bool isFull = t.provenCount == t.winners;
                assertTrue(t.state != TaskState.Proven || !isFull, "the last winner's proof settles");
                assertAtMost(t.provenCount, t.winners, "winners");
            }
        }
    }

    /// @notice Nobody who proved late, or not at all, holds a proof; nobody is credited without one.
    function _strangersAreOwedNothing() private view {
        address[2] memory tokens = _world.tokens();
        for (uint256 k = 0; k < tokens.length; ++k) {
            assertEqual(_market.creditOf(_world.SLASHER(), tokens[k]), 0, "credit of a locker");
            assertEqual(_market.creditOf(address(_vault), tokens[k]), 0, "credit of the vault");
            assertEqual(_vault.creditOf(address(_market), tokens[k]), 0, "credit of the market");
            StakeBalance memory balance = _vault.balanceOf(address(_market), tokens[k]);
            assertEqual(balance.freeWei + balance.lockedWei, 0, "stake of the market");
        }
    }

    /// @notice Where training proof is asked for, only those who passed have proved, and whoever has not passed has its whole
    ///         stake locked until it is slashed for a failure.
    function _auditsAreAnsweredForOrSlashed() private view {
        StubTrainingAudit audit = _world.audit();
        address[] memory accounts = _world.accounts();
        for (uint256 taskId = 1; taskId <= _market.taskCount(); ++taskId) {
            Task memory t = _market.task(taskId);
            if (t.trainingAudit == address(0)) continue;
            for (uint256 i = 0; i < accounts.length; ++i) {
                address prover = accounts[i];
                Submission memory s = _market.submission(taskId, prover);
                if (s.state == SubmissionState.None || audit.hasPassed(taskId, prover)) continue;
                assertTrue(s.state == SubmissionState.Committed, "a proof without an audit");
                uint256 lockedWei = _vault.lockOf(address(_market), t.stakeToken, s.lockId).amountWei;
                bool isCovered = s.lockId == 0 ? audit.hasFailed(taskId, prover) : lockedWei == t.stakeWei;
                assertTrue(isCovered, "stake behind an open audit");
                assertEqual(
                    uint256(audit.traceRootOf(taskId, prover)),
                    s.modelCommitment,
                    "trace committed with the model"
                );
            }
        }
    }

    /* THE END */

    /// @notice Everybody takes out everything: nothing but donations is left.
    function afterInvariant() public {
        _endTasks();
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

    function _endTasks() private {
        address[] memory accounts = _world.accounts();
        CHEATS.warp(block.timestamp + 365 days);
        for (uint256 taskId = 1; taskId <= _market.taskCount(); ++taskId) {
            TaskState state = _market.task(taskId).state;
            if (state == TaskState.Posted || state == TaskState.Committed) _market.expire(taskId);
            if (state == TaskState.Proven) _market.settle(taskId);
            bool isProRata = _market.task(taskId).split == RewardSplit.ProRata;
            for (uint256 i = 0; i < accounts.length; ++i) {
                Submission memory s = _market.submission(taskId, accounts[i]);
                if (isProRata && s.state == SubmissionState.Proven) _market.claim(taskId, accounts[i]);
                if (s.lockId != 0) _freeStake(taskId, accounts[i], s);
            }
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

    function _marketLocksWei(address account, address token) private view returns (uint256 sumWei) {
        for (uint256 taskId = 1; taskId <= _market.taskCount(); ++taskId) {
            Task memory t = _market.task(taskId);
            if (t.stakeToken != token || _market.submission(taskId, account).lockId == 0) continue;
            sumWei += t.stakeWei;
        }
    }

    function _foreignLocksWei(address account, address token) private view returns (uint256 sumWei) {
        World.ForeignLock[] memory locks = _world.foreignLocks();
        for (uint256 i = 0; i < locks.length; ++i) {
            if (locks[i].account != account || locks[i].token != token) continue;
            sumWei += _vault.lockOf(_world.SLASHER(), token, locks[i].lockId).amountWei;
        }
    }

    function _escrowWei(address token) private view returns (uint256 sumWei) {
        for (uint256 taskId = 1; taskId <= _market.taskCount(); ++taskId) {
            Task memory t = _market.task(taskId);
            if (t.rewardToken == token) sumWei += t.rewardWei - t.paidWei;
        }
    }

    function _rewardCreditsWei(address token) private view returns (uint256 sumWei) {
        address[] memory accounts = _world.accounts();
        for (uint256 i = 0; i < accounts.length; ++i) sumWei += _market.creditOf(accounts[i], token);
    }
}
