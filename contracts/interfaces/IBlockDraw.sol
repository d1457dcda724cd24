// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title IBlockDraw
/// @notice What every contract that draws from block hashes may answer (`BlockDraw`).
interface IBlockDraw {
    /// @notice The block fixed in advance is not in the past yet.
    error BlockDrawTooEarly(uint256 firstBlock, uint256 blockNumber);
}
