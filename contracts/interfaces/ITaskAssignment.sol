// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TaskFrame} from "../types/TaskRules.sol";

/// @title ITaskAssignment
/// @notice Decides who may commit to a task: an auction, a draw, or any rule a poster names and provers agree to.
///
/// Assumes
/// - The market calls `open` once a task, while it is posted, and asks `mayCommit` at every commitment.
///
/// Guarantees
/// - The answers depend on the chain alone; no call of this interface moves the reward.
interface ITaskAssignment {
    /// @notice Takes a new task's terms; reverts when they cannot be met. Market only.
    function open(uint256 taskId, TaskFrame calldata frame, bytes calldata terms) external;

    /// @notice Whether `prover` may commit to the task now.
    function mayCommit(uint256 taskId, address prover) external view returns (bool);

    /// @notice Whether somebody works on the task already, so that its poster can no longer cancel it.
    function isTaken(uint256 taskId) external view returns (bool);
}
