// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {G1Point, Proof} from "../types/Proof.sol";

/// @title StubRegistry
/// @notice Stands in for the circuit registry where proofs are not the subject: accepts those whose A has x = 1.
contract StubRegistry {
    function keyExists(bytes32) external pure returns (bool) {
        return true;
    }

    function statementLengthOf(bytes32) external pure returns (uint256) {
        return 3;
    }

    function verify(
        bytes32,
        uint256[] calldata,
        G1Point calldata,
        Proof calldata proof
    ) external pure returns (bool) {
        return proof.a.x == 1;
    }
}
