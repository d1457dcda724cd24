// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EscrowInvariants} from "./support/EscrowInvariants.sol";
import {FullWithdrawal} from "./support/FullWithdrawal.sol";
import {MarketHandler} from "./support/MarketHandler.sol";
import {StakeInvariants} from "./support/StakeInvariants.sol";

/// @title Actions
/// @notice The handler under the fuzzer. It is declared here because Hardhat fuzzes only contracts of the files it was told
///         to run.
contract Actions is MarketHandler {}

/// @title StakeAndEscrowInvariantTest
/// @notice What holds of the money after any sequence of actions of posters, provers and lockers.
contract StakeAndEscrowInvariantTest is EscrowInvariants, StakeInvariants, FullWithdrawal {
    function setUp() public {
        _watch(new Actions());
    }

    /// @notice Stake: what the vault holds, owes, has locked and has slashed.
    function invariant_stakeIsSafe() public view sometimes {
        _checkStake();
    }

    /// @notice Escrow: what the market holds, owes and has paid.
    function invariant_escrowIsSafe() public view sometimes {
        _checkEscrow();
    }

    /// @notice Records: counters, leaders and states of tasks, and who is owed nothing.
    function invariant_recordsAreTrue() public view sometimes {
        _checkRecords();
    }

    /// @notice All of it holds after the last action, and everybody can take out everything.
    function afterInvariant() public {
        _checkStake();
        _checkEscrow();
        _checkRecords();
        _withdrawEverything();
    }
}
