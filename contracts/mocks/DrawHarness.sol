// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {WeightedDraw} from "../libraries/WeightedDraw.sol";
import {DrawPool, DrawPoolLib} from "../types/Draw.sol";

/// @title DrawHarness
/// @notice Draws from lists of any weights, and plays many draws in one call.
contract DrawHarness {
    DrawPool private _pool;

    function append(uint256[] calldata weights) external {
        for (uint256 i = 0; i < weights.length; ++i) {
            uint32 count = _pool.state.enrolledCount;
            WeightedDraw.append(_pool.entries, count, address(uint160(count + 1)), weights[i]);
            _pool.state.enrolledCount = count + 1;
        }
    }

    /// @notice Marks entries as drawn.
    function take(uint32[] calldata indices) external {
        for (uint256 i = 0; i < indices.length; ++i) _pool.drawn.push(indices[i]);
    }

    function draw(bytes32 seed, uint256 seats) public view returns (uint256[] memory indices) {
        return WeightedDraw.draw(_pool.entries, _pool.state.enrolledCount, _pool.drawn, seats, seed);
    }

    /// @notice In how many of `games` draws seat s went to entry i, at place s * (number of entries) + i.
    function countDraws(
        bytes32 seed,
        uint256 seats,
        uint256 games
    ) external view returns (uint256[] memory counts) {
        uint256 count = _pool.state.enrolledCount;
        counts = new uint256[](seats * count);
        uint256 freeMemory;
        assembly ("memory-safe") {
            freeMemory := mload(0x40)
        }
        for (uint256 game = 0; game < games; ++game) {
            uint256[] memory indices = draw(keccak256(abi.encode(seed, game)), seats);
            for (uint256 seat = 0; seat < seats; ++seat) ++counts[seat * count + indices[seat]];
            // What one game leaves in memory is not needed in the next: its memory is.
            assembly ("memory-safe") {
                mstore(0x40, freeMemory)
            }
        }
    }

    /// @notice In how many of `games` draws one of the entries from 0 to `entryCount` - 1 got a seat.
    function countSeated(
        bytes32 seed,
        uint256 seats,
        uint256 games,
        uint256 entryCount
    ) external view returns (uint256 seated) {
        uint256 freeMemory;
        assembly ("memory-safe") {
            freeMemory := mload(0x40)
        }
        for (uint256 game = 0; game < games; ++game) {
            uint256[] memory indices = draw(keccak256(abi.encode(seed, game)), seats);
            for (uint256 seat = 0; seat < seats; ++seat) {
                if (indices[seat] < entryCount) {
                    ++seated;
                    break;
                }
            }
            assembly ("memory-safe") {
                mstore(0x40, freeMemory)
            }
        }
    }

    function weightOf(uint256 stakeWei, uint256 capWei) external pure returns (uint256) {
        return DrawPoolLib.weightOf(stakeWei, capWei);
    }
}
