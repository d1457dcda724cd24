// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {StakeVault} from "../../../contracts/StakeVault.sol";
import {TestToken} from "../../../contracts/mocks/TestToken.sol";
import {LockerApproval} from "../../../contracts/types/Stake.sol";
import {SolidityTest} from "./SolidityTest.sol";

/// @title Players
/// @notice A stake vault, a token and the accounts that handlers act with.
abstract contract Players is SolidityTest {
    uint256 internal constant UNBONDING_SECONDS = 1 hours;
    uint256 internal constant MAX_AMOUNT_WEI = 1e24;
    uint256 internal constant FUNDS_WEI = type(uint96).max;

    StakeVault public immutable vault = new StakeVault(UNBONDING_SECONDS);
    TestToken internal immutable _token = new TestToken();
    /// @dev Accounts that act.
    uint256 internal immutable ACTORS;

    /// @notice An account that owns nothing and is owed nothing.
    address internal constant STRANGER = address(uint160(uint256(keccak256("stranger"))));

    /// @notice Actions so far.
    uint256 public actionCount;
    /// @notice By token: what went into the vault.
    mapping(address token => uint256) public depositedWei;

    address[] internal _accounts;

    /// @dev Marks what the fuzzer calls.
    modifier action() {
        ++actionCount;
        _;
    }

    constructor(uint256 actors) {
        ACTORS = actors;
        for (uint256 i = 0; i < actors; ++i) {
            address account = address(uint160(uint256(keccak256(abi.encode("account", i)))));
            _accounts.push(account);
            CHEATS.deal(account, FUNDS_WEI);
            _token.mint(account, FUNDS_WEI);
        }
        _approve(address(vault));
    }

    function accounts() public view returns (address[] memory) {
        return _accounts;
    }

    function tokens() public view returns (address[2] memory) {
        return [address(0), address(_token)];
    }

    /// @notice What `holder` has of `token`.
    function balanceOf(address token, address holder) public view returns (uint256) {
        return token == address(0) ? holder.balance : _token.balanceOf(holder);
    }

    /// @dev Lets a contract take the token of all accounts that act.
    function _approve(address spender) internal {
        for (uint256 i = 0; i < ACTORS; ++i) {
            CHEATS.prank(_accounts[i]);
            _token.approve(spender, type(uint256).max);
        }
    }

    function _accountOf(uint256 seed) internal view returns (address) {
        return _accounts[seed % ACTORS];
    }

    function _tokenOf(uint256 seed) internal view returns (address) {
        return tokens()[seed % 2];
    }

    /// @dev Sees to it that a locker can lock so much more of an account's stake.
    function _consent(address account, address locker, address token, uint256 amountWei) internal {
        uint256 freeWei = vault.balanceOf(account, token).freeWei;
        if (freeWei < amountWei) _deposit(account, token, amountWei - freeWei);
        LockerApproval memory approval = vault.approvalOf(account, locker, token);
        uint256 neededWei = uint256(approval.lockedWei) + amountWei;
        if (approval.limitWei < neededWei) {
            CHEATS.prank(account);
            vault.approveLocker(locker, token, neededWei);
        }
    }

    function _deposit(address account, address token, uint256 amount) internal {
        CHEATS.deal(account, FUNDS_WEI);
        CHEATS.prank(account);
        vault.deposit{value: token == address(0) ? amount : 0}(token, amount);
        depositedWei[token] += amount;
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
