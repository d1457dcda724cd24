// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITaskAssignment} from "../interfaces/ITaskAssignment.sol";
import {ITaskMarket} from "../interfaces/ITaskMarket.sol";
import {TaskFrame} from "../types/TaskRules.sol";

/// @title StubAssignment
/// @notice Stands in for an assignment: answers what it was told to, and keeps what the market told it.
contract StubAssignment is ITaskAssignment {
    mapping(uint256 taskId => address prover) private _chosen;
    mapping(uint256 taskId => TaskFrame) private _frames;
    mapping(uint256 taskId => bytes) public termsOf;

    /// @inheritdoc ITaskAssignment
    function open(uint256 taskId, TaskFrame calldata frame, bytes calldata terms) external {
        _frames[taskId] = frame;
        termsOf[taskId] = terms;
    }

    /// @notice Chooses a prover; the zero address takes the choice back.
    function choose(uint256 taskId, address prover) external {
        _chosen[taskId] = prover;
    }

    function lowerReward(ITaskMarket market, uint256 taskId, uint256 rewardWei) external {
        market.lowerReward(taskId, rewardWei);
    }

    /// @inheritdoc ITaskAssignment
    function mayCommit(uint256 taskId, address prover) external view returns (bool) {
        return _chosen[taskId] == prover;
    }

    /// @inheritdoc ITaskAssignment
    function isTaken(uint256 taskId) external view returns (bool) {
        return _chosen[taskId] != address(0);
    }

    function frameOf(uint256 taskId) external view returns (TaskFrame memory) {
        return _frames[taskId];
    }
}
