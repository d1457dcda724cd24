// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";

import {G1Point, G2Point, Proof} from "../types/Proof.sol";
import {VerifyingKeyLib} from "../types/VerifyingKey.sol";
import {Bn254} from "./Bn254.sol";
import {Statement} from "./Statement.sol";

/// @title Groth16
/// @notice Checks Groth16 proofs with a committed block, any number of one key at once.
/// @dev Proof i claims two equations,
///
///          e(A, B) = e(alpha1, beta2) e(vkx, gamma2) e(C, delta2)      and      e(D, sigma2) = e(Dp, gamma2).
///
///      The second shows that D is built from the committed IC points: only their sigma-multiples are published. All
///      equations of n proofs are folded into one product of n + 4 pairings: the first of proof i gets the weight w_i,
///      its second t * w_i, with w_0 = 1 and the others drawn after every point is fixed; gamma2 is the generator of G2,
///      which lets vkx and t * Dp share a pair.
///
///      Soundness: let F_i and G_i be the errors of the two equations of proof i, in the exponent. The product is one
///      iff sum of w_i * (F_i + t * G_i) is zero mod r. If any error is not zero, that is a non-zero polynomial of degree
///      at most 2 in the weights, which vanishes for a share of at most 2 / r of them; they are hashes of everything the
///      errors depend on, so a prover can only try again with other proofs, at 2 / r a try.
library Groth16 {
    using VerifyingKeyLib for bytes;

    /// @dev Pairs besides those of A and B: with beta2, gamma2, delta2 and sigma2.
    uint256 private constant KEY_PAIRS = 4;

    /// @dev Twelve words.
    uint256 private constant PROOF_BYTES = 0x180;

    /// @dev Weighted sums over the proofs.
    struct Sums {
        /// @dev Scalars of the key's IC points, in their order; the first is the sum of the weights.
        uint256[] icScalars;
        /// @dev Sum of w_i * dataPoint_i.
        G1Point data;
        /// @dev Sum of w_i * C_i.
        G1Point c;
        /// @dev Sum of w_i * D_i.
        G1Point blockCommitment;
        /// @dev Sum of w_i * Dp_i.
        G1Point blockKnowledge;
    }

    /// @notice Whether all proofs hold.
    /// @param keyId keccak256 of `key`.
    /// @param key Key bytes that passed the checks of `CircuitRegistry.addKey`.
    /// @param statements The statements of all proofs in a row, each of as many words as the key has statement points.
    /// @param dataPoints Commitment to the dataset block of each proof; none for circuits without dataset block.
    /// @param proofs At least one.
    /// @dev Reverts for malformed input.
    function verify(
        bytes32 keyId,
        bytes memory key,
        uint256[] calldata statements,
        G1Point[] calldata dataPoints,
        Proof[] calldata proofs
    ) internal view returns (bool) {
        Statement.requireCanonical(statements);
        (bytes32[] memory seeds, bytes32 transcript) = absorb(keyId, statements, dataPoints, proofs);
        uint256[] memory pairs = new uint256[]((proofs.length + KEY_PAIRS) * Bn254.PAIR_WORDS);
        Sums memory sums = _fold(pairs, statements, dataPoints, proofs, seeds, transcript);
        _setKeyPairs(pairs, proofs.length, key, sums, knowledgeWeight(transcript));
        return Bn254.pairing(pairs);
    }

    /// @notice keccak256(seed, A, B, C, D, Dp): fixes everything a proof's errors depend on.
    /// @dev It covers every point of the proof: with C or Dp left out, its two equations could be made to err alike. The
    ///      transcript of several proofs is the running hash of their digests, that of one proof its digest.
    function proofDigest(bytes32 seed, Proof calldata proof) internal pure returns (bytes32 digest) {
        assembly ("memory-safe") {
            let buffer := mload(0x40)
            mstore(buffer, seed)
            calldatacopy(add(buffer, 0x20), proof, PROOF_BYTES)
            digest := keccak256(buffer, add(0x20, PROOF_BYTES))
        }
    }

    /// @notice The weight t of the second equations.
    function knowledgeWeight(bytes32 transcript) internal pure returns (uint256) {
        return uint256(transcript) % Bn254.SCALAR_FIELD_ORDER;
    }

    /// @notice The weight w of proof `index`: 1 for the first.
    function weightOf(bytes32 transcript, uint256 index) internal pure returns (uint256) {
        if (index == 0) return 1;
        return uint256(Hashes.efficientKeccak256(transcript, bytes32(index))) % Bn254.SCALAR_FIELD_ORDER;
    }

    /// @notice The challenge seed of each proof, and the hash of all that the errors depend on.
    /// @dev Reverts for malformed points, but for B off its curve.
    function absorb(
        bytes32 keyId,
        uint256[] calldata statements,
        G1Point[] calldata dataPoints,
        Proof[] calldata proofs
    ) internal pure returns (bytes32[] memory seeds, bytes32 transcript) {
        seeds = new bytes32[](proofs.length);
        G1Point memory dataPoint;
        for (uint256 i = 0; i < proofs.length; ++i) {
            Proof calldata proof = proofs[i];
            _requireWellFormed(proof);
            if (dataPoints.length != 0) {
                dataPoint = dataPoints[i];
                Bn254.requireG1OrInfinity(dataPoint.x, dataPoint.y);
            }
            uint256[] calldata statement = _statementOf(statements, i, proofs.length);
            seeds[i] = Statement.challengeSeed(keyId, statement, dataPoint, proof.blockCommitment);
            bytes32 digest = proofDigest(seeds[i], proof);
            transcript = i == 0 ? digest : Hashes.efficientKeccak256(transcript, digest);
        }
    }

    /// @dev Sums the proofs with their weights, and sets the pairs of A and B.
    function _fold(
        uint256[] memory pairs,
        uint256[] calldata statements,
        G1Point[] calldata dataPoints,
        Proof[] calldata proofs,
        bytes32[] memory seeds,
        bytes32 transcript
    ) private view returns (Sums memory sums) {
        sums.icScalars = new uint256[](statements.length / proofs.length + VerifyingKeyLib.OTHER_IC_POINTS);
        for (uint256 i = 0; i < proofs.length; ++i) {
            uint256 weight = weightOf(transcript, i);
            _addPoints(sums, pairs, i, weight, proofs[i]);
            if (dataPoints.length != 0) {
                Bn254.addMultiple(sums.data, dataPoints[i].x, dataPoints[i].y, weight);
            }
            _addScalars(sums.icScalars, weight, seeds[i], _statementOf(statements, i, proofs.length));
        }
    }

    /// @dev Statement `index` of `count` in a row. No bounds checks: `count` divides the words, and `index` is below it.
    function _statementOf(
        uint256[] calldata statements,
        uint256 index,
        uint256 count
    ) private pure returns (uint256[] calldata statement) {
        assembly ("memory-safe") {
            statement.length := div(statements.length, count)
            statement.offset := add(statements.offset, shl(5, mul(index, statement.length)))
        }
    }

    /// @dev G1 points are on the curve and finite: no honest proof has a point at infinity, since A, B and C are
    ///      randomised and the committed block has a random mask. B's curve and subgroup are left to the precompile.
    function _requireWellFormed(Proof calldata proof) private pure {
        Bn254.requireG1(proof.a.x, proof.a.y);
        G2Point calldata b = proof.b;
        Bn254.requireG2Encoding(b.xImag, b.xReal, b.yImag, b.yReal);
        Bn254.requireG1(proof.c.x, proof.c.y);
        Bn254.requireG1(proof.blockCommitment.x, proof.blockCommitment.y);
        Bn254.requireG1(proof.blockKnowledge.x, proof.blockKnowledge.y);
    }

    /// @dev Adds a proof's points to the sums and sets its pair e(-w * A, B).
    function _addPoints(
        Sums memory sums,
        uint256[] memory pairs,
        uint256 index,
        uint256 weight,
        Proof calldata proof
    ) private view {
        (uint256 x, uint256 y) = (proof.a.x, proof.a.y);
        if (weight != 1) (x, y) = Bn254.mul(x, y, weight);
        Bn254.setPairFromCalldata(pairs, index, x, Bn254.negateY(y), proof.b);
        G1Point calldata point = proof.c;
        Bn254.addMultiple(sums.c, point.x, point.y, weight);
        point = proof.blockCommitment;
        Bn254.addMultiple(sums.blockCommitment, point.x, point.y, weight);
        point = proof.blockKnowledge;
        Bn254.addMultiple(sums.blockKnowledge, point.x, point.y, weight);
    }

    /// @dev scalars += weight * (1, statement, alpha, rho), in the scalar field.
    function _addScalars(
        uint256[] memory scalars,
        uint256 weight,
        bytes32 seed,
        uint256[] calldata statement
    ) private pure {
        (uint256 alpha, uint256 rho) = Statement.challenges(seed);
        uint256 r = Bn254.SCALAR_FIELD_ORDER;
        // No bounds checks: there are as many scalars as words, and three more.
        assembly ("memory-safe") {
            let scalar := add(scalars, 0x20)
            mstore(scalar, addmod(mload(scalar), weight, r))
            let word := statement.offset
            for {
                let end := add(word, shl(5, statement.length))
            } lt(word, end) {
                word := add(word, 0x20)
            } {
                scalar := add(scalar, 0x20)
                mstore(scalar, addmod(mload(scalar), mulmod(weight, calldataload(word), r), r))
            }
            scalar := add(scalar, 0x20)
            mstore(scalar, addmod(mload(scalar), mulmod(weight, alpha, r), r))
            scalar := add(scalar, 0x20)
            mstore(scalar, addmod(mload(scalar), mulmod(weight, rho, r), r))
        }
    }

    /// @dev With W the sum of the weights, D and Dp summed over the proofs with their weights, and C likewise:
    ///      e(W * alpha1, beta2) e(vkx + t * Dp, gamma2) e(C, delta2) e(-t * D, sigma2), where
    ///      vkx = sum of scalar * IC point + sum of w_i * dataPoint_i + D.
    function _setKeyPairs(
        uint256[] memory pairs,
        uint256 index,
        bytes memory key,
        Sums memory sums,
        uint256 t
    ) private view {
        uint256 weightSum = sums.icScalars[0];
        (uint256 x, uint256 y) = key.g1(VerifyingKeyLib.ALPHA1);
        if (weightSum != 1) (x, y) = Bn254.mul(x, y, weightSum);
        Bn254.setPair(pairs, index, x, y, key.g2(VerifyingKeyLib.BETA2));

        G1Point memory sum = G1Point(sums.blockCommitment.x, sums.blockCommitment.y);
        for (uint256 i = 0; i < sums.icScalars.length; ++i) {
            (x, y) = key.g1(VerifyingKeyLib.IC + i * VerifyingKeyLib.G1_WORDS);
            Bn254.addMultiple(sum, x, y, sums.icScalars[i]);
        }
        if (sums.data.x | sums.data.y != 0) Bn254.addMultiple(sum, sums.data.x, sums.data.y, 1);
        Bn254.addMultiple(sum, sums.blockKnowledge.x, sums.blockKnowledge.y, t);
        Bn254.setPair(pairs, index + 1, sum.x, sum.y, Bn254.g2Generator());

        Bn254.setPair(pairs, index + 2, sums.c.x, sums.c.y, key.g2(VerifyingKeyLib.DELTA2));

        // Infinity where the weighted D cancel, which no honest proof meets; its y is 0, and 0 is its own opposite.
        (x, y) = Bn254.mul(sums.blockCommitment.x, sums.blockCommitment.y, t);
        if (y != 0) y = Bn254.negateY(y);
        Bn254.setPair(pairs, index + 3, x, y, key.g2(VerifyingKeyLib.SIGMA2));
    }
}
