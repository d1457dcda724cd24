// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MaskKey} from "../types/Federation.sol";
import {Bn254} from "./Bn254.sol";

/// @title BabyJubjub
/// @notice Checks of public keys on Baby Jubjub (EIP-2494), the curve a·x² + y² = 1 + d·x²·y² over the scalars of BN254.
library BabyJubjub {
    uint256 private constant R = Bn254.SCALAR_FIELD_ORDER;
    uint256 private constant A = 168_700;
    uint256 private constant D = 168_696;

    /// @notice Whether `key` is the eighth multiple of `eighth`, a point of the curve, and not the neutral point.
    /// @dev The cofactor is 8: eighth multiples are the subgroup of prime order, so no multiplication by its order is needed.
    function isKey(MaskKey calldata key, MaskKey calldata eighth) internal pure returns (bool) {
        if (key.x == 0 || key.x >= R || key.y >= R || !_isOnCurve(eighth)) return false;
        (uint256 x, uint256 y, uint256 z) = (eighth.x, eighth.y, 1);
        for (uint256 i = 0; i < 3; ++i) (x, y, z) = _double(x, y, z);
        return mulmod(key.x, z, R) == x && mulmod(key.y, z, R) == y;
    }

    function _isOnCurve(MaskKey calldata point) private pure returns (bool) {
        if (point.x >= R || point.y >= R) return false;
        uint256 xx = mulmod(point.x, point.x, R);
        uint256 yy = mulmod(point.y, point.y, R);
        uint256 left = addmod(mulmod(A, xx, R), yy, R);
        return left == addmod(1, mulmod(D, mulmod(xx, yy, R), R), R);
    }

    /// @dev In projective coordinates. The formulas have no exceptions, since a is a square and d is not: z is never zero.
    function _double(uint256 x, uint256 y, uint256 z) private pure returns (uint256, uint256, uint256) {
        uint256 c = mulmod(x, x, R);
        uint256 d = mulmod(y, y, R);
        uint256 e = mulmod(A, c, R);
        uint256 f = addmod(e, d, R);
        uint256 j = addmod(f, R - mulmod(2, mulmod(z, z, R), R), R);
        uint256 xy2 = mulmod(2, mulmod(x, y, R), R);
        return (mulmod(xy2, j, R), mulmod(f, addmod(e, R - d, R), R), mulmod(f, j, R));
    }
}
