// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FederationHandler} from "./support/FederationHandler.sol";
import {FederationWithdrawal} from "./support/FederationWithdrawal.sol";

/// @title Actions
/// @notice The handler under the fuzzer. It is declared here because Hardhat fuzzes only contracts of the files it was told
///         to run.
contract Actions is FederationHandler {}

/// @title FederationInvariantTest
/// @notice What holds of the money, stakes and rounds of federations whose members vanish, pass, fail, report and copy.
contract FederationInvariantTest is FederationWithdrawal {
    function setUp() public {
        _watch(new Actions());
    }

    /// @notice What the contract holds is what pools, rounds and credits are owed.
    function invariant_moneyOfFederationsIsConserved() public view sometimes {
        _checkMoney();
    }

    /// @notice Stake is locked for members, and only a leader that did not deliver has lost its bond.
    function invariant_stakeOfMembersIsSafe() public view sometimes {
        _checkStake();
    }

    /// @notice Rosters, sets, counts, rewards and records are what the rules say.
    function invariant_roundsFollowTheRules() public view sometimes {
        _checkRounds();
    }

    /// @notice All of it holds after the last action, and everybody can take out everything.
    function afterInvariant() public {
        _checkMoney();
        _checkStake();
        _checkRounds();
        _withdrawEverything();
    }
}
