// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title TestToken
/// @notice An ordinary ERC-20 token that anybody can mint.
contract TestToken is ERC20("Test token", "TEST") {
    function mint(address to, uint256 amountWei) external {
        _mint(to, amountWei);
    }
}
