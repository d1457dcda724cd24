// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {StakeVault} from "../../../contracts/StakeVault.sol";
import {TaskMarket} from "../../../contracts/TaskMarket.sol";
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

    StakeVault public immutable vault = new StakeVault(UNBONDING_SECONDS);
    TaskMarket public immutable market;
    StubTrainingAudit public immutable audit = new StubTrainingAudit();
    TestToken internal immutable _token = new TestToken();

    /// @notice A second locker beside the market: one that slashes.
    address public constant SLASHER = address(uint160(uint256(keccak256("slasher"))));
    /// @notice The owner of the market.
    address internal constant OWNER = address(uint160(uint256(keccak256("owner"))));
    /// @notice An account that owns nothing and is owed nothing.
    address internal constant STRANGER = address(uint160(uint256(keccak256("stranger"))));

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

    constructor() {
        market = new TaskMarket(ICircuitRegistry(address(new StubRegistry())), vault, OWNER);
        for (uint256 i = 0; i < 4; ++i) {
            address account = address(uint160(uint256(keccak256(abi.encode("account", i)))));
            _accounts.push(account);
            CHEATS.deal(account, FUNDS_WEI);
            _token.mint(account, FUNDS_WEI);
            CHEATS.prank(account);
            _token.approve(address(vault), type(uint256).max);
            CHEATS.prank(account);
            _token.approve(address(market), type(uint256).max);
        }
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
        return _accounts[seed % _accounts.length];
    }

    function _tokenOf(uint256 seed) internal view returns (address) {
        return tokens()[seed % 2];
    }

    /// @notice What `holder` has of `token`.
    function balanceOf(address token, address holder) public view returns (uint256) {
        return token == address(0) ? holder.balance : _token.balanceOf(holder);
    }

    /// @dev Fails unless the call reverts.
    function _mustRevert(address sender, address target, bytes memory data) internal {
        CHEATS.prank(sender);
        (bool success, ) = target.call(data);
        assertTrue(!success, "a forbidden call reverts");
    }
}
