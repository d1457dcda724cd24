// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TestToken} from "./TestToken.sol";

/// @title FeeOnTransferToken
/// @notice Takes one unit out of every transfer.
contract FeeOnTransferToken is TestToken {
    uint256 public constant FEE_WEI = 1;

    function _update(address from, address to, uint256 amountWei) internal override {
        bool isTransfer = from != address(0) && to != address(0);
        super._update(from, to, isTransfer ? amountWei - FEE_WEI : amountWei);
        if (isTransfer) super._update(from, address(0), FEE_WEI);
    }
}
