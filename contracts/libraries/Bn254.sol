// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {G1Point, G2Point} from "../types/Proof.sol";

/// @title Bn254
/// @notice Points of BN254 (alt_bn128): checks of their encoding, and the precompiles of EIP-196 and EIP-197.
/// @dev A precompile that gets malformed input burns all the gas it was given. So each call is given its EIP-1108 price
///      and no more, and a failure reverts by name.
library Bn254 {
    /// @dev Order q of the base field: coordinates are below it.
    uint256 internal constant BASE_FIELD_ORDER =
        21888242871839275222246405745257275088696311157297823662689037894645226208583;

    /// @dev Order r of the scalar field and of both groups.
    uint256 internal constant SCALAR_FIELD_ORDER =
        21888242871839275222246405745257275088548364400416034343698204186575808495617;

    /// @dev Generator of G1.
    uint256 internal constant G1_X = 1;
    uint256 internal constant G1_Y = 2;

    /// @dev Generator of G2.
    uint256 private constant G2_X_IMAG =
        11559732032986387107991004021392285783925812861821192530917403151452391805634;
    uint256 private constant G2_X_REAL =
        10857046999023057135944570762232829481370756359578518086990519993285655852781;
    uint256 private constant G2_Y_IMAG =
        4082367875863433681332203403145435568316851327593401208105741076214120093531;
    uint256 private constant G2_Y_REAL =
        8495653923123431417604973247489272438418190587263600148770280649306958101930;

    /// @dev Words of one pair of points in the input of the pairing precompile.
    uint256 internal constant PAIR_WORDS = 6;

    /// @dev Prices of EIP-1108.
    uint256 private constant ADD_GAS = 150;
    uint256 private constant MUL_GAS = 6_000;
    uint256 private constant PAIRING_BASE_GAS = 45_000;
    uint256 private constant PAIRING_PAIR_GAS = 34_000;

    /// @notice The coordinate is not below the base field order.
    error Bn254CoordinateTooLarge(uint256 coordinate);
    /// @notice The point is not on the curve.
    error Bn254NotOnCurve(uint256 x, uint256 y);
    /// @notice The point is infinity where a finite one is needed.
    error Bn254PointAtInfinity();
    /// @notice The addition precompile refused its input.
    error Bn254AddFailed();
    /// @notice The multiplication precompile refused its input.
    error Bn254MulFailed();
    /// @notice The pairing precompile refused its input: some G2 point is off the curve or outside the subgroup.
    error Bn254PairingFailed();

    /* CHECKS */

    /// @notice Reverts unless (x, y) encodes a finite point of G1. The cofactor is 1, so on the curve is in the group.
    function requireG1(uint256 x, uint256 y) internal pure {
        bool isOnCurve;
        // One expression without jumps for the usual case; infinity does not satisfy the equation.
        assembly ("memory-safe") {
            let q := BASE_FIELD_ORDER
            isOnCurve := and(
                and(lt(x, q), lt(y, q)),
                eq(mulmod(y, y, q), addmod(mulmod(mulmod(x, x, q), x, q), 3, q))
            )
        }
        if (isOnCurve) return;
        if ((x | y) == 0) revert Bn254PointAtInfinity();
        requireCoordinate(x);
        requireCoordinate(y);
        revert Bn254NotOnCurve(x, y);
    }

    /// @notice Reverts unless (x, y) encodes a point of G1.
    function requireG1OrInfinity(uint256 x, uint256 y) internal pure {
        if ((x | y) != 0) requireG1(x, y);
    }

    /// @notice Whether (x, y) encodes a point of G1: the addition precompile, which refuses everything else, adds infinity.
    function isG1OrInfinity(uint256 x, uint256 y) internal view returns (bool isPoint) {
        // As in `add`.
        assembly ("memory-safe") {
            let buffer := mload(0x40)
            mstore(buffer, x)
            mstore(add(buffer, 0x20), y)
            mstore(add(buffer, 0x40), 0)
            mstore(add(buffer, 0x60), 0)
            isPoint := staticcall(ADD_GAS, 0x06, buffer, 0x80, buffer, 0x40)
        }
    }

    /// @notice Reverts unless the words are canonical and not all zero; curve and subgroup are for `pairing` to refuse.
    function requireG2Encoding(uint256 xImag, uint256 xReal, uint256 yImag, uint256 yReal) internal pure {
        bool isFinite = (xImag | xReal | yImag | yReal) != 0;
        bool isCanonical;
        // As in `requireG1`: one expression without jumps for the usual case.
        assembly ("memory-safe") {
            let q := BASE_FIELD_ORDER
            isCanonical := and(and(lt(xImag, q), lt(xReal, q)), and(lt(yImag, q), lt(yReal, q)))
        }
        if (isFinite && isCanonical) return;
        if (!isFinite) revert Bn254PointAtInfinity();
        requireCoordinate(xImag);
        requireCoordinate(xReal);
        requireCoordinate(yImag);
        requireCoordinate(yReal);
    }

    /// @notice Reverts unless the coordinate is below the base field order.
    function requireCoordinate(uint256 coordinate) internal pure {
        if (coordinate >= BASE_FIELD_ORDER) revert Bn254CoordinateTooLarge(coordinate);
    }

    /// @notice The generator of G2.
    function g2Generator() internal pure returns (G2Point memory) {
        return G2Point(G2_X_IMAG, G2_X_REAL, G2_Y_IMAG, G2_Y_REAL);
    }

    /* ARITHMETIC */

    /// @notice y of the opposite of a finite point.
    function negateY(uint256 y) internal pure returns (uint256) {
        // No point has y = 0, since the group order is odd: the result is canonical.
        return BASE_FIELD_ORDER - y;
    }

    /// @notice Sum of two points.
    function add(
        uint256 x1,
        uint256 y1,
        uint256 x2,
        uint256 y2
    ) internal view returns (uint256 x, uint256 y) {
        uint256 gasLimit = ADD_GAS;
        bool success;
        // Input and output pass through memory above the free pointer, so a sum allocates nothing.
        assembly ("memory-safe") {
            let buffer := mload(0x40)
            mstore(buffer, x1)
            mstore(add(buffer, 0x20), y1)
            mstore(add(buffer, 0x40), x2)
            mstore(add(buffer, 0x60), y2)
            success := staticcall(gasLimit, 0x06, buffer, 0x80, buffer, 0x40)
            x := mload(buffer)
            y := mload(add(buffer, 0x20))
        }
        if (!success) revert Bn254AddFailed();
    }

    /// @notice `scalar` times a point.
    function mul(uint256 px, uint256 py, uint256 scalar) internal view returns (uint256 x, uint256 y) {
        uint256 gasLimit = MUL_GAS;
        bool success;
        // As in `add`.
        assembly ("memory-safe") {
            let buffer := mload(0x40)
            mstore(buffer, px)
            mstore(add(buffer, 0x20), py)
            mstore(add(buffer, 0x40), scalar)
            success := staticcall(gasLimit, 0x07, buffer, 0x60, buffer, 0x40)
            x := mload(buffer)
            y := mload(add(buffer, 0x20))
        }
        if (!success) revert Bn254MulFailed();
    }

    /// @notice sum += scalar * (x, y). A multiplication by one costs nothing.
    function addMultiple(G1Point memory sum, uint256 x, uint256 y, uint256 scalar) internal view {
        bool multiplied = true;
        bool added;
        // As in `add`; the sum of the two stays in memory.
        assembly ("memory-safe") {
            let buffer := mload(0x40)
            mstore(buffer, x)
            mstore(add(buffer, 0x20), y)
            if iszero(eq(scalar, 1)) {
                mstore(add(buffer, 0x40), scalar)
                multiplied := staticcall(MUL_GAS, 0x07, buffer, 0x60, buffer, 0x40)
            }
            mcopy(add(buffer, 0x40), sum, 0x40)
            added := staticcall(ADD_GAS, 0x06, buffer, 0x80, sum, 0x40)
        }
        if (!multiplied) revert Bn254MulFailed();
        if (!added) revert Bn254AddFailed();
    }

    /// @notice Writes pair number `index`, (x, y) of G1 with `q` of G2, into the input of `pairing`.
    /// @dev No bounds check: `pairs` must have room for `index + 1` pairs.
    function setPair(
        uint256[] memory pairs,
        uint256 index,
        uint256 x,
        uint256 y,
        G2Point memory q
    ) internal pure {
        uint256 offset = index * PAIR_WORDS * 32;
        // One copy instead of six bounds-checked stores, which cost a verification some 6,000 gas more.
        assembly ("memory-safe") {
            let pair := add(add(pairs, 0x20), offset)
            mstore(pair, x)
            mstore(add(pair, 0x20), y)
            mcopy(add(pair, 0x40), q, 0x80)
        }
    }

    /// @notice `setPair` with a point of G2 from calldata.
    function setPairFromCalldata(
        uint256[] memory pairs,
        uint256 index,
        uint256 x,
        uint256 y,
        G2Point calldata q
    ) internal pure {
        uint256 offset = index * PAIR_WORDS * 32;
        assembly ("memory-safe") {
            let pair := add(add(pairs, 0x20), offset)
            mstore(pair, x)
            mstore(add(pair, 0x20), y)
            calldatacopy(add(pair, 0x40), q, 0x80)
        }
    }

    /// @notice Whether the product of the pairings of all pairs is one.
    function pairing(uint256[] memory pairs) internal view returns (bool isOne) {
        uint256 gasLimit = PAIRING_BASE_GAS + PAIRING_PAIR_GAS * (pairs.length / PAIR_WORDS);
        bool success;
        assembly ("memory-safe") {
            // Without the precompile the call succeeds and returns nothing: the answer must not be what lay there.
            mstore(0x00, 0)
            success := staticcall(gasLimit, 0x08, add(pairs, 0x20), shl(5, mload(pairs)), 0x00, 0x20)
            isOne := eq(mload(0x00), 1)
        }
        if (!success) revert Bn254PairingFailed();
    }
}
