// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {G1Point} from "./Proof.sol";

using TaskLib for Task global;

/// @notice Where a task stands; `ITaskMarket` has the table of transitions.
enum TaskState {
    None,
    Posted,
    Committed,
    Proven,
    Settled,
    Cancelled,
    Expired
}

/// @notice How the reward is divided among the provers whose proof was accepted.
enum RewardSplit {
    /// @dev The first `winners` provers take equal parts, each at once; the last of them settles the task.
    FirstValid,
    /// @dev The highest proven count takes the whole reward; the earliest of equals wins.
    BestScore,
    /// @dev Everybody is paid in proportion to `correct - minCorrect + 1`.
    ProRata
}

/// @notice What a poster asks for.
struct TaskSpec {
    /// @dev Token of the reward; the zero address is the native coin.
    address rewardToken;
    /// @dev Reward in the smallest unit of `rewardToken`, escrowed when posting.
    uint256 rewardWei;
    /// @dev Verifying key in the circuit registry; its statement must have three words.
    bytes32 keyId;
    /// @dev One per shard of the test set: sum of dataset word times IC point, which everybody can recompute from the data.
    G1Point[] dataPoints;
    /// @dev Samples in the test set, over all shards.
    uint32 sampleCount;
    /// @dev Least count of correct samples, over all shards, that earns anything.
    uint32 minCorrect;
    /// @dev Last timestamp at which `commit` is accepted.
    uint48 commitDeadline;
    /// @dev Last timestamp at which `prove` is accepted.
    uint48 proveDeadline;
    /// @dev Token of the stake; the zero address is the native coin.
    address stakeToken;
    /// @dev Stake each prover locks from commitment to release; zero asks for none.
    uint256 stakeWei;
    RewardSplit split;
    /// @dev Provers that share the reward of a first-valid task; 1 for the other splits.
    uint16 winners;
    /// @dev Most provers that may commit.
    uint16 maxProvers;
    /// @dev Identifier of the architecture that the key's circuit fixes, below the scalar field order.
    uint256 architectureId;
    /// @dev Hash of the task document.
    bytes32 documentHash;
    /// @dev Where the document is found; kept in the event only.
    string documentUri;
}

/// @notice A task as stored.
/// @dev Slot 0 is all that `commit` and `prove` ask about the task itself.
struct Task {
    // Slot 0
    TaskState state;
    RewardSplit split;
    uint16 maxProvers;
    uint16 proverCount;
    uint16 provenCount;
    uint16 claimedCount;
    uint48 commitDeadline;
    uint48 proveDeadline;
    uint32 sampleCount;
    uint32 minCorrect;
    // Slot 1
    address poster;
    /// @dev Part of the reward that left the escrow: credited to somebody.
    uint96 paidWei;
    // Slot 2
    address rewardToken;
    uint96 rewardWei;
    // Slot 3
    address stakeToken;
    uint96 stakeWei;
    // Slot 4
    /// @dev First-valid and best-score tasks: the leading prover, the winner once settled.
    address leader;
    uint32 leaderCorrect;
    /// @dev Sum of `correct - minCorrect + 1` over the accepted proofs.
    uint64 totalWeight;
    // Slot 5
    /// @dev Contract that decides whose training run passes; zero if none is asked for.
    address trainingAudit;
    /// @dev As in `TaskSpec`.
    uint16 winners;
    /// @dev Share of a winner's credit that is the market's fee, as set when the task was posted.
    uint16 feeBps;
    /// @dev Data points of the test set.
    uint8 shardCount;
    // Slot 6
    /// @dev Contract that decides who may commit; zero if everybody may.
    address assignment;
    // Slot 7
    /// @dev Contract that decides when proofs are accepted; zero if from the first commitment on.
    address seal;
    // Slot 8
    /// @dev Contract whose code holds the data points, as `DataPoints` writes them.
    address dataPointer;
    // Slots 9 to 11
    bytes32 keyId;
    uint256 architectureId;
    bytes32 documentHash;
}

/// @title TaskLib
/// @notice What a task's state implies and how it changes; the market checks whether a change is allowed.
library TaskLib {
    /* IMPLICATIONS */

    /// @notice Whether no prover can commit any more.
    function isClosedToCommitments(Task storage self) internal view returns (bool) {
        return block.timestamp > self.commitDeadline || self.proverCount == self.maxProvers;
    }

    /// @notice Whether nothing that happens now can add an accepted proof.
    function isDecided(Task storage self) internal view returns (bool) {
        bool allProven = self.provenCount == self.proverCount;
        return block.timestamp > self.proveDeadline || (allProven && self.isClosedToCommitments());
    }

    /// @notice Whether the task is in a final state.
    function hasEnded(Task storage self) internal view returns (bool) {
        TaskState state = self.state;
        return state == TaskState.Settled || state == TaskState.Cancelled || state == TaskState.Expired;
    }

    /// @notice Weight of a count in a pro-rata split: one at the threshold.
    function weightOf(Task storage self, uint32 correct) internal view returns (uint64) {
        return uint64(correct) - self.minCorrect + 1;
    }

    /// @notice Pro-rata share of a count, rounded down.
    function shareWeiOf(Task storage self, uint32 correct) internal view returns (uint256) {
        // 96 bits times 33 bits: no overflow.
        return (uint256(self.rewardWei) * self.weightOf(correct)) / self.totalWeight;
    }

    /// @notice What each of the winners of a first-valid task is paid, rounded down.
    function winnerWei(Task storage self) internal view returns (uint256) {
        return self.rewardWei / self.winners;
    }

    /// @notice The map of a submission that has proved every shard: one bit each.
    function allShards(Task storage self) internal view returns (uint64) {
        return uint64((uint256(1) << self.shardCount) - 1);
    }

    /// @notice Reward that nobody was credited yet.
    function unpaidWei(Task storage self) internal view returns (uint256) {
        return self.rewardWei - self.paidWei;
    }

    /* TRANSITIONS */

    /// @notice Posted -> Committed, or one more prover in Committed and Proven.
    function addProver(Task storage self) internal {
        if (self.state == TaskState.Posted) self.state = TaskState.Committed;
        ++self.proverCount;
    }

    /// @notice Committed -> Proven, or one more proof in Proven. Earlier proofs lead among equals.
    function addProof(Task storage self, address prover, uint32 correct) internal {
        self.state = TaskState.Proven;
        ++self.provenCount;
        self.totalWeight += self.weightOf(correct);
        if (correct > self.leaderCorrect) {
            self.leader = prover;
            self.leaderCorrect = correct;
        }
    }

    /// @notice Ends the task: Proven -> Settled, Posted -> Cancelled, Posted or Committed -> Expired.
    function end(Task storage self, TaskState state) internal {
        self.state = state;
    }
}
