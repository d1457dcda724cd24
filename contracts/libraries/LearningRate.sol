// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title LearningRate
/// @notice The schedule of the step size: a power of two that halves every `halvingSteps` steps until it is 1.
library LearningRate {
    /// @notice 2^max(0, exponent - floor(step / halvingSteps)).
    /// @param exponent Of the first steps, below 256.
    /// @param halvingSteps Not zero.
    function factorAt(uint256 exponent, uint256 halvingSteps, uint256 step) internal pure returns (uint256) {
        return 1 << Math.saturatingSub(exponent, step / halvingSteps);
    }
}
