// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBlockDraw} from "./IBlockDraw.sol";

/// @title IDrawPool
/// @notice What every contract that lets accounts enrol for a draw may answer (`DrawPoolLib`).
interface IDrawPool is IBlockDraw {
    /// @notice The least stake is zero or above the cap.
    error DrawPoolInvalidStakeRange(uint256 minWei, uint256 capWei);
    /// @notice There is no such pool, or its last block for enrolments is in the past.
    error DrawPoolEnrolmentClosed(uint256 lastEnrolBlock, uint256 blockNumber);
    /// @notice The account enrolled before.
    error DrawPoolAlreadyEnrolled(address account);
    /// @notice The stake offered is below the least.
    error DrawPoolStakeTooSmall(uint256 stakeWei, uint256 minWei);
    /// @notice The account has no stake in the pool.
    error DrawPoolNotEnrolled(address account);
}
