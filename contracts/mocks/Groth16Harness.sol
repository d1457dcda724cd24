// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Groth16} from "../libraries/Groth16.sol";
import {Statement} from "../libraries/Statement.sol";
import {G1Point, Proof} from "../types/Proof.sol";

/// @title Groth16Harness
/// @notice Checks proofs against keys that `CircuitRegistry.addKey` never saw, which shows what its checks prevent; and
///         shows the randomness that verification draws.
contract Groth16Harness {
    function randomness(
        bytes32 keyId,
        uint256[] calldata statement,
        G1Point calldata dataPoint,
        Proof calldata proof
    ) external pure returns (bytes32 seed, uint256 alpha, uint256 rho, uint256 weight) {
        seed = Statement.challengeSeed(keyId, statement, dataPoint, proof.blockCommitment);
        (alpha, rho) = Statement.challenges(seed);
        weight = Groth16.knowledgeWeight(Groth16.proofDigest(seed, proof));
    }

    function batchWeights(
        bytes32 keyId,
        uint256[] calldata statements,
        G1Point[] calldata dataPoints,
        Proof[] calldata proofs
    ) external pure returns (uint256[] memory weights) {
        (, bytes32 transcript) = Groth16.absorb(keyId, statements, dataPoints, proofs);
        weights = new uint256[](proofs.length);
        for (uint256 i = 0; i < proofs.length; ++i) weights[i] = Groth16.weightOf(transcript, i);
    }

    function verify(
        bytes calldata key,
        uint256[] calldata statement,
        G1Point calldata dataPoint,
        Proof calldata proof
    ) external view returns (bool) {
        G1Point[] calldata dataPoints;
        Proof[] calldata proofs;
        assembly ("memory-safe") {
            dataPoints.offset := dataPoint
            dataPoints.length := 1
            proofs.offset := proof
            proofs.length := 1
        }
        return Groth16.verify(keccak256(key), key, statement, dataPoints, proofs);
    }
}
