// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBlockDraw} from "../interfaces/IBlockDraw.sol";

/// @title BlockDraw
/// @notice Randomness from the hash of a block that was fixed in advance, without a choice when the draw comes late.
/// @dev Hashes are available for the last 256 blocks. The rule: the draw uses the block fixed in advance, called first; once
///      its hash is gone, the block 256 after it, and so on. Of these blocks exactly one is available at any time after
///      `first`, so whoever draws chooses nothing; whoever builds that block can. Waiting 256 blocks discards a draw, and
///      anybody can prevent that by drawing.
library BlockDraw {
    /// @dev Blocks whose hash the BLOCKHASH opcode returns.
    uint256 private constant WINDOW_BLOCKS = 256;

    /// @notice The block that a draw in the current block uses, and its hash.
    function blockHash(uint256 firstBlock) internal view returns (uint256 number, bytes32 hash) {
        if (block.number <= firstBlock) revert IBlockDraw.BlockDrawTooEarly(firstBlock, block.number);
        uint256 passed = block.number - 1 - firstBlock;
        number = block.number - 1 - (passed % WINDOW_BLOCKS);
        hash = blockhash(number);
    }
}
