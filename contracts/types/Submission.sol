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
    /// @dev Proven count of correct samples; zero before the proof.
    uint32 correct;
    /// @dev Timestamp of the accepted proof; zero before it.
    uint48 provenAt;
    /// @dev Lock held in the stake vault; zero once released or slashed and for tasks without stake.
    uint64 lockId;
}
