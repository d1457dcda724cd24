// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {G1Point, Proof} from "../types/Proof.sol";

/// @title StubRoundRegistry
/// @notice Stands in for the circuit registry where proofs are not the subject, but what they are about is: accepts those
///         whose A has as x the hash of key, statements and data points.
contract StubRoundRegistry {
    error StubRoundRegistryLengths(uint256 statements, uint256 dataPoints, uint256 proofs);

    mapping(bytes32 keyId => uint256) public statementLengthOf;

    function addKey(bytes32 keyId, uint256 statementLength) external {
        statementLengthOf[keyId] = statementLength;
    }

    function keyExists(bytes32 keyId) external view returns (bool) {
        return statementLengthOf[keyId] != 0;
    }

    function verify(
        bytes32 keyId,
        uint256[] calldata statement,
        G1Point calldata dataPoint,
        Proof calldata proof
    ) external view returns (bool) {
        G1Point[] memory dataPoints = new G1Point[](1);
        dataPoints[0] = dataPoint;
        _requireLength(keyId, statement.length, 1, 1);
        return proof.a.x == _digest(keyId, statement, dataPoints);
    }

    function verifyBatch(
        bytes32 keyId,
        uint256[] calldata statements,
        G1Point[] calldata dataPoints,
        Proof[] calldata proofs
    ) external view returns (bool) {
        _requireLength(keyId, statements.length, dataPoints.length, proofs.length);
        for (uint256 i = 0; i < proofs.length; ++i) {
            if (proofs[i].a.x != _digest(keyId, statements, dataPoints)) return false;
        }
        return true;
    }

    function _requireLength(bytes32 keyId, uint256 words, uint256 dataPoints, uint256 proofs) private view {
        if (proofs == 0 || words != statementLengthOf[keyId] * proofs || dataPoints != proofs) {
            revert StubRoundRegistryLengths(words, dataPoints, proofs);
        }
    }

    function _digest(
        bytes32 keyId,
        uint256[] calldata statements,
        G1Point[] memory dataPoints
    ) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(keyId, statements, dataPoints)));
    }
}
