// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Bn254} from "../../contracts/libraries/Bn254.sol";
import {G2Point} from "../../contracts/types/Proof.sol";
import {SolidityTest} from "./support/SolidityTest.sol";

/// @title Bn254Test
/// @notice The checks in Solidity against the precompiles, which define what is well formed.
contract Bn254Test is SolidityTest {
    uint256 private constant Q = Bn254.BASE_FIELD_ORDER;
    uint256 private constant R = Bn254.SCALAR_FIELD_ORDER;

    function checkG1(uint256 x, uint256 y) external pure {
        Bn254.requireG1OrInfinity(x, y);
    }

    function mul(uint256 x, uint256 y, uint256 scalar) external view returns (uint256, uint256) {
        return Bn254.mul(x, y, scalar);
    }

    function add(uint256 x1, uint256 y1, uint256 x2, uint256 y2) external view returns (uint256, uint256) {
        return Bn254.add(x1, y1, x2, y2);
    }

    function pairing(uint256[] memory pairs) external view returns (bool) {
        return Bn254.pairing(pairs);
    }

    /// @dev Whether the addition precompile takes the point.
    function _isAccepted(uint256 x, uint256 y) private view returns (bool success) {
        (success, ) = address(6).staticcall(abi.encode(x, y, 0, 0));
    }

    function _agrees(uint256 x, uint256 y) private view {
        bool isAccepted = _isAccepted(x, y);
        assertTrue(Bn254.isG1OrInfinity(x, y) == isAccepted, "the answer is another than the precompile's");
        try this.checkG1(x, y) {
            assertTrue(isAccepted, "accepted by the check only");
        } catch {
            assertTrue(!isAccepted, "accepted by the precompile only");
        }
    }

    function test_theCheckAgreesWithThePrecompileOnMultiples(uint256 scalar, uint8 change) public view {
        (uint256 x, uint256 y) = Bn254.mul(Bn254.G1_X, Bn254.G1_Y, scalar);
        assertTrue(_isAccepted(x, y), "a multiple of the generator");
        _agrees(x, y);
        if (change % 7 == 0) _agrees(addmod(x, 1, Q), y);
        if (change % 7 == 1) _agrees(x, addmod(y, 1, Q));
        if (change % 7 == 2) _agrees(x + Q, y);
        if (change % 7 == 3) _agrees(x, y + Q);
        if (change % 7 == 4) _agrees(x, Q - y);
        if (change % 7 == 5) _agrees(y, x);
        if (change % 7 == 6) _agrees(0, y);
    }

    function test_theCheckAgreesWithThePrecompileOnAnyWords(uint256 x, uint256 y) public view {
        _agrees(x, y);
        _agrees(x % Q, y % Q);
    }

    function test_additionAndMultiplicationAgree(uint256 first, uint256 second) public view {
        first = bound(first, 0, R - 1);
        second = bound(second, 0, R - 1);
        (uint256 x1, uint256 y1) = Bn254.mul(Bn254.G1_X, Bn254.G1_Y, first);
        (uint256 x2, uint256 y2) = Bn254.mul(Bn254.G1_X, Bn254.G1_Y, second);
        (uint256 x, uint256 y) = Bn254.add(x1, y1, x2, y2);
        (uint256 expectedX, uint256 expectedY) = Bn254.mul(Bn254.G1_X, Bn254.G1_Y, addmod(first, second, R));
        assertEqual(x, expectedX, "x of the sum");
        assertEqual(y, expectedY, "y of the sum");
    }

    function test_aPointAndItsOppositeCancel(uint256 scalar) public view {
        scalar = bound(scalar, 1, R - 1);
        (uint256 x, uint256 y) = Bn254.mul(Bn254.G1_X, Bn254.G1_Y, scalar);
        (uint256 sumX, uint256 sumY) = Bn254.add(x, y, x, Bn254.negateY(y));
        assertEqual(sumX | sumY, 0, "sum");
    }

    function test_pairingIsBilinear(uint256 scalar) public view {
        scalar = bound(scalar, 1, R - 1);
        (uint256 x, uint256 y) = Bn254.mul(Bn254.G1_X, Bn254.G1_Y, scalar);
        G2Point memory q = Bn254.g2Generator();
        uint256[] memory pairs = new uint256[](2 * Bn254.PAIR_WORDS);
        Bn254.setPair(pairs, 0, x, y, q);
        Bn254.setPair(pairs, 1, x, Bn254.negateY(y), q);
        assertTrue(Bn254.pairing(pairs), "e(P, Q) e(-P, Q) = 1");
        Bn254.setPair(pairs, 1, x, y, q);
        assertTrue(!Bn254.pairing(pairs), "e(P, Q) e(P, Q) is not 1");
    }

    function test_malformedInputRevertsByName(uint256 x, uint256 y) public {
        x = bound(x, 0, Q - 1);
        y = bound(y, 0, Q - 1);
        CHEATS.assume(!_isAccepted(x, y));
        CHEATS.expectRevert(abi.encodeWithSelector(Bn254.Bn254MulFailed.selector));
        this.mul(x, y, 1);
        CHEATS.expectRevert(abi.encodeWithSelector(Bn254.Bn254AddFailed.selector));
        this.add(Bn254.G1_X, Bn254.G1_Y, x, y);
        uint256[] memory pairs = new uint256[](Bn254.PAIR_WORDS);
        Bn254.setPair(pairs, 0, x, y, Bn254.g2Generator());
        CHEATS.expectRevert(abi.encodeWithSelector(Bn254.Bn254PairingFailed.selector));
        this.pairing(pairs);
    }
}
