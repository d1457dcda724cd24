// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CommitteeDraw} from "../../../contracts/CommitteeDraw.sol";
import {StakeVault} from "../../../contracts/StakeVault.sol";
import {TaskAuction} from "../../../contracts/TaskAuction.sol";
import {TaskDraw} from "../../../contracts/TaskDraw.sol";
import {TaskMarket} from "../../../contracts/TaskMarket.sol";
import {TestSetSeal} from "../../../contracts/TestSetSeal.sol";
import {MarketHandler} from "./MarketHandler.sol";
import {SolidityTest} from "./SolidityTest.sol";

/// @title Checked
/// @notice A campaign of actions on a world, and when its invariants are looked at.
abstract contract Checked is SolidityTest {
    /// @dev What an action breaks stays broken, and the last look comes after the last action: looking more often costs time
    ///      and finds nothing else.
    uint256 private constant ACTIONS_PER_CHECK = 16;

    MarketHandler internal _world;
    StakeVault internal _vault;
    TaskMarket internal _market;
    TaskAuction internal _auction;
    TaskDraw internal _draws;
    CommitteeDraw internal _committees;
    TestSetSeal internal _seal;

    /// @dev Runs a check after every sixteenth action.
    modifier sometimes() {
        if (_world.actionCount() % ACTIONS_PER_CHECK == 0) _;
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_world);
    }

    function _watch(MarketHandler world) internal {
        _world = world;
        _vault = world.vault();
        _market = world.market();
        _auction = world.auction();
        _draws = world.draws();
        _committees = world.committees();
        _seal = world.seal();
    }
}
