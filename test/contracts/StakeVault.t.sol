// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {StakeVault} from "../../contracts/StakeVault.sol";
import {IStakeVault} from "../../contracts/interfaces/IStakeVault.sol";
import {SolidityTest} from "./support/SolidityTest.sol";

/// @title StakeVaultTest
/// @notice Properties of the vault for any amount and any time.
contract StakeVaultTest is SolidityTest {
    address private constant NATIVE = address(0);
    address private constant STAKER = address(0x57A4E4);
    address private constant LOCKER = address(0x10C4E4);
    address private constant BENEFICIARY = address(0xBE4E);

    StakeVault private _vault;

    function setUp() public {
        _vault = new StakeVault(7 days);
    }

    function _stakeAndLock(uint96 stakeWei, uint96 lockWei) private returns (uint256 lockId) {
        CHEATS.deal(STAKER, stakeWei);
        CHEATS.prank(STAKER);
        _vault.depositAndApprove{value: stakeWei}(NATIVE, stakeWei, LOCKER, lockWei);
        CHEATS.prank(LOCKER);
        lockId = _vault.lock(STAKER, NATIVE, lockWei);
    }

    function test_slashSplitsExactlyAndRoundsToTheBurn(uint96 lockWei, uint96 slashWei) public {
        lockWei = uint96(bound(lockWei, 1, type(uint96).max));
        slashWei = uint96(bound(slashWei, 1, lockWei));
        uint256 lockId = _stakeAndLock(lockWei, lockWei);
        CHEATS.prank(LOCKER);
        _vault.slash(NATIVE, lockId, slashWei, BENEFICIARY);
        uint256 burnedWei = _vault.creditOf(_vault.BURN_ADDRESS(), NATIVE);
        uint256 paidWei = _vault.creditOf(BENEFICIARY, NATIVE);
        assertEqual(burnedWei + paidWei, slashWei, "burned and paid");
        assertAtMost(paidWei, burnedWei, "paid against burned");
        assertAtMost(burnedWei - paidWei, 1, "rounding");
        assertEqual(_vault.balanceOf(STAKER, NATIVE).lockedWei, lockWei - slashWei, "still locked");
    }

    function test_aLockerNeverTakesMoreThanItsLimit(uint96 limitWei, uint96[8] memory amounts) public {
        CHEATS.deal(STAKER, type(uint96).max);
        CHEATS.prank(STAKER);
        _vault.depositAndApprove{value: type(uint96).max}(NATIVE, type(uint96).max, LOCKER, limitWei);
        uint256 takenWei;
        for (uint256 i = 0; i < amounts.length; ++i) {
            CHEATS.prank(LOCKER);
            try _vault.lock(STAKER, NATIVE, amounts[i]) returns (uint64 lockId) {
                CHEATS.prank(LOCKER);
                _vault.slash(NATIVE, lockId, amounts[i], BENEFICIARY);
                CHEATS.prank(LOCKER);
                _vault.release(NATIVE, lockId);
                takenWei += amounts[i];
            } catch {
                assertTrue(amounts[i] == 0 || takenWei + amounts[i] > limitWei, "a lock within the limit");
            }
        }
        assertAtMost(takenWei, limitWei, "taken");
    }

    function test_lockedStakeCannotBeUnbonded(uint96 stakeWei, uint96 lockWei, uint96 askedWei) public {
        stakeWei = uint96(bound(stakeWei, 1, type(uint96).max));
        lockWei = uint96(bound(lockWei, 1, stakeWei));
        uint256 freeWei = stakeWei - lockWei;
        CHEATS.assume(freeWei < type(uint96).max);
        askedWei = uint96(bound(askedWei, freeWei + 1, type(uint96).max));
        _stakeAndLock(stakeWei, lockWei);
        CHEATS.expectRevert(
            abi.encodeWithSelector(
                IStakeVault.StakeVaultInsufficientStake.selector,
                STAKER,
                NATIVE,
                freeWei,
                askedWei
            )
        );
        CHEATS.prank(STAKER);
        _vault.requestUnbonding(NATIVE, askedWei);
    }

    function test_withdrawalOpensWithTheDelayAndNoSooner(uint96 stakeWei, uint32 waited) public {
        stakeWei = uint96(bound(stakeWei, 1, type(uint96).max));
        waited = uint32(bound(waited, 0, 14 days));
        CHEATS.deal(STAKER, stakeWei);
        CHEATS.prank(STAKER);
        _vault.deposit{value: stakeWei}(NATIVE, stakeWei);
        CHEATS.prank(STAKER);
        _vault.requestUnbonding(NATIVE, stakeWei);
        uint256 availableAt = block.timestamp + 7 days;
        CHEATS.warp(block.timestamp + waited);
        if (waited < 7 days) {
            CHEATS.expectRevert(
                abi.encodeWithSelector(
                    IStakeVault.StakeVaultStillUnbonding.selector,
                    availableAt,
                    block.timestamp
                )
            );
        }
        CHEATS.prank(STAKER);
        _vault.withdraw(NATIVE);
        assertEqual(STAKER.balance, waited < 7 days ? 0 : stakeWei, "paid out");
    }
}
