// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PuppetAccount} from "./PuppetAccount.sol";

/// @title PuppetFactory
/// @notice Makes contract accounts by the dozen.
contract PuppetFactory {
    function deploy(uint256 count) external returns (PuppetAccount[] memory puppets) {
        puppets = new PuppetAccount[](count);
        for (uint256 i = 0; i < count; ++i) puppets[i] = new PuppetAccount();
    }
}
