// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EscrowInvariants} from "./support/EscrowInvariants.sol";
import {FullWithdrawal} from "./support/FullWithdrawal.sol";
import {RuleInvariants} from "./support/RuleInvariants.sol";
import {SealHandler} from "./support/SealHandler.sol";
import {StakeInvariants} from "./support/StakeInvariants.sol";

/// @title Actions
/// @notice The handler under the fuzzer. It is declared here because Hardhat fuzzes only contracts of the files it was told
///         to run.
contract Actions is SealHandler {}

/// @title SealInvariantTest
/// @notice What holds of bonds, demands and rewards of sealed test sets, however they are revealed.
contract SealInvariantTest is EscrowInvariants, StakeInvariants, RuleInvariants, FullWithdrawal {
    function setUp() public {
        _watch(new Actions());
    }

    /// @notice Bonds and the stake of demands go to whom the rules name, half of what is lost burns.
    function invariant_bondsAreSafe() public view sometimes {
        _checkStake();
        _checkEscrow();
        _checkSeals();
        _checkRecords();
    }

    /// @notice All of it holds after the last action, and everybody can take out everything.
    function afterInvariant() public {
        _checkStake();
        _checkEscrow();
        _checkSeals();
        _checkRecords();
        _withdrawEverything();
    }
}
