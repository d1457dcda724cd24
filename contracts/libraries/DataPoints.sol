// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SSTORE2} from "solady/src/utils/SSTORE2.sol";

import {G1Point} from "../types/Proof.sol";
import {ShardCount} from "../types/Submission.sol";
import {Bn254} from "./Bn254.sol";

/// @title DataPoints
/// @notice The data points of a test set, stored as the code of a contract: the words x, y of each in a row.
library DataPoints {
    uint256 private constant POINT_BYTES = 0x40;

    /// @notice Stores points; reverts unless all are finite points of G1.
    function store(G1Point[] calldata points) internal returns (address pointer) {
        for (uint256 i = 0; i < points.length; ++i) Bn254.requireG1(points[i].x, points[i].y);
        bytes calldata packed;
        assembly ("memory-safe") {
            packed.offset := points.offset
            packed.length := mul(points.length, POINT_BYTES)
        }
        return SSTORE2.write(packed);
    }

    /// @notice All stored points.
    function load(address pointer) internal view returns (G1Point[] memory points) {
        bytes memory packed = SSTORE2.read(pointer);
        points = new G1Point[](packed.length / POINT_BYTES);
        for (uint256 i = 0; i < points.length; ++i) points[i] = _at(packed, i);
    }

    /// @notice The points of the shards named, in their order; each shard must be below the number of points.
    function select(
        address pointer,
        ShardCount[] calldata counts
    ) internal view returns (G1Point[] memory points) {
        bytes memory packed = SSTORE2.read(pointer);
        points = new G1Point[](counts.length);
        for (uint256 i = 0; i < counts.length; ++i) points[i] = _at(packed, counts[i].shard);
    }

    /// @dev A view of the words of a point.
    function _at(bytes memory packed, uint256 index) private pure returns (G1Point memory point) {
        assembly ("memory-safe") {
            point := add(add(packed, 0x20), mul(index, POINT_BYTES))
        }
    }
}
