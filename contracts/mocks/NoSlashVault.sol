// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {StakeBalance, StakeLock} from "../types/Stake.sol";

/// @title NoSlashVault
/// @notice A stake vault for native coin that never takes anything: what cheating would be worth without slashing.
contract NoSlashVault {
    event Spared(uint256 lockId, uint256 amountWei);

    mapping(address account => StakeBalance) private _balances;
    mapping(uint256 lockId => StakeLock) private _locks;
    uint64 private _lockCount;

    function depositAndApprove(address, uint256 amountWei, address, uint256) external payable {
        _balances[msg.sender].freeWei += uint96(amountWei);
    }

    function lock(address account, address, uint256 amountWei) external returns (uint64 lockId) {
        _balances[account].freeWei -= uint96(amountWei);
        _balances[account].lockedWei += uint96(amountWei);
        lockId = ++_lockCount;
        _locks[lockId] = StakeLock({account: account, amountWei: uint96(amountWei)});
    }

    function release(address, uint256 lockId) external {
        StakeLock memory stakeLock = _locks[lockId];
        delete _locks[lockId];
        _balances[stakeLock.account].lockedWei -= stakeLock.amountWei;
        _balances[stakeLock.account].freeWei += stakeLock.amountWei;
    }

    function slash(address, uint256 lockId, uint256 amountWei, address) external {
        emit Spared(lockId, amountWei);
    }

    function balanceOf(address account, address) external view returns (StakeBalance memory) {
        return _balances[account];
    }

    function creditOf(address, address) external pure returns (uint256) {
        return 0;
    }
}
