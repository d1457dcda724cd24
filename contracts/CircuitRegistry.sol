// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SSTORE2} from "solady/src/utils/SSTORE2.sol";

import {ICircuitRegistry} from "./interfaces/ICircuitRegistry.sol";
import {Bn254} from "./libraries/Bn254.sol";
import {Groth16} from "./libraries/Groth16.sol";
import {G1Point, G2Point, Proof} from "./types/Proof.sol";
import {VerifyingKeyLib} from "./types/VerifyingKey.sol";

/// @title CircuitRegistry
/// @notice Assumptions, guarantees and the key layout are in `ICircuitRegistry`.
contract CircuitRegistry is ICircuitRegistry {
    using VerifyingKeyLib for bytes;

    /* CONSTANTS */

    /// @dev The context is always there.
    uint256 private constant MIN_STATEMENT_LENGTH = 1;

    /// @dev Bounds the gas of a verification: each word costs 7,400.
    uint256 private constant MAX_STATEMENT_LENGTH = 64;

    /* STORAGE */

    /// @inheritdoc ICircuitRegistry
    bool public immutable allowDevelopmentKeys;

    /// @inheritdoc ICircuitRegistry
    uint256 public immutable minContributions;

    /// @inheritdoc ICircuitRegistry
    mapping(bytes32 keyId => address) public keyPointer;

    constructor(bool allowDevelopmentKeys_, uint256 minContributions_) {
        allowDevelopmentKeys = allowDevelopmentKeys_;
        minContributions = minContributions_;
    }

    /* ACTIONS */

    /// @inheritdoc ICircuitRegistry
    function addKey(bytes calldata key) external returns (bytes32 keyId) {
        keyId = keccak256(key);
        if (keyPointer[keyId] != address(0)) revert CircuitRegistryKeyExists(keyId);
        bytes memory key_ = key;
        _requireLength(key_.length);
        uint256 contributions = key_.word(VerifyingKeyLib.CONTRIBUTIONS);
        _requireContributions(contributions);
        _requireG1Points(key_);
        _requireG2Points(key_);

        address pointer = SSTORE2.write(key_);
        keyPointer[keyId] = pointer;
        emit KeyAdded(
            keyId,
            msg.sender,
            contributions,
            bytes32(key_.word(VerifyingKeyLib.CIRCUIT_DIGEST)),
            key_.statementLength(),
            pointer
        );
    }

    /* VIEWS */

    /// @inheritdoc ICircuitRegistry
    function verify(
        bytes32 keyId,
        uint256[] calldata statement,
        G1Point calldata dataPoint,
        Proof calldata proof
    ) external view returns (bool valid) {
        // A batch of one: point and proof are arrays of length one that start where they do.
        G1Point[] calldata dataPoints;
        Proof[] calldata proofs;
        assembly ("memory-safe") {
            dataPoints.offset := dataPoint
            dataPoints.length := 1
            proofs.offset := proof
            proofs.length := 1
        }
        return _verify(keyId, statement, dataPoints, proofs);
    }

    /// @inheritdoc ICircuitRegistry
    function verifyBatch(
        bytes32 keyId,
        uint256[] calldata statements,
        G1Point[] calldata dataPoints,
        Proof[] calldata proofs
    ) external view returns (bool valid) {
        if (proofs.length == 0) revert CircuitRegistryNoProofs();
        if (dataPoints.length != 0 && dataPoints.length != proofs.length) {
            revert CircuitRegistryDataPointCount(dataPoints.length, proofs.length);
        }
        return _verify(keyId, statements, dataPoints, proofs);
    }

    /// @inheritdoc ICircuitRegistry
    function keyExists(bytes32 keyId) external view returns (bool) {
        return keyPointer[keyId] != address(0);
    }

    /// @inheritdoc ICircuitRegistry
    function contributionsOf(bytes32 keyId) external view returns (uint256) {
        return keyBytes(keyId).word(VerifyingKeyLib.CONTRIBUTIONS);
    }

    /// @inheritdoc ICircuitRegistry
    function circuitDigestOf(bytes32 keyId) external view returns (bytes32) {
        return bytes32(keyBytes(keyId).word(VerifyingKeyLib.CIRCUIT_DIGEST));
    }

    /// @inheritdoc ICircuitRegistry
    function statementLengthOf(bytes32 keyId) external view returns (uint256) {
        return keyBytes(keyId).statementLength();
    }

    /// @inheritdoc ICircuitRegistry
    function keyBytes(bytes32 keyId) public view returns (bytes memory) {
        address pointer = keyPointer[keyId];
        if (pointer == address(0)) revert CircuitRegistryUnknownKey(keyId);
        return SSTORE2.read(pointer);
    }

    function _verify(
        bytes32 keyId,
        uint256[] calldata statements,
        G1Point[] calldata dataPoints,
        Proof[] calldata proofs
    ) private view returns (bool) {
        bytes memory key = keyBytes(keyId);
        uint256 required = proofs.length * key.statementLength();
        if (statements.length != required) revert CircuitRegistryStatementLength(statements.length, required);
        return Groth16.verify(keyId, key, statements, dataPoints, proofs);
    }

    /* CHECKS OF A KEY */

    /// @dev The length must be that of some whole number of statement words within the limits.
    function _requireLength(uint256 length) private pure {
        uint256 minBytes = VerifyingKeyLib.lengthBytes(MIN_STATEMENT_LENGTH);
        uint256 maxBytes = VerifyingKeyLib.lengthBytes(MAX_STATEMENT_LENGTH);
        uint256 stepBytes = VerifyingKeyLib.G1_WORDS * VerifyingKeyLib.WORD_BYTES;
        if (length < minBytes || length > maxBytes || (length - minBytes) % stepBytes != 0) {
            revert CircuitRegistryInvalidKeyLength(length, minBytes, maxBytes);
        }
    }

    function _requireContributions(uint256 contributions) private view {
        if (contributions == 0) {
            if (!allowDevelopmentKeys) revert CircuitRegistryDevelopmentKey();
        } else if (contributions < minContributions) {
            revert CircuitRegistryTooFewContributions(contributions, minContributions);
        }
    }

    /// @dev alpha1 and every IC point. An IC point at infinity would leave its signal unconstrained.
    function _requireG1Points(bytes memory key) private pure {
        _requireG1(key, VerifyingKeyLib.ALPHA1);
        uint256 words = key.length / VerifyingKeyLib.WORD_BYTES;
        for (uint256 index = VerifyingKeyLib.IC; index < words; index += VerifyingKeyLib.G1_WORDS) {
            _requireG1(key, index);
        }
    }

    function _requireG1(bytes memory key, uint256 index) private pure {
        (uint256 x, uint256 y) = key.g1(index);
        if (x == 0 && y == 0) revert CircuitRegistryPointAtInfinity(index);
        Bn254.requireG1OrInfinity(x, y);
    }

    /// @dev The points are finite, in the group, and distinct from each other and from gamma2 up to sign. Where two
    ///      coincide, two of the five pairings merge and a proof can be forged: with delta2 = gamma2, say, by
    ///      A = alpha1, B = beta2, C = -vkx; with sigma2 = delta2, the C-query of the proving key shifts D.
    function _requireG2Points(bytes memory key) private view {
        uint256[3] memory indices = [VerifyingKeyLib.BETA2, VerifyingKeyLib.DELTA2, VerifyingKeyLib.SIGMA2];
        uint256[] memory pairs = new uint256[](indices.length * Bn254.PAIR_WORDS);
        G2Point memory gamma2 = Bn254.g2Generator();
        for (uint256 i = 0; i < indices.length; ++i) {
            G2Point memory point = key.g2(indices[i]);
            if ((point.xImag | point.xReal | point.yImag | point.yReal) == 0) {
                revert CircuitRegistryPointAtInfinity(indices[i]);
            }
            Bn254.requireG2Encoding(point.xImag, point.xReal, point.yImag, point.yReal);
            _requireDistinct(gamma2, 0, point, indices[i]);
            for (uint256 j = 0; j < i; ++j) {
                _requireDistinct(key.g2(indices[j]), indices[j], point, indices[i]);
            }
            Bn254.setPair(pairs, i, Bn254.G1_X, Bn254.G1_Y, point);
        }
        // Only whether the precompile accepts the points matters: it refuses those outside the group.
        Bn254.pairing(pairs);
    }

    /// @dev Points with the same x are equal or opposite.
    function _requireDistinct(
        G2Point memory first,
        uint256 firstWord,
        G2Point memory second,
        uint256 secondWord
    ) private pure {
        if (first.xImag == second.xImag && first.xReal == second.xReal) {
            revert CircuitRegistryRepeatedG2Point(firstWord, secondWord);
        }
    }
}
