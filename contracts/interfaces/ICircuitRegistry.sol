// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {G1Point, Proof} from "../types/Proof.sol";

/// @title ICircuitRegistry
/// @notice Verifying keys as data, and the check of Groth16 proofs with a committed block against them.
///
/// Assumes
/// - The BN254 precompiles cost what EIP-1108 says or less: calls to them get exactly that much gas.
/// - The toxic waste of a key is unknown to everybody. This contract refuses what it can recognise (development keys,
///   trivial or repeated G2 points); `contributions` is the key maker's declaration, so whoever relies on a key
///   checks its transcript against the key id off chain.
/// - A verifier's caller fixes key id, statement and data point; the submitter of a proof never chooses them.
///
/// Guarantees
/// - A key is immutable and permanent once added; its id is the keccak256 of its bytes. There is no owner.
/// - `verify` returns true only if the five-pairing equation holds for canonical inputs: statement words below the
///   scalar field order, coordinates below the base field order, points on their curves and in their subgroups.
///   `verifyBatch` returns true only if `verify` would for every proof of the batch.
/// - Malformed input reverts and burns at most 500,000 gas in `verify`.
///
/// Key bytes, in 32-byte words (k statement words):
///
///     0        contributions to phase 2; 0 marks a development key
///     1        circuitDigest: binds the parts of the key that stay off chain
///     2..3     alpha1                        G1 (x, y)
///     4..7     beta2                         G2 (x imaginary, x real, y imaginary, y real)
///     8..11    delta2                        G2
///     12..15   sigma2                        G2
///     16..     IC_0, IC_s0 .. IC_s(k-1), IC_alpha, IC_rho    G1 each
///
/// gamma2 is the generator of G2. Statement word 0 is always the context.
interface ICircuitRegistry {
    /* EVENTS */

    /// @notice A key was added; `pointer` is the contract whose code, after one STOP byte, is the key.
    event KeyAdded(
        bytes32 indexed keyId,
        address indexed sender,
        uint256 contributions,
        bytes32 circuitDigest,
        uint256 statementLength,
        address pointer
    );

    /* ERRORS */

    /// @notice The same bytes were added before.
    error CircuitRegistryKeyExists(bytes32 keyId);
    /// @notice No key has this id.
    error CircuitRegistryUnknownKey(bytes32 keyId);
    /// @notice The key has no whole number of points, or fewer or more statement words than allowed.
    error CircuitRegistryInvalidKeyLength(uint256 lengthBytes, uint256 minBytes, uint256 maxBytes);
    /// @notice A development key was offered to a registry that refuses them.
    error CircuitRegistryDevelopmentKey();
    /// @notice The key declares fewer phase-2 contributions than this registry asks for.
    error CircuitRegistryTooFewContributions(uint256 contributions, uint256 required);
    /// @notice A point of the key is infinity; `word` is the index of its first word.
    error CircuitRegistryPointAtInfinity(uint256 word);
    /// @notice Two of gamma2, beta2, delta2, sigma2 are equal or opposite, which makes proofs forgeable.
    /// @param firstWord First word of one of them; 0 for gamma2, which is not part of the key.
    /// @param secondWord First word of the other.
    error CircuitRegistryRepeatedG2Point(uint256 firstWord, uint256 secondWord);
    /// @notice There are more or fewer statement words than the key asks for, for each proof.
    error CircuitRegistryStatementLength(uint256 length, uint256 required);
    /// @notice There are data points, but not one for each proof.
    error CircuitRegistryDataPointCount(uint256 count, uint256 required);
    /// @notice A batch has no proof.
    error CircuitRegistryNoProofs();

    /* ACTIONS */

    /// @notice Adds a verifying key; anybody may.
    /// @param key Key bytes in the layout above.
    /// @return keyId keccak256 of `key`.
    /// @dev Reverts unless the length is right, the contributions suffice, every point is finite, on its curve and in
    ///      its subgroup, and gamma2, beta2, delta2, sigma2 are distinct up to sign.
    function addKey(bytes calldata key) external returns (bytes32 keyId);

    /* VIEWS */

    /// @notice Whether `proof` shows `statement` for the dataset behind `dataPoint` under the key.
    /// @param keyId Id of a key added before.
    /// @param statement One word per statement signal, the context first.
    /// @param dataPoint Commitment to the dataset block; (0, 0) for a circuit without one.
    /// @param proof Proof whose five points must all be finite.
    /// @return valid False if every input is well formed and the equation does not hold.
    /// @dev Reverts with the reason for malformed input. Costs 286,000 gas with three statement words and 7,400 more for
    ///      each further one.
    function verify(
        bytes32 keyId,
        uint256[] calldata statement,
        G1Point calldata dataPoint,
        Proof calldata proof
    ) external view returns (bool valid);

    /// @notice Whether every one of `proofs` shows its statement for its dataset, all under one key.
    /// @param statements The words of all statements in a row, each as in `verify`.
    /// @param dataPoints One for each proof, as in `verify`; none at all for a circuit without dataset block.
    /// @param proofs At least one.
    /// @return valid False if every input is well formed and some equation does not hold, whichever it is.
    /// @dev As sound as verifying each alone, up to a chance of 2 / r (see `Groth16`), with n + 4 pairings instead of 5 n.
    function verifyBatch(
        bytes32 keyId,
        uint256[] calldata statements,
        G1Point[] calldata dataPoints,
        Proof[] calldata proofs
    ) external view returns (bool valid);

    /// @notice Whether development keys (no contribution) are accepted: never on a public network.
    function allowDevelopmentKeys() external view returns (bool);

    /// @notice Least declared contributions of every other key.
    function minContributions() external view returns (uint256);

    /// @notice Whether a key with this id was added.
    function keyExists(bytes32 keyId) external view returns (bool);

    /// @notice The bytes of a key; reverts for an unknown id.
    function keyBytes(bytes32 keyId) external view returns (bytes memory);

    /// @notice The contract that holds a key as its code; zero for an unknown id.
    function keyPointer(bytes32 keyId) external view returns (address);

    /// @notice Contributions the key declares; reverts for an unknown id.
    function contributionsOf(bytes32 keyId) external view returns (uint256);

    /// @notice Digest of the parts of the key that stay off chain; reverts for an unknown id.
    function circuitDigestOf(bytes32 keyId) external view returns (bytes32);

    /// @notice Statement words a proof under this key has; reverts for an unknown id.
    function statementLengthOf(bytes32 keyId) external view returns (uint256);
}
