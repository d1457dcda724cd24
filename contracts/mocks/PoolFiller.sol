// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {WeightedDraw} from "../libraries/WeightedDraw.sol";
import {DrawPool} from "../types/Draw.sol";

/// @title PoolFiller
/// @notice Puts many made-up accounts into a pool, without stake.
library PoolFiller {
    function fill(DrawPool storage pool, uint256 count, uint96 weight) internal {
        uint32 first = pool.state.enrolledCount;
        for (uint32 i = first; i < first + count; ++i) {
            address account = address(uint160(uint256(keccak256(abi.encode(i)))));
            WeightedDraw.append(pool.entries, i, account, weight);
            pool.enrolments[account].weightWei = weight;
            pool.enrolments[account].lockId = 1;
        }
        pool.state.enrolledCount = first + uint32(count);
    }
}
