// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

// Amounts are in the smallest unit of their token and fit 96 bits (7.9e28), so that each struct below
// changes with a single storage write.

/// @notice What one account holds of one token; the three amounts are disjoint.
/// @dev deposit:           -> freeWei
///      lock:       freeWei -> lockedWei
///      release:  lockedWei -> freeWei
///      slash:    lockedWei -> credits of the beneficiary and of the burn address
///      requestUnbonding: freeWei -> unbonding
struct StakeBalance {
    /// @dev Neither locked nor unbonding.
    uint96 freeWei;
    /// @dev Sum of the open locks of this account and token.
    uint96 lockedWei;
}

/// @notice The single withdrawal slot of one account and token.
struct Unbonding {
    uint96 amountWei;
    /// @dev First timestamp at which `withdraw` pays the whole slot out.
    uint48 availableAt;
}

/// @notice A staker's consent to one locker for one token.
struct LockerApproval {
    /// @dev The most this locker may hold locked at once; reduced by whatever it slashes.
    uint96 limitWei;
    /// @dev What it holds locked now; above `limitWei` when the staker lowered the limit meanwhile.
    uint96 lockedWei;
}

/// @notice Stake of one token set aside by a locker; only that locker can name it.
struct StakeLock {
    address account;
    /// @dev What is still locked: the amount asked for less what was slashed.
    uint96 amountWei;
}
