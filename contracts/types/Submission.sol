// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Where one prover stands in one task.
/// @dev None -> Committed (commit) -> Proven (prove) -> Claimed (claim, pro-rata tasks only).
enum SubmissionState {
    None,
    Committed,
    Proven,
    Claimed
}

/// @notice What one prover handed in for one task: two storage slots.
struct Submission {
    /// @dev Commitment to the prover's model, below the scalar field order and not zero.
    uint256 modelCommitment;
    SubmissionState state;
    /// @dev Correct samples proven so far, summed over the proven shards.
    uint32 correct;
    /// @dev Timestamp at which the last shard was proven; zero before it.
    uint48 provenAt;
    /// @dev Lock held in the stake vault; zero once released or slashed and for tasks without stake.
    uint64 lockId;
    /// @dev Bit i is set once shard i is proven.
    uint64 provenShards;
}

/// @notice What a prover claims about one shard of a test set.
struct ShardCount {
    /// @dev Index of the shard's data point.
    uint8 shard;
    /// @dev At least so many of the shard's samples are classified correctly.
    uint32 correct;
}
