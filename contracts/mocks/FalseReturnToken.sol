// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TestToken} from "./TestToken.sol";

/// @title FalseReturnToken
/// @notice Reports failure by returning false, and moves nothing.
contract FalseReturnToken is TestToken {
    function transferFrom(address, address, uint256) public pure override returns (bool) {
        return false;
    }
}
