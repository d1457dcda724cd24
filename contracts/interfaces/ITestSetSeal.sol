// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SealTerms} from "../types/Seal.sol";
import {TaskFrame} from "../types/TaskRules.sol";

/// @title ITestSetSeal
/// @notice Hides a test set until nobody can commit any more, and decides whether its poster revealed what it had sealed.
interface ITestSetSeal {
    /// @notice Takes a new task's terms and locks the poster's bond. Market only.
    function open(uint256 taskId, TaskFrame calldata frame, SealTerms calldata terms) external;

    /// @notice Whether proofs for the task are accepted: its test set was revealed, and not found to be another.
    function isRevealed(uint256 taskId) external view returns (bool);

    /// @notice Whether the poster did not reveal, or revealed what does not open the data points: nobody can prove.
    function hasForfeited(uint256 taskId) external view returns (bool);
}
