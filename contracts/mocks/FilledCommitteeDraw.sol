// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CommitteeDraw} from "../CommitteeDraw.sol";
import {ITaskMarket} from "../interfaces/ITaskMarket.sol";
import {PoolFiller} from "./PoolFiller.sol";

/// @title FilledCommitteeDraw
/// @notice A committee draw with as many enrolments as a test needs.
contract FilledCommitteeDraw is CommitteeDraw {
    constructor(ITaskMarket market_) CommitteeDraw(market_) {}

    function fill(uint256 committeeId, uint256 count, uint96 weight) external {
        PoolFiller.fill(_pools[committeeId], count, weight);
    }
}
