// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CommitteeDraw} from "../../../contracts/CommitteeDraw.sol";
import {StakeVault} from "../../../contracts/StakeVault.sol";
import {TaskAuction} from "../../../contracts/TaskAuction.sol";
import {TaskDraw} from "../../../contracts/TaskDraw.sol";
import {TaskMarket} from "../../../contracts/TaskMarket.sol";
import {TestSetSeal} from "../../../contracts/TestSetSeal.sol";
import {ICircuitRegistry} from "../../../contracts/interfaces/ICircuitRegistry.sol";
import {StubRegistry} from "../../../contracts/mocks/StubRegistry.sol";
import {StubTrainingAudit} from "../../../contracts/mocks/StubTrainingAudit.sol";
import {TestToken} from "../../../contracts/mocks/TestToken.sol";
import {SolidityTest} from "./SolidityTest.sol";

/// @title World
/// @notice The contracts, accounts and tokens that handlers act on, and what they have seen move.
abstract contract World is SolidityTest {
    struct ForeignLock {
        address account;
        address token;
        uint256 lockId;
    }

    uint256 internal constant UNBONDING_SECONDS = 1 hours;
    uint256 internal constant MAX_AMOUNT_WEI = 1e24;
    uint256 internal constant FUNDS_WEI = type(uint96).max;
    /// @dev Accounts that act; the treasury only receives.
    uint256 internal constant ACTORS = 4;

    StakeVault public immutable vault = new StakeVault(UNBONDING_SECONDS);
    TaskMarket public immutable market;
    TaskAuction public immutable auction;
    TaskDraw public immutable draws;
    CommitteeDraw public immutable committees;
    TestSetSeal public immutable seal;
    StubTrainingAudit public immutable audit = new StubTrainingAudit();
    TestToken internal immutable _token = new TestToken();

    /// @notice A second locker beside the market: one that slashes.
    address public constant SLASHER = address(uint160(uint256(keccak256("slasher"))));
    /// @notice The owner of the market.
    address internal constant OWNER = address(uint160(uint256(keccak256("owner"))));
    /// @notice Receives the market's fees, and does nothing else.
    address public constant TREASURY = address(uint160(uint256(keccak256("treasury"))));
    /// @notice An account that owns nothing and is owed nothing.
    address internal constant STRANGER = address(uint160(uint256(keccak256("stranger"))));

    /// @notice Actions so far.
    uint256 public actionCount;

    address[] private _accounts;
    ForeignLock[] private _foreignLocks;

    // By token: what went into the vault and the market, and what came out.
    mapping(address token => uint256) public depositedWei;
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

    /// @dev Marks what the fuzzer calls.
    modifier action() {
        ++actionCount;
        _;
    }

    constructor() {
        market = new TaskMarket(ICircuitRegistry(address(new StubRegistry())), vault, OWNER);
        auction = new TaskAuction(market);
        draws = new TaskDraw(market);
        committees = new CommitteeDraw(market);
        seal = new TestSetSeal(market);
        for (uint256 i = 0; i < ACTORS; ++i) {
            address account = address(uint160(uint256(keccak256(abi.encode("account", i)))));
            _accounts.push(account);
            CHEATS.deal(account, FUNDS_WEI);
            _token.mint(account, FUNDS_WEI);
            CHEATS.prank(account);
            _token.approve(address(vault), type(uint256).max);
            CHEATS.prank(account);
            _token.approve(address(market), type(uint256).max);
        }
        _accounts.push(TREASURY);
    }

    /// @notice All who may let the vault lock stake for them.
    function lockers() public view returns (address[6] memory) {
        return
            [address(market), SLASHER, address(auction), address(draws), address(committees), address(seal)];
    }

    function accounts() public view returns (address[] memory) {
        return _accounts;
    }

    function tokens() public view returns (address[2] memory) {
        return [address(0), address(_token)];
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

    function _accountOf(uint256 seed) internal view returns (address) {
        return _accounts[seed % ACTORS];
    }

    function _tokenOf(uint256 seed) internal view returns (address) {
        return tokens()[seed % 2];
    }

    /// @notice What `holder` has of `token`.
    function balanceOf(address token, address holder) public view returns (uint256) {
        return token == address(0) ? holder.balance : _token.balanceOf(holder);
    }

    /// @dev Makes a call that must succeed.
    function _mustSucceed(address sender, address target, bytes memory data) internal {
        CHEATS.prank(sender);
        (bool success, bytes memory reason) = target.call(data);
        if (!success) {
            assembly ("memory-safe") {
                revert(add(reason, 0x20), mload(reason))
            }
        }
    }

    /// @dev Fails unless the call reverts.
    function _mustRevert(address sender, address target, bytes memory data) internal {
        CHEATS.prank(sender);
        (bool success, ) = target.call(data);
        assertTrue(!success, "a forbidden call reverts");
    }
}
