// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";

/// @title StepSelection
/// @notice Which steps of a run a challenge asks for.
library StepSelection {
    /// @notice The first step, the last step, and `drawCount` steps drawn without replacement from 0..stepCount-1; each once.
    /// @param drawCount At most `stepCount`.
    /// @return steps The first step, the last (if it is another), then those drawn that are neither.
    function challenged(
        bytes32 seed,
        uint256 stepCount,
        uint256 drawCount
    ) internal pure returns (uint256[] memory steps) {
        uint256[] memory drawn = draw(seed, stepCount, drawCount);
        uint256 last = stepCount - 1;
        steps = new uint256[](drawCount + 2);
        uint256 count = 1;
        if (last != 0) {
            steps[count] = last;
            ++count;
        }
        for (uint256 i = 0; i < drawCount; ++i) {
            if (drawn[i] == 0 || drawn[i] == last) continue;
            steps[count] = drawn[i];
            ++count;
        }
        assembly ("memory-safe") {
            mstore(steps, count)
        }
    }

    /// @notice `drawCount` different steps from 0..stepCount-1, every subset as likely as any other.
    /// @dev Floyd's method: round i draws from 0..top with top = stepCount - drawCount + i, and takes `top` itself if the
    ///      draw was taken before. Cost grows with the square of `drawCount` and not with `stepCount`. Drawing by remainder
    ///      favours small values by less than stepCount / 2^256.
    function draw(
        bytes32 seed,
        uint256 stepCount,
        uint256 drawCount
    ) internal pure returns (uint256[] memory drawn) {
        drawn = new uint256[](drawCount);
        for (uint256 i = 0; i < drawCount; ++i) {
            uint256 top = stepCount - drawCount + i;
            uint256 step = uint256(Hashes.efficientKeccak256(seed, bytes32(i))) % (top + 1);
            if (_isAmong(drawn, i, step)) step = top;
            drawn[i] = step;
        }
    }

    /// @dev Whether one of the first `count` entries is `value`.
    function _isAmong(
        uint256[] memory entries,
        uint256 count,
        uint256 value
    ) private pure returns (bool found) {
        // Quadratic in the number of draws: this loop is what bounds it.
        assembly ("memory-safe") {
            for {
                let entry := add(entries, 0x20)
                let end := add(entry, shl(5, count))
            } lt(entry, end) {
                entry := add(entry, 0x20)
            } {
                found := or(found, eq(mload(entry), value))
            }
        }
    }
}
