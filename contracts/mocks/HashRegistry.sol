// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {G1Point, Proof} from "../types/Proof.sol";

/// @title HashRegistry
/// @notice Stands in for the circuit registry where many proofs are played with: a proof shows a statement iff its A has the
///         statement's hash as x. Like a real proof it is worth nothing for another statement; whoever has a witness computes
///         it, by convention.
contract HashRegistry {
    function keyExists(bytes32) external pure returns (bool) {
        return true;
    }

    /// @dev A key's id is the length of its statement.
    function statementLengthOf(bytes32 keyId) external pure returns (uint256) {
        return uint256(keyId);
    }

    function verify(
        bytes32,
        uint256[] calldata statement,
        G1Point calldata dataPoint,
        Proof calldata proof
    ) external pure returns (bool) {
        return proof.a.x == uint256(keccak256(abi.encodePacked(statement, dataPoint.x, dataPoint.y)));
    }

    function verifyBatch(
        bytes32 keyId,
        uint256[] calldata statements,
        G1Point[] calldata dataPoints,
        Proof[] calldata proofs
    ) external pure returns (bool) {
        uint256 length = uint256(keyId);
        for (uint256 i = 0; i < proofs.length; ++i) {
            uint256[] calldata statement = statements[i * length:(i + 1) * length];
            G1Point memory dataPoint;
            if (dataPoints.length != 0) dataPoint = dataPoints[i];
            bytes32 hash = keccak256(abi.encodePacked(statement, dataPoint.x, dataPoint.y));
            if (proofs[i].a.x != uint256(hash)) return false;
        }
        return true;
    }
}
