// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LockerApproval, StakeBalance, StakeLock, Unbonding} from "../types/Stake.sol";

/// @title IStakeVault
/// @notice Holds stake, lets consented modules lock and slash it, and pays it back after an unbonding delay.
///
/// Assumes
/// - Tokens move exactly what they are told to and do not change balances by themselves (no rebasing). Fee-on-transfer
///   tokens are refused when depositing. A token that stops transferring strands only its own depositors.
/// - A staker trusts each locker it approves with up to the approved limit: a locker may keep a lock for ever or slash it.
/// - Amounts fit 96 bits.
///
/// Guarantees
/// - There is no owner, no pause and no upgrade: money leaves only by `withdraw`, `withdrawCredit` and `burnSlashed`.
/// - Per token, the vault holds at least the sum of free, locked and unbonding stake and of credits.
/// - Nobody but a locker approved by the staker can lock its stake, never more than the limit at once, and what a locker
///   slashes reduces the limit until the staker approves anew. Nobody but the locker that made a lock can release or slash it.
/// - Locked stake cannot be unbonded.
/// - Slashing burns at least `BURN_BPS` of the slashed amount (rounded up) and makes no external call, so neither a token
///   nor a beneficiary can obstruct it.
///
/// The zero address as token is the native coin.
///
/// Withdrawal rule: one slot per account and token. A further request adds to the slot and starts the delay anew for the
/// whole slot.
interface IStakeVault {
    /* EVENTS */

    /// @notice `account` added free stake.
    event StakeDeposited(address indexed account, address indexed token, uint256 amountWei);
    /// @notice `account` set the most that `locker` may hold locked of its stake.
    event LockerApproved(
        address indexed account,
        address indexed locker,
        address indexed token,
        uint256 limitWei
    );
    /// @notice Free stake began to unbond; the whole slot now holds `slotWei` and opens at `availableAt`.
    event UnbondingRequested(
        address indexed account,
        address indexed token,
        uint256 amountWei,
        uint256 slotWei,
        uint256 availableAt
    );
    /// @notice Unbonded stake was paid out to its account.
    event StakeWithdrawn(address indexed account, address indexed token, uint256 amountWei);
    /// @notice `locker` locked stake of `account`.
    event StakeLocked(
        uint256 indexed lockId,
        address indexed locker,
        address indexed account,
        address token,
        uint256 amountWei
    );
    /// @notice What was left of a lock became free stake again.
    event StakeReleased(
        uint256 indexed lockId,
        address indexed locker,
        address indexed account,
        address token,
        uint256 amountWei
    );
    /// @notice Part of a lock was slashed: `burnedWei` credited to the burn address, `paidWei` to the beneficiary.
    event StakeSlashed(
        uint256 indexed lockId,
        address indexed locker,
        address indexed account,
        address token,
        address beneficiary,
        uint256 burnedWei,
        uint256 paidWei
    );
    /// @notice A credit from slashing was paid out.
    event CreditWithdrawn(address indexed account, address indexed token, uint256 amountWei);
    /// @notice Slashed stake was sent to the burn address.
    event SlashedBurned(address indexed token, uint256 amountWei);

    /* ERRORS */

    /// @notice The amount is zero.
    error StakeVaultZeroAmount();
    /// @notice The address is zero.
    error StakeVaultZeroAddress();
    /// @notice The native coin sent is not what was declared (zero for ERC-20 deposits).
    error StakeVaultValueMismatch(uint256 sentWei, uint256 requiredWei);
    /// @notice The token credited another amount than was transferred.
    error StakeVaultTransferMismatch(address token, uint256 receivedWei, uint256 requiredWei);
    /// @notice The account has less free stake than needed.
    error StakeVaultInsufficientStake(
        address account,
        address token,
        uint256 availableWei,
        uint256 requiredWei
    );
    /// @notice The locker would hold more than the staker consented to.
    error StakeVaultLimitExceeded(address account, address locker, uint256 availableWei, uint256 requiredWei);
    /// @notice The caller has no open lock of this token with this id.
    error StakeVaultUnknownLock(address locker, address token, uint256 lockId);
    /// @notice The lock holds less than is to be slashed.
    error StakeVaultSlashTooLarge(uint256 lockId, uint256 lockedWei, uint256 requiredWei);
    /// @notice Nothing is unbonding.
    error StakeVaultNothingUnbonding(address account, address token);
    /// @notice The unbonding delay has not passed.
    error StakeVaultStillUnbonding(uint256 availableAt, uint256 timestamp);
    /// @notice There is no credit to pay out.
    error StakeVaultNothingToWithdraw(address account, address token);
    /// @notice The unbonding delay asked for is outside what the vault allows.
    error StakeVaultInvalidUnbondingSeconds(uint256 unbondingSeconds, uint256 maxSeconds);

    /* STAKER ACTIONS */

    /// @notice Adds `amountWei` of `token` to the caller's free stake; native deposits send the same value.
    function deposit(address token, uint256 amountWei) external payable;

    /// @notice Sets the most that `locker` may hold locked of the caller's stake at once.
    /// @dev Lowering the limit does not touch open locks. Warning: an approved locker can slash up to the limit.
    function approveLocker(address locker, address token, uint256 limitWei) external;

    /// @notice `deposit` followed by `approveLocker`.
    function depositAndApprove(
        address token,
        uint256 amountWei,
        address locker,
        uint256 limitWei
    ) external payable;

    /// @notice Moves free stake into the withdrawal slot and starts its delay anew for the whole slot.
    function requestUnbonding(address token, uint256 amountWei) external;

    /// @notice Pays the caller its whole withdrawal slot once the delay has passed.
    function withdraw(address token) external;

    /// @notice Pays the caller what slashing credited to it.
    function withdrawCredit(address token) external;

    /* LOCKER ACTIONS */

    /// @notice Locks free stake of an account that approved the caller.
    /// @return lockId Identifier of the lock, unique in this vault, never zero.
    function lock(address account, address token, uint256 amountWei) external returns (uint64 lockId);

    /// @notice Frees what is left of one of the caller's locks, possibly nothing, and ends the lock.
    function release(address token, uint256 lockId) external;

    /// @notice Takes `amountWei` out of one of the caller's locks: `BURN_BPS` of it, rounded up, is burned, the rest is
    ///         credited to `beneficiary`. What is left stays locked.
    function slash(address token, uint256 lockId, uint256 amountWei, address beneficiary) external;

    /* ANYBODY'S ACTIONS */

    /// @notice Sends the slashed stake of `token` that is to be burned to `BURN_ADDRESS`.
    function burnSlashed(address token) external;

    /* VIEWS */

    /// @notice Share of a slashed amount that is burned, in basis points.
    function BURN_BPS() external view returns (uint256);

    /// @notice Where burned stake goes.
    function BURN_ADDRESS() external view returns (address);

    /// @notice Delay between the last unbonding request and withdrawal.
    function unbondingSeconds() external view returns (uint256);

    /// @notice Free and locked stake of an account.
    function balanceOf(address account, address token) external view returns (StakeBalance memory);

    /// @notice The withdrawal slot of an account.
    function unbondingOf(address account, address token) external view returns (Unbonding memory);

    /// @notice What `account` consented to, and what `locker` holds of it.
    function approvalOf(
        address account,
        address locker,
        address token
    ) external view returns (LockerApproval memory);

    /// @notice A lock of `token` made by `locker`; all zero once released or if it never existed.
    function lockOf(address locker, address token, uint256 lockId) external view returns (StakeLock memory);

    /// @notice What slashing credited to an account and is not yet paid out.
    function creditOf(address account, address token) external view returns (uint256);
}
