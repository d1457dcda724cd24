// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {G1Point, Proof} from "../types/Proof.sol";

/// @title StubRegistry
/// @notice Stands in for the circuit registry where proofs are not the subject: accepts those whose A has x = 1.
contract StubRegistry {
    error StubRegistryLengths(uint256 statements, uint256 dataPoints, uint256 proofs);

    function keyExists(bytes32) external pure returns (bool) {
        return true;
    }

    function statementLengthOf(bytes32) external pure returns (uint256) {
        return 3;
    }

    function verifyBatch(
        bytes32,
        uint256[] calldata statements,
        G1Point[] calldata dataPoints,
        Proof[] calldata proofs
    ) external pure returns (bool) {
        uint256 count = proofs.length;
        if (count == 0 || statements.length != 3 * count || dataPoints.length != count) {
            revert StubRegistryLengths(statements.length, dataPoints.length, count);
        }
        for (uint256 i = 0; i < proofs.length; ++i) {
            if (proofs[i].a.x != 1) return false;
        }
        return true;
    }
}
