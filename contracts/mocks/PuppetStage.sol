// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITaskMarket} from "../interfaces/ITaskMarket.sol";
import {IStakeVault} from "../interfaces/IStakeVault.sol";
import {StakeBalance} from "../types/Stake.sol";
import {PuppetAccount} from "./PuppetAccount.sol";

/// @title PuppetStage
/// @notice Has many contract accounts make many calls in one transaction, and says how each call went and what gas it took.
contract PuppetStage {
    event Hired(address puppet);
    event Played(bool success, uint256 gasUsed, bytes result);

    /// @notice Makes accounts with coin of their own.
    function hire(uint256 count, uint256 fundsWei) external payable {
        for (uint256 i = 0; i < count; ++i) {
            PuppetAccount puppet = new PuppetAccount();
            puppet.execute{value: fundsWei}(address(puppet), 0, "");
            emit Hired(address(puppet));
        }
    }

    /// @notice Makes calls in a row, whatever becomes of each.
    /// @param script Per call: account (20 bytes), target (20), native coin (12), length of the data (4), data.
    function play(bytes calldata script) external {
        uint256 offset;
        while (offset < script.length) {
            PuppetAccount puppet = PuppetAccount(payable(address(bytes20(script[offset:offset + 20]))));
            address target = address(bytes20(script[offset + 20:offset + 40]));
            uint256 amountWei = uint96(bytes12(script[offset + 40:offset + 52]));
            uint256 end = offset + 56 + uint32(bytes4(script[offset + 52:offset + 56]));
            bytes calldata data = script[offset + 56:end];
            offset = end;
            uint256 gasBefore = gasleft();
            try puppet.execute(target, amountWei, data) returns (bytes memory result) {
                emit Played(true, gasBefore - gasleft(), result);
            } catch (bytes memory reason) {
                emit Played(false, gasBefore - gasleft(), reason);
            }
        }
    }

    /// @notice Native coin of accounts: what they hold, have staked, and are owed.
    function wealthOf(
        IStakeVault vault,
        ITaskMarket market,
        address[] calldata accounts
    ) external view returns (uint256[] memory wealthWei) {
        wealthWei = new uint256[](accounts.length);
        for (uint256 i = 0; i < accounts.length; ++i) {
            address account = accounts[i];
            StakeBalance memory balance = vault.balanceOf(account, address(0));
            wealthWei[i] =
                account.balance +
                balance.freeWei +
                balance.lockedWei +
                vault.creditOf(account, address(0)) +
                market.creditOf(account, address(0));
        }
    }
}
