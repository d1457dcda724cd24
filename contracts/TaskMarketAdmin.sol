// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";

import {ITaskMarketAdmin} from "./interfaces/ITaskMarketAdmin.sol";

/// @title TaskMarketAdmin
/// @notice Guarantees are in `ITaskMarketAdmin`.
abstract contract TaskMarketAdmin is ITaskMarketAdmin, Ownable2Step, Pausable {
    /* CONSTANTS */

    /// @inheritdoc ITaskMarketAdmin
    uint256 public constant MAX_FEE_BPS = 500;

    uint256 internal constant BASIS_POINTS = 10_000;

    /* STORAGE */

    /// @inheritdoc ITaskMarketAdmin
    address public feeRecipient;

    /// @inheritdoc ITaskMarketAdmin
    uint16 public feeBps;

    /// @dev Without fee until the owner sets one.
    constructor(address owner_) Ownable(owner_) {
        feeRecipient = owner_;
    }

    /* OWNER ACTIONS */

    /// @inheritdoc ITaskMarketAdmin
    function pause() external onlyOwner {
        _pause();
    }

    /// @inheritdoc ITaskMarketAdmin
    function unpause() external onlyOwner {
        _unpause();
    }

    /// @inheritdoc ITaskMarketAdmin
    function setFee(uint256 feeBps_, address feeRecipient_) external onlyOwner {
        if (feeBps_ > MAX_FEE_BPS) revert TaskMarketFeeTooHigh(feeBps_, MAX_FEE_BPS);
        if (feeRecipient_ == address(0)) revert TaskMarketZeroAddress();

        // Not above MAX_FEE_BPS.
        feeBps = uint16(feeBps_);
        feeRecipient = feeRecipient_;

        emit FeeSet(feeBps_, feeRecipient_);
    }
}
