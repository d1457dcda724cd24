// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IStakeVault} from "../../../contracts/interfaces/IStakeVault.sol";
import {LockerApproval, StakeBalance, Unbonding} from "../../../contracts/types/Stake.sol";
import {World} from "./World.sol";

/// @title VaultHandler
/// @notice What accounts and lockers do in the vault. No action reverts: whatever may not happen is checked to revert.
abstract contract VaultHandler is World {
    function deposit(uint256 who, uint256 what, uint256 amount) public action {
        address account = _accountOf(who);
        address token = _tokenOf(what);
        amount = bound(amount, 1, MAX_AMOUNT_WEI);
        _deposit(account, token, amount);
    }

    function approve(uint256 who, uint256 what, bool isMarket, uint256 limit) public action {
        address locker = isMarket ? address(market) : SLASHER;
        CHEATS.prank(_accountOf(who));
        vault.approveLocker(locker, _tokenOf(what), bound(limit, 0, 2 * MAX_AMOUNT_WEI));
    }

    function requestUnbonding(uint256 who, uint256 what, uint256 amount) public action {
        address account = _accountOf(who);
        address token = _tokenOf(what);
        uint256 freeWei = vault.balanceOf(account, token).freeWei;
        bytes memory tooMuch = abi.encodeCall(IStakeVault.requestUnbonding, (token, freeWei + 1));
        _mustRevert(account, address(vault), tooMuch);
        if (freeWei == 0) return;
        CHEATS.prank(account);
        vault.requestUnbonding(token, bound(amount, 1, freeWei));
    }

    function withdrawStake(uint256 who, uint256 what, bool isPatient) public action {
        address account = _accountOf(who);
        address token = _tokenOf(what);
        Unbonding memory slot = vault.unbondingOf(account, token);
        if (slot.amountWei == 0 || block.timestamp < slot.availableAt) {
            _mustRevert(account, address(vault), abi.encodeCall(IStakeVault.withdraw, (token)));
            if (slot.amountWei == 0 || !isPatient) return;
            CHEATS.warp(slot.availableAt);
        }
        uint256 beforeWei = balanceOf(token, account);
        CHEATS.prank(account);
        vault.withdraw(token);
        assertEqual(balanceOf(token, account) - beforeWei, slot.amountWei, "a withdrawal pays the slot");
        withdrawnStakeWei[token] += slot.amountWei;
    }

    function lockForeign(uint256 who, uint256 what, uint256 amount) public action {
        address account = _accountOf(who);
        address token = _tokenOf(what);
        LockerApproval memory approval = vault.approvalOf(account, SLASHER, token);
        StakeBalance memory balance = vault.balanceOf(account, token);
        uint256 roomWei = approval.limitWei > approval.lockedWei ? approval.limitWei - approval.lockedWei : 0;
        uint256 mostWei = roomWei < balance.freeWei ? roomWei : balance.freeWei;
        bytes memory tooMuch = abi.encodeCall(IStakeVault.lock, (account, token, mostWei + 1));
        _mustRevert(SLASHER, address(vault), tooMuch);
        if (mostWei == 0) {
            // Nothing can be locked now; next time it can.
            deposit(who, what, amount);
            approve(who, what, false, amount);
            return;
        }
        CHEATS.prank(SLASHER);
        uint256 lockId = vault.lock(account, token, bound(amount, 1, mostWei));
        _addForeignLock(ForeignLock({account: account, token: token, lockId: lockId}));
    }

    function releaseForeign(uint256 which) public action {
        ForeignLock[] memory locks = foreignLocks();
        if (locks.length == 0) return;
        uint256 index = which % locks.length;
        bytes memory call = abi.encodeCall(IStakeVault.release, (locks[index].token, locks[index].lockId));
        _mustRevert(STRANGER, address(vault), call);
        _mustRevert(address(market), address(vault), call);
        CHEATS.prank(SLASHER);
        vault.release(locks[index].token, locks[index].lockId);
        _removeForeignLock(index);
    }

    function slashForeign(uint256 which, uint256 amount, uint256 beneficiary) public action {
        ForeignLock[] memory locks = foreignLocks();
        if (locks.length == 0) return;
        ForeignLock memory chosen = locks[which % locks.length];
        uint256 lockedWei = vault.lockOf(SLASHER, chosen.token, chosen.lockId).amountWei;
        address paid = _accountOf(beneficiary);
        bytes memory call = abi.encodeCall(
            IStakeVault.slash,
            (chosen.token, chosen.lockId, lockedWei + 1, paid)
        );
        _mustRevert(SLASHER, address(vault), call);
        _mustRevert(chosen.account, address(vault), call);
        if (lockedWei == 0) return;
        amount = bound(amount, 1, lockedWei);
        CHEATS.prank(SLASHER);
        vault.slash(chosen.token, chosen.lockId, amount, paid);
        slashedWei[chosen.token] += amount;
    }

    function withdrawSlashCredit(uint256 who, uint256 what) public action {
        address account = _accountOf(who);
        address token = _tokenOf(what);
        uint256 creditWei = vault.creditOf(account, token);
        if (creditWei == 0) {
            _mustRevert(account, address(vault), abi.encodeCall(IStakeVault.withdrawCredit, (token)));
            return;
        }
        CHEATS.prank(account);
        vault.withdrawCredit(token);
        withdrawnSlashCreditWei[token] += creditWei;
    }

    function burnSlashed(uint256 what) public action {
        address token = _tokenOf(what);
        uint256 creditWei = vault.creditOf(vault.BURN_ADDRESS(), token);
        if (creditWei == 0) return;
        CHEATS.prank(STRANGER);
        vault.burnSlashed(token);
        burnedWei[token] += creditWei;
    }

    /// @notice Somebody sends money that nobody asked for.
    function donate(uint256 what, bool toMarket, uint256 amount) public action {
        address token = _tokenOf(what);
        address to = toMarket ? address(market) : address(vault);
        amount = bound(amount, 1, MAX_AMOUNT_WEI);
        if (token == address(0)) CHEATS.deal(to, to.balance + amount);
        else _token.mint(to, amount);
        if (toMarket) donatedToMarketWei[token] += amount;
        else donatedToVaultWei[token] += amount;
    }
}
