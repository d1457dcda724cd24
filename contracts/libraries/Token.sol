// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";

/// @title Token
/// @notice Moves the native coin and ERC-20 tokens alike; the zero address is the native coin.
library Token {
    using SafeERC20 for IERC20;

    address internal constant NATIVE = address(0);

    /// @notice Transfers ERC-20 tokens from the caller to this contract.
    /// @return receivedWei By how much the balance grew: less than `amountWei` if the token takes a fee.
    function pull(address token, uint256 amountWei) internal returns (uint256 receivedWei) {
        uint256 balanceWei = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransferFrom(msg.sender, address(this), amountWei);
        return IERC20(token).balanceOf(address(this)) - balanceWei;
    }

    /// @notice Transfers out of this contract; reverts if the receiver or the token does.
    function pay(address token, address to, uint256 amountWei) internal {
        if (token == NATIVE) {
            Address.sendValue(payable(to), amountWei);
        } else {
            IERC20(token).safeTransfer(to, amountWei);
        }
    }
}
