// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title GasMeter
/// @notice Measures what a call costs its caller, whether it succeeds or not.
contract GasMeter {
    /// @notice Calls `target` and returns how it went and the gas it used.
    function measure(
        address target,
        bytes calldata data
    ) external returns (bool success, bytes memory result, uint256 gasUsed) {
        uint256 gasBefore = gasleft();
        (success, result) = target.call(data);
        gasUsed = gasBefore - gasleft();
    }
}
