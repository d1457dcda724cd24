// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RewardSplit, Task, TaskState} from "../../../contracts/types/Task.sol";
import {Submission, SubmissionState} from "../../../contracts/types/Submission.sol";
import {StubTrainingAudit} from "../../../contracts/mocks/StubTrainingAudit.sol";
import {Checked} from "./Checked.sol";

/// @title EscrowInvariants
/// @notice What holds of rewards and of what the market records about them.
abstract contract EscrowInvariants is Checked {
    function _checkEscrow() internal view {
        _marketBalanceEqualsEscrowAndCredits();
        _rewardsAreConserved();
        _tasksPayTheirRewardOnce();
        _unclaimedSharesAreCovered();
        _feesAreThoseTasksWerePostedUnder();
    }

    function _checkRecords() internal view {
        _countersMatchSubmissions();
        _leaderProvedFirstAmongTheBest();
        _statesAgreeWithCounters();
        _auditsAreAnsweredForOrSlashed();
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

    /// @notice The treasury was credited, task by task, the fee of the day the task was posted, of every winner's part,
    ///         rounded down, and nothing else.
    function _feesAreThoseTasksWerePostedUnder() private view {
        address[] memory accounts = _world.accounts();
        address[2] memory tokens = _world.tokens();
        uint256[2] memory feesWei;
        for (uint256 taskId = 1; taskId <= _market.taskCount(); ++taskId) {
            Task memory t = _market.task(taskId);
            assertEqual(t.feeBps, _world.postedFeeBps(taskId), "fee of an open task");
            uint256 k = t.rewardToken == tokens[0] ? 0 : 1;
            if (t.split == RewardSplit.FirstValid) {
                feesWei[k] += t.provenCount * (((t.rewardWei / t.winners) * t.feeBps) / 10_000);
            } else if (t.state == TaskState.Settled && t.split == RewardSplit.BestScore) {
                feesWei[k] += (uint256(t.rewardWei) * t.feeBps) / 10_000;
            } else if (t.claimedCount > 0) {
                for (uint256 i = 0; i < accounts.length; ++i) {
                    Submission memory s = _market.submission(taskId, accounts[i]);
                    if (s.state != SubmissionState.Claimed) continue;
                    uint256 weight = uint256(s.correct) - t.minCorrect + 1;
                    feesWei[k] += (((uint256(t.rewardWei) * weight) / t.totalWeight) * t.feeBps) / 10_000;
                }
            }
        }
        for (uint256 k = 0; k < tokens.length; ++k) {
            uint256 creditedWei = _market.creditOf(_world.TREASURY(), tokens[k]);
            assertEqual(creditedWei, feesWei[k], "fees");
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

    /* SUMS */

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
