// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {G2Point} from "./Proof.sol";

/// @title VerifyingKeyLib
/// @notice The layout of key bytes (table in `ICircuitRegistry`), as word indices and readers.
library VerifyingKeyLib {
    /// @dev Words 0 and 1.
    uint256 internal constant CONTRIBUTIONS = 0;
    uint256 internal constant CIRCUIT_DIGEST = 1;

    /// @dev First word of each point.
    uint256 internal constant ALPHA1 = 2;
    uint256 internal constant BETA2 = 4;
    uint256 internal constant DELTA2 = 8;
    uint256 internal constant SIGMA2 = 12;
    uint256 internal constant IC = 16;

    uint256 internal constant WORD_BYTES = 32;
    uint256 internal constant G1_WORDS = 2;

    /// @dev IC points besides those of the statement: the constant, alpha and rho.
    uint256 internal constant OTHER_IC_POINTS = 3;

    /// @notice Bytes of a key with `statementWords` statement words.
    function lengthBytes(uint256 statementWords) internal pure returns (uint256) {
        return (IC + (statementWords + OTHER_IC_POINTS) * G1_WORDS) * WORD_BYTES;
    }

    /// @notice Statement words of a key whose length was checked.
    function statementLength(bytes memory key) internal pure returns (uint256) {
        return (key.length / WORD_BYTES - IC) / G1_WORDS - OTHER_IC_POINTS;
    }

    /// @notice Word `index` of a key.
    /// @dev No bounds check: callers stay within the length that was checked when the key was added.
    function word(bytes memory key, uint256 index) internal pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := mload(add(add(key, 0x20), shl(5, index)))
        }
    }

    /// @notice The G1 point that starts at word `index`.
    function g1(bytes memory key, uint256 index) internal pure returns (uint256 x, uint256 y) {
        return (word(key, index), word(key, index + 1));
    }

    /// @notice The G2 point that starts at word `index`: a view into the key, whose words are laid out as the struct's.
    function g2(bytes memory key, uint256 index) internal pure returns (G2Point memory point) {
        assembly ("memory-safe") {
            point := add(add(key, 0x20), shl(5, index))
        }
    }
}
