// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

using AuctionLib for Auction global;

/// @notice Under which terms a task is auctioned; its reward is the highest price.
struct AuctionTerms {
    /// @dev Price when the auction opens, in the smallest unit of the reward's token.
    uint96 minPriceWei;
    /// @dev When the auction opens and the price begins to rise; may have passed when the task is posted.
    uint48 startsAt;
    /// @dev Seconds in which the price rises to the task's reward; zero for a fixed price.
    uint48 rampSeconds;
    /// @dev Last timestamp at which `lock` is accepted.
    uint48 lockDeadline;
    /// @dev Last timestamp at which the assignee's proof is in time and nobody else may commit.
    uint48 exclusiveDeadline;
    /// @dev Stake the assignee locks, in the task's stake token.
    uint96 collateralWei;
}

/// @notice An auction as stored; its price once locked is the task's reward.
/// @dev open -> locked (lock) -> settled (settleCollateral). What `lock` writes lies beside a term that is never zero: it fills no
///      new slot.
struct Auction {
    // Slot 0
    uint48 startsAt;
    uint48 rampSeconds;
    uint48 lockDeadline;
    uint96 minPriceWei;
    // Slot 1
    /// @dev Who works exclusively; zero before `lock`.
    address assignee;
    /// @dev The collateral's lock in the stake vault; zero before `lock` and once released or slashed.
    uint64 lockId;
    /// @dev From `lockDeadline` to the end of the exclusive time.
    uint32 exclusiveSeconds;
    // Slot 2
    address collateralToken;
    uint96 collateralWei;
    // Slot 3
    /// @dev The task's reward when it was posted; zero if the task is not auctioned here.
    uint96 maxPriceWei;
}

/// @title AuctionLib
/// @notice What an auction implies.
library AuctionLib {
    /// @notice Last timestamp at which the assignee's proof is in time and nobody else may commit.
    function exclusiveDeadline(Auction storage self) internal view returns (uint256) {
        return uint256(self.lockDeadline) + self.exclusiveSeconds;
    }

    /// @notice Price at a timestamp not before `startsAt`: rises linearly, rounded down, and stays at its highest.
    function priceWeiAt(Auction memory self, uint256 timestamp) internal pure returns (uint96) {
        uint256 elapsed = timestamp - self.startsAt;
        uint256 ramp = self.rampSeconds;
        if (elapsed >= ramp) return self.maxPriceWei;
        // 96 bits times 48 bits: no overflow; below the highest price, which has 96 bits.
        uint256 rise = uint256(self.maxPriceWei) - self.minPriceWei;
        return self.minPriceWei + uint96((rise * elapsed) / ramp);
    }
}
