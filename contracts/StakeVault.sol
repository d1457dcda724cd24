// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IStakeVault} from "./interfaces/IStakeVault.sol";
import {Token} from "./libraries/Token.sol";
import {LockerApproval, StakeBalance, StakeLock, Unbonding} from "./types/Stake.sol";

/// @title StakeVault
/// @notice Assumptions, guarantees and the withdrawal rule are in `IStakeVault`.
contract StakeVault is IStakeVault, ReentrancyGuardTransient {
    using SafeCast for uint256;

    /* CONSTANTS */

    /// @inheritdoc IStakeVault
    uint256 public constant BURN_BPS = 5_000; // half

    /// @inheritdoc IStakeVault
    address public constant BURN_ADDRESS = 0x000000000000000000000000000000000000dEaD;

    uint256 private constant MAX_BPS = 10_000;

    /// @dev A longer delay can only be a mistake of units.
    uint256 private constant MAX_UNBONDING_SECONDS = 365 days;

    /* STORAGE */

    /// @inheritdoc IStakeVault
    uint256 public immutable unbondingSeconds;

    uint64 private _lockCount;

    mapping(address account => mapping(address token => StakeBalance)) private _balances;
    mapping(address account => mapping(address token => Unbonding)) private _unbondings;
    mapping(address account => mapping(address locker => mapping(address token => LockerApproval)))
        private _approvals;
    /// @dev By locker, so that no locker can name the lock of another; by token, so that a lock fits one slot.
    mapping(address locker => mapping(address token => mapping(uint256 lockId => StakeLock))) private _locks;
    mapping(address account => mapping(address token => uint256)) private _credits;

    constructor(uint256 unbondingSeconds_) {
        if (unbondingSeconds_ > MAX_UNBONDING_SECONDS) {
            revert StakeVaultInvalidUnbondingSeconds(unbondingSeconds_, MAX_UNBONDING_SECONDS);
        }
        unbondingSeconds = unbondingSeconds_;
    }

    /* STAKER ACTIONS */

    /// @inheritdoc IStakeVault
    function deposit(address token, uint256 amountWei) external payable nonReentrant {
        _deposit(token, amountWei);
    }

    /// @inheritdoc IStakeVault
    function approveLocker(address locker, address token, uint256 limitWei) external nonReentrant {
        _approveLocker(locker, token, limitWei);
    }

    /// @inheritdoc IStakeVault
    function depositAndApprove(
        address token,
        uint256 amountWei,
        address locker,
        uint256 limitWei
    ) external payable nonReentrant {
        _approveLocker(locker, token, limitWei);
        _deposit(token, amountWei);
    }

    /// @inheritdoc IStakeVault
    function requestUnbonding(address token, uint256 amountWei) external nonReentrant {
        if (amountWei == 0) revert StakeVaultZeroAmount();

        _takeFree(msg.sender, token, amountWei);
        Unbonding storage slot = _unbondings[msg.sender][token];
        uint256 slotWei = slot.amountWei + amountWei;
        uint256 availableAt = block.timestamp + unbondingSeconds;
        slot.amountWei = slotWei.toUint96();
        slot.availableAt = availableAt.toUint48();

        emit UnbondingRequested(msg.sender, token, amountWei, slotWei, availableAt);
    }

    /// @inheritdoc IStakeVault
    function withdraw(address token) external nonReentrant {
        Unbonding memory slot = _unbondings[msg.sender][token];
        if (slot.amountWei == 0) revert StakeVaultNothingUnbonding(msg.sender, token);
        if (block.timestamp < slot.availableAt) {
            revert StakeVaultStillUnbonding(slot.availableAt, block.timestamp);
        }

        delete _unbondings[msg.sender][token];

        emit StakeWithdrawn(msg.sender, token, slot.amountWei);

        Token.pay(token, msg.sender, slot.amountWei);
    }

    /// @inheritdoc IStakeVault
    function withdrawCredit(address token) external nonReentrant {
        uint256 amountWei = _takeCredit(msg.sender, token);

        emit CreditWithdrawn(msg.sender, token, amountWei);

        Token.pay(token, msg.sender, amountWei);
    }

    /* LOCKER ACTIONS */

    /// @inheritdoc IStakeVault
    function lock(
        address account,
        address token,
        uint256 amountWei
    ) external nonReentrant returns (uint64 lockId) {
        if (amountWei == 0) revert StakeVaultZeroAmount();
        LockerApproval storage approval = _approvals[account][msg.sender][token];
        // The limit may have been lowered below what is locked.
        uint256 availableWei = Math.saturatingSub(approval.limitWei, approval.lockedWei);
        if (availableWei < amountWei) {
            revert StakeVaultLimitExceeded(account, msg.sender, availableWei, amountWei);
        }

        _takeFree(account, token, amountWei);
        // Not above the limit or the free stake, both of 96 bits.
        uint96 amount = uint96(amountWei);
        approval.lockedWei += amount;
        _balances[account][token].lockedWei += amount;
        lockId = ++_lockCount;
        _locks[msg.sender][token][lockId] = StakeLock({account: account, amountWei: amount});

        emit StakeLocked(lockId, msg.sender, account, token, amountWei);
    }

    /// @inheritdoc IStakeVault
    function release(address token, uint256 lockId) external nonReentrant {
        StakeLock memory stakeLock = _lockOfCaller(token, lockId);

        delete _locks[msg.sender][token][lockId];
        StakeBalance storage balance = _balances[stakeLock.account][token];
        balance.lockedWei -= stakeLock.amountWei;
        balance.freeWei += stakeLock.amountWei;
        _approvals[stakeLock.account][msg.sender][token].lockedWei -= stakeLock.amountWei;

        emit StakeReleased(lockId, msg.sender, stakeLock.account, token, stakeLock.amountWei);
    }

    /// @inheritdoc IStakeVault
    function slash(
        address token,
        uint256 lockId,
        uint256 amountWei,
        address beneficiary
    ) external nonReentrant {
        if (amountWei == 0) revert StakeVaultZeroAmount();
        if (beneficiary == address(0)) revert StakeVaultZeroAddress();
        StakeLock memory stakeLock = _lockOfCaller(token, lockId);
        if (amountWei > stakeLock.amountWei) {
            revert StakeVaultSlashTooLarge(lockId, stakeLock.amountWei, amountWei);
        }

        // Not above the lock, which has 96 bits.
        uint96 amount = uint96(amountWei);
        _locks[msg.sender][token][lockId].amountWei -= amount;
        _balances[stakeLock.account][token].lockedWei -= amount;
        LockerApproval storage approval = _approvals[stakeLock.account][msg.sender][token];
        approval.lockedWei -= amount;
        // What is slashed uses the consent up: the limit bounds all that a locker can ever take.
        approval.limitWei = uint96(Math.saturatingSub(approval.limitWei, amount));
        // Rounded up: a beneficiary in league with the slashed account loses at least half.
        uint256 burnedWei = Math.ceilDiv(amountWei * BURN_BPS, MAX_BPS);
        uint256 paidWei = amountWei - burnedWei;
        _credits[BURN_ADDRESS][token] += burnedWei;
        _credits[beneficiary][token] += paidWei;

        emit StakeSlashed(lockId, msg.sender, stakeLock.account, token, beneficiary, burnedWei, paidWei);
    }

    /* ANYBODY'S ACTIONS */

    /// @inheritdoc IStakeVault
    function burnSlashed(address token) external nonReentrant {
        uint256 amountWei = _takeCredit(BURN_ADDRESS, token);

        emit SlashedBurned(token, amountWei);

        Token.pay(token, BURN_ADDRESS, amountWei);
    }

    /* VIEWS */

    /// @inheritdoc IStakeVault
    function balanceOf(address account, address token) external view returns (StakeBalance memory) {
        return _balances[account][token];
    }

    /// @inheritdoc IStakeVault
    function unbondingOf(address account, address token) external view returns (Unbonding memory) {
        return _unbondings[account][token];
    }

    /// @inheritdoc IStakeVault
    function approvalOf(
        address account,
        address locker,
        address token
    ) external view returns (LockerApproval memory) {
        return _approvals[account][locker][token];
    }

    /// @inheritdoc IStakeVault
    function lockOf(address locker, address token, uint256 lockId) external view returns (StakeLock memory) {
        return _locks[locker][token][lockId];
    }

    /// @inheritdoc IStakeVault
    function creditOf(address account, address token) external view returns (uint256) {
        return _credits[account][token];
    }

    /* INTERNAL */

    function _deposit(address token, uint256 amountWei) private {
        if (amountWei == 0) revert StakeVaultZeroAmount();
        uint256 requiredWei = token == Token.NATIVE ? amountWei : 0;
        if (msg.value != requiredWei) revert StakeVaultValueMismatch(msg.value, requiredWei);

        StakeBalance storage balance = _balances[msg.sender][token];
        // Free and locked stake together fit 96 bits, so a release cannot overflow.
        uint96 totalWei = (uint256(balance.freeWei) + balance.lockedWei + amountWei).toUint96();
        balance.freeWei = totalWei - balance.lockedWei;

        emit StakeDeposited(msg.sender, token, amountWei);

        if (token != Token.NATIVE) {
            uint256 receivedWei = Token.pull(token, amountWei);
            if (receivedWei != amountWei) revert StakeVaultTransferMismatch(token, receivedWei, amountWei);
        }
    }

    function _approveLocker(address locker, address token, uint256 limitWei) private {
        if (locker == address(0)) revert StakeVaultZeroAddress();

        _approvals[msg.sender][locker][token].limitWei = limitWei.toUint96();

        emit LockerApproved(msg.sender, locker, token, limitWei);
    }

    /// @dev The amount fits 96 bits afterwards, since the free stake does.
    function _takeFree(address account, address token, uint256 amountWei) private {
        StakeBalance storage balance = _balances[account][token];
        uint256 freeWei = balance.freeWei;
        if (freeWei < amountWei) revert StakeVaultInsufficientStake(account, token, freeWei, amountWei);
        balance.freeWei = uint96(freeWei - amountWei);
    }

    function _takeCredit(address account, address token) private returns (uint256 amountWei) {
        amountWei = _credits[account][token];
        if (amountWei == 0) revert StakeVaultNothingToWithdraw(account, token);
        delete _credits[account][token];
    }

    function _lockOfCaller(address token, uint256 lockId) private view returns (StakeLock memory stakeLock) {
        stakeLock = _locks[msg.sender][token][lockId];
        if (stakeLock.account == address(0)) revert StakeVaultUnknownLock(msg.sender, token, lockId);
    }
}
