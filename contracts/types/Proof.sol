// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice An affine point of G1 over the BN254 base field; (0, 0) encodes infinity, as in EIP-196.
struct G1Point {
    uint256 x;
    uint256 y;
}

/// @notice An affine point of G2; each coordinate is `imag * i + real`, in the word order of EIP-197.
struct G2Point {
    uint256 xImag;
    uint256 xReal;
    uint256 yImag;
    uint256 yReal;
}

/// @notice A Groth16 proof with a committed block: twelve words.
struct Proof {
    /// @dev Groth16 element A.
    G1Point a;
    /// @dev Groth16 element B.
    G2Point b;
    /// @dev Groth16 element C.
    G1Point c;
    /// @dev D, the sum of committed value times IC point over the committed signals of the circuit.
    G1Point blockCommitment;
    /// @dev Dp = sigma * D: shows that D was built from the committed IC points only.
    G1Point blockKnowledge;
}
