// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {G1Point, Proof} from "../types/Proof.sol";
import {VerifyingKeyLib} from "../types/VerifyingKey.sol";
import {Bn254} from "./Bn254.sol";
import {Statement} from "./Statement.sol";

/// @title Groth16
/// @notice Checks a Groth16 proof with a committed block.
/// @dev Two equations,
///
///          e(A, B) = e(alpha1, beta2) e(vkx, gamma2) e(C, delta2)      and      e(D, sigma2) = e(Dp, gamma2),
///
///      are folded into one product of five pairings with a weight t that is drawn after all their points are fixed;
///      gamma2 is the generator of G2, which lets vkx and t * Dp share a pair. The second shows that D is built from
///      the committed IC points: only their sigma-multiples are published.
library Groth16 {
    using VerifyingKeyLib for bytes;

    uint256 private constant PAIRS = 5;

    /// @notice Whether the proof holds.
    /// @param keyId keccak256 of `key`.
    /// @param key Key bytes that passed the checks of `CircuitRegistry.addKey`.
    /// @param statement As many words as the key has statement points.
    /// @dev Reverts for malformed input.
    function verify(
        bytes32 keyId,
        bytes memory key,
        uint256[] calldata statement,
        G1Point calldata dataPoint,
        Proof calldata proof
    ) internal view returns (bool) {
        Statement.requireCanonical(statement);
        Bn254.requireG1OrInfinity(dataPoint.x, dataPoint.y);
        _requireWellFormed(proof);

        bytes32 seed = Statement.challengeSeed(keyId, statement, dataPoint, proof.blockCommitment);
        uint256 weight = foldingWeight(seed, proof);

        // vkx + t * Dp, paired with gamma2.
        (uint256 x, uint256 y) = _publicPoint(key, seed, statement, dataPoint, proof.blockCommitment);
        (uint256 px, uint256 py) = Bn254.mul(proof.blockKnowledge.x, proof.blockKnowledge.y, weight);
        (x, y) = Bn254.add(x, y, px, py);

        // t * D, paired negatively with sigma2.
        (px, py) = Bn254.mul(proof.blockCommitment.x, proof.blockCommitment.y, weight);

        return Bn254.pairing(_pairs(key, proof, x, y, px, py));
    }

    /// @notice The weight t that folds the two equations: keccak256(seed, A, B, C, D, Dp) mod r.
    /// @dev It covers every point of the proof: with C or Dp left out, the two equations could be made to err alike.
    function foldingWeight(bytes32 seed, Proof calldata proof) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, proof))) % Bn254.SCALAR_FIELD_ORDER;
    }

    /// @dev G1 points are on the curve and finite: no honest proof has a point at infinity, since A, B and C are
    ///      randomised and the committed block has a random mask. B's curve and subgroup are left to the precompile.
    function _requireWellFormed(Proof calldata proof) private pure {
        Bn254.requireG1(proof.a.x, proof.a.y);
        Bn254.requireG2Encoding(proof.b);
        Bn254.requireG1(proof.c.x, proof.c.y);
        Bn254.requireG1(proof.blockCommitment.x, proof.blockCommitment.y);
        Bn254.requireG1(proof.blockKnowledge.x, proof.blockKnowledge.y);
    }

    /// @dev vkx = IC_0 + sum of s_i * IC_si + alpha * IC_alpha + rho * IC_rho + dataPoint + D.
    function _publicPoint(
        bytes memory key,
        bytes32 seed,
        uint256[] calldata statement,
        G1Point calldata dataPoint,
        G1Point calldata blockCommitment
    ) private view returns (uint256 x, uint256 y) {
        uint256 index = VerifyingKeyLib.IC;
        (x, y) = key.g1(index);
        for (uint256 i = 0; i < statement.length; ++i) {
            index += VerifyingKeyLib.G1_WORDS;
            (x, y) = _addMultiple(x, y, key, index, statement[i]);
        }
        (uint256 alpha, uint256 rho) = Statement.challenges(seed);
        index += VerifyingKeyLib.G1_WORDS;
        (x, y) = _addMultiple(x, y, key, index, alpha);
        index += VerifyingKeyLib.G1_WORDS;
        (x, y) = _addMultiple(x, y, key, index, rho);
        (x, y) = Bn254.add(x, y, dataPoint.x, dataPoint.y);
        (x, y) = Bn254.add(x, y, blockCommitment.x, blockCommitment.y);
    }

    /// @dev (x, y) + scalar * the G1 point at word `index` of the key.
    function _addMultiple(
        uint256 x,
        uint256 y,
        bytes memory key,
        uint256 index,
        uint256 scalar
    ) private view returns (uint256, uint256) {
        (uint256 px, uint256 py) = key.g1(index);
        (px, py) = Bn254.mul(px, py, scalar);
        return Bn254.add(x, y, px, py);
    }

    /// @dev e(-A, B) e(alpha1, beta2) e(X, gamma2) e(C, delta2) e(-T, sigma2) with X = (x, y), T = (weightedX, weightedY).
    function _pairs(
        bytes memory key,
        Proof calldata proof,
        uint256 x,
        uint256 y,
        uint256 weightedX,
        uint256 weightedY
    ) private pure returns (uint256[] memory pairs) {
        pairs = new uint256[](PAIRS * Bn254.PAIR_WORDS);
        (uint256 alphaX, uint256 alphaY) = key.g1(VerifyingKeyLib.ALPHA1);
        Bn254.setPair(pairs, 0, proof.a.x, Bn254.negateY(proof.a.y), proof.b);
        Bn254.setPair(pairs, 1, alphaX, alphaY, key.g2(VerifyingKeyLib.BETA2));
        Bn254.setPair(pairs, 2, x, y, Bn254.g2Generator());
        Bn254.setPair(pairs, 3, proof.c.x, proof.c.y, key.g2(VerifyingKeyLib.DELTA2));
        Bn254.setPair(pairs, 4, weightedX, Bn254.negateY(weightedY), key.g2(VerifyingKeyLib.SIGMA2));
    }
}
