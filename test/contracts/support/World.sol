// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CommitteeDraw} from "../../../contracts/CommitteeDraw.sol";
import {TaskAuction} from "../../../contracts/TaskAuction.sol";
import {TaskDraw} from "../../../contracts/TaskDraw.sol";
import {TaskMarket} from "../../../contracts/TaskMarket.sol";
import {TestSetSeal} from "../../../contracts/TestSetSeal.sol";
import {ICircuitRegistry} from "../../../contracts/interfaces/ICircuitRegistry.sol";
import {StubRegistry} from "../../../contracts/mocks/StubRegistry.sol";
import {StubTrainingAudit} from "../../../contracts/mocks/StubTrainingAudit.sol";
import {Players} from "./Players.sol";

/// @title World
/// @notice The contracts that handlers of tasks act on, and what they have seen move.
abstract contract World is Players {
    struct ForeignLock {
        address account;
        address token;
        uint256 lockId;
    }

    TaskMarket public immutable market;
    TaskAuction public immutable auction;
    TaskDraw public immutable draws;
    CommitteeDraw public immutable committees;
    TestSetSeal public immutable seal;
    StubTrainingAudit public immutable audit = new StubTrainingAudit();

    /// @notice A second locker beside the market: one that slashes.
    address public constant SLASHER = address(uint160(uint256(keccak256("slasher"))));
    /// @notice The owner of the market.
    address internal constant OWNER = address(uint160(uint256(keccak256("owner"))));
    /// @notice Receives the market's fees, and does nothing else.
    address public constant TREASURY = address(uint160(uint256(keccak256("treasury"))));

    ForeignLock[] private _foreignLocks;

    // By token: what went into the market, and what came out of it and the vault.
    mapping(address token => uint256) public withdrawnStakeWei;
    mapping(address token => uint256) public slashedWei;
    mapping(address token => uint256) public burnedWei;
    mapping(address token => uint256) public withdrawnSlashCreditWei;
    mapping(address token => uint256) public postedWei;
    mapping(address token => uint256) public withdrawnRewardWei;
    mapping(address token => uint256) public donatedToVaultWei;
    mapping(address token => uint256) public donatedToMarketWei;
    /// @notice By committee and member: what the committee's controller has slashed.
    mapping(uint256 committeeId => mapping(address member => uint256)) public committeeSlashedWei;

    /// @dev Four accounts act; the treasury only receives.
    constructor() Players(4) {
        market = new TaskMarket(ICircuitRegistry(address(new StubRegistry())), vault, OWNER);
        auction = new TaskAuction(market);
        draws = new TaskDraw(market);
        committees = new CommitteeDraw(market);
        seal = new TestSetSeal(market);
        _approve(address(market));
        _accounts.push(TREASURY);
    }

    /// @notice All who may let the vault lock stake for them.
    function lockers() public view returns (address[6] memory) {
        return
            [address(market), SLASHER, address(auction), address(draws), address(committees), address(seal)];
    }

    function foreignLocks() public view returns (ForeignLock[] memory) {
        return _foreignLocks;
    }

    function _addForeignLock(ForeignLock memory foreignLock) internal {
        _foreignLocks.push(foreignLock);
    }

    function _removeForeignLock(uint256 index) internal {
        _foreignLocks[index] = _foreignLocks[_foreignLocks.length - 1];
        _foreignLocks.pop();
    }
}
