// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CommitteeHandler} from "./support/CommitteeHandler.sol";
import {EscrowInvariants} from "./support/EscrowInvariants.sol";
import {FullWithdrawal} from "./support/FullWithdrawal.sol";
import {RuleInvariants} from "./support/RuleInvariants.sol";
import {StakeInvariants} from "./support/StakeInvariants.sol";

/// @title Actions
/// @notice The handler under the fuzzer. It is declared here because Hardhat fuzzes only contracts of the files it was told
///         to run.
contract Actions is CommitteeHandler {}

/// @title AssignmentInvariantTest
/// @notice What holds of money and seats when tasks are auctioned and drawn, and committees are drawn and slashed.
contract AssignmentInvariantTest is EscrowInvariants, StakeInvariants, RuleInvariants, FullWithdrawal {
    function setUp() public {
        _watch(new Actions());
    }

    /// @notice Collateral and the stake of everybody enrolled is locked as long as it is needed, and no longer.
    function invariant_stakeOfAssignedTasksIsSafe() public view sometimes {
        _checkStake();
        _checkEscrow();
    }

    /// @notice Prices, exclusive time, weights, seats and membership are what the rules say.
    function invariant_assignmentsFollowTheRules() public view sometimes {
        _checkAuctions();
        _checkDraws();
        _checkCommittees();
        _checkRecords();
    }

    /// @notice All of it holds after the last action, and everybody can take out everything.
    function afterInvariant() public {
        _checkStake();
        _checkEscrow();
        _checkRecords();
        _checkAuctions();
        _checkDraws();
        _checkCommittees();
        _withdrawEverything();
    }
}
