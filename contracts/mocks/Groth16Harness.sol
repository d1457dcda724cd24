// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Groth16} from "../libraries/Groth16.sol";
import {G1Point, Proof} from "../types/Proof.sol";

/// @title Groth16Harness
/// @notice Checks proofs against keys that `CircuitRegistry.addKey` never saw: shows what its checks prevent.
contract Groth16Harness {
    function verify(
        bytes calldata key,
        uint256[] calldata statement,
        G1Point calldata dataPoint,
        Proof calldata proof
    ) external view returns (bool) {
        return Groth16.verify(keccak256(key), key, statement, dataPoint, proof);
    }
}
