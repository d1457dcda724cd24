// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BlockDraw} from "../libraries/BlockDraw.sol";
import {LearningRate} from "../libraries/LearningRate.sol";
import {MerkleVector} from "../libraries/MerkleVector.sol";
import {StepSelection} from "../libraries/StepSelection.sol";
import {SwapOrNot} from "../libraries/SwapOrNot.sol";

/// @title TrainingHarness
/// @notice Shows what the libraries of the training audit compute, and plays games with the selection of steps.
contract TrainingHarness {
    function order(
        bytes32 seed,
        uint256 epoch,
        uint256 count
    ) external pure returns (uint256[] memory indices) {
        indices = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) indices[i] = SwapOrNot.indexAt(seed, epoch, i, count);
    }

    function indexAt(
        bytes32 seed,
        uint256 epoch,
        uint256 position,
        uint256 count
    ) external pure returns (uint256) {
        return SwapOrNot.indexAt(seed, epoch, position, count);
    }

    function factorAt(uint256 exponent, uint256 halvingSteps, uint256 step) external pure returns (uint256) {
        return LearningRate.factorAt(exponent, halvingSteps, step);
    }

    function root(
        uint256 index,
        uint256 value,
        uint256 count,
        bytes32[] calldata path
    ) external pure returns (bytes32) {
        return MerkleVector.root(index, value, MerkleVector.depth(count), path);
    }

    function rootOfPair(
        uint256 index,
        uint256 value,
        uint256 nextValue,
        uint256 count,
        bytes32[] calldata path
    ) external pure returns (bytes32) {
        return MerkleVector.rootOfPair(index, value, nextValue, MerkleVector.depth(count), path);
    }

    function draw(
        bytes32 seed,
        uint256 stepCount,
        uint256 drawCount
    ) external pure returns (uint256[] memory) {
        return StepSelection.draw(seed, stepCount, drawCount);
    }

    function challenged(
        bytes32 seed,
        uint256 stepCount,
        uint256 drawCount
    ) external pure returns (uint256[] memory) {
        return StepSelection.challenged(seed, stepCount, drawCount);
    }

    /// @notice In how many of `games` challenges some step from `firstBad` to `firstBad + badCount - 1` is asked for.
    function countCaught(
        bytes32 seed,
        uint256 stepCount,
        uint256 drawCount,
        uint256 firstBad,
        uint256 badCount,
        uint256 games
    ) external pure returns (uint256 caught) {
        uint256 freeMemory;
        assembly ("memory-safe") {
            freeMemory := mload(0x40)
        }
        for (uint256 game = 0; game < games; ++game) {
            uint256[] memory steps = StepSelection.challenged(
                keccak256(abi.encode(seed, game)),
                stepCount,
                drawCount
            );
            for (uint256 i = 0; i < steps.length; ++i) {
                if (steps[i] >= firstBad && steps[i] < firstBad + badCount) {
                    ++caught;
                    break;
                }
            }
            // The steps of one game are not needed in the next: their memory is.
            assembly ("memory-safe") {
                mstore(0x40, freeMemory)
            }
        }
    }

    function blockHash(uint256 firstBlock) external view returns (uint256 number, bytes32 hash) {
        return BlockDraw.blockHash(firstBlock);
    }
}
