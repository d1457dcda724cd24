// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TaskDraw} from "../TaskDraw.sol";
import {ITaskMarket} from "../interfaces/ITaskMarket.sol";
import {PoolFiller} from "./PoolFiller.sol";

/// @title FilledTaskDraw
/// @notice A task draw with as many enrolments as a test needs.
contract FilledTaskDraw is TaskDraw {
    constructor(ITaskMarket market_) TaskDraw(market_) {}

    function fill(uint256 taskId, uint256 count, uint96 weight) external {
        PoolFiller.fill(_pools[taskId], count, weight);
    }
}
