// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice The cheatcodes of Hardhat's Solidity tests that these tests use.
interface ICheats {
    /// @notice Makes `sender` the sender of the next call.
    function prank(address sender) external;
    /// @notice Sets the block timestamp.
    function warp(uint256 timestamp) external;
    /// @notice Sets the block number.
    function roll(uint256 number) external;
    /// @notice Sets the native balance of an account.
    function deal(address account, uint256 balanceWei) external;
    /// @notice Demands that the next call reverts with this data.
    function expectRevert(bytes calldata data) external;
    /// @notice Drops inputs for which `condition` is false.
    function assume(bool condition) external pure;
}

/// @title SolidityTest
/// @notice Assertions and helpers for tests written in Solidity.
abstract contract SolidityTest {
    ICheats internal constant CHEATS = ICheats(address(uint160(uint256(keccak256("hevm cheat code")))));

    error NotEqual(string what, uint256 actual, uint256 expected);
    error NotAtMost(string what, uint256 actual, uint256 limit);
    error NotTrue(string what);

    function assertEqual(uint256 actual, uint256 expected, string memory what) internal pure {
        if (actual != expected) revert NotEqual(what, actual, expected);
    }

    function assertAtMost(uint256 actual, uint256 limit, string memory what) internal pure {
        if (actual > limit) revert NotAtMost(what, actual, limit);
    }

    function assertTrue(bool condition, string memory what) internal pure {
        if (!condition) revert NotTrue(what);
    }

    /// @notice Maps any value to min..max.
    function bound(uint256 value, uint256 min, uint256 max) internal pure returns (uint256) {
        if (value >= min && value <= max) return value;
        uint256 size = max - min + 1;
        return size == 0 ? value : min + (value % size);
    }
}
