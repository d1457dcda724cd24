// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title SwapOrNot
/// @notice The order of the batches in an epoch: the swap-or-not shuffle of Hoang, Morris and Rogaway (2012), as Ethereum's
///         consensus layer uses it. One index is found without computing the others.
library SwapOrNot {
    uint256 private constant ROUNDS = 32;

    /// @dev Bytes of (seed, uint64 epoch, uint8 round) and of (seed, uint64 epoch, uint8 round, uint64 position).
    uint256 private constant PIVOT_BYTES = 41;
    uint256 private constant BIT_BYTES = 49;

    /// @notice The batch at `position` of `epoch`: a permutation of 0..count-1 for each seed and epoch.
    /// @param epoch Below 2^64.
    /// @param position Below `count`.
    /// @param count Number of batches, from 1 to 2^64 - 1.
    function indexAt(
        bytes32 seed,
        uint256 epoch,
        uint256 position,
        uint256 count
    ) internal pure returns (uint256 index) {
        index = position;
        // In Solidity the 64 hashes would cost three times as much. Their input lies in the two scratch words.
        assembly ("memory-safe") {
            mstore(0x00, seed)
            let prefix := shl(192, epoch)
            for {
                let end := add(prefix, shl(184, ROUNDS))
            } lt(prefix, end) {
                prefix := add(prefix, shl(184, 1))
            } {
                mstore(0x20, prefix)
                let pivot := mod(keccak256(0x00, PIVOT_BYTES), count)
                let flip := mod(sub(add(pivot, count), index), count)
                let difference := xor(index, flip)
                let larger := xor(index, mul(difference, gt(flip, index)))
                mstore(0x20, or(prefix, shl(120, larger)))
                index := xor(index, mul(difference, and(keccak256(0x00, BIT_BYTES), 1)))
            }
        }
    }
}
