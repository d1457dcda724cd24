// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {DrawEntry} from "../types/Draw.sol";

/// @title WeightedDraw
/// @notice Draws entries of a list without replacement, each time with chances in proportion to the weights that are left.
/// @dev The weights lie one after the other on a line; entry i has the interval from the cumulative weight of the entry before
///      it to its own. A draw takes a point of what is left of the line and finds its interval by binary search, so its cost
///      grows with the logarithm of the list's length. Intervals taken before are cut out of the line by moving the point past
///      them: nothing is drawn twice, and nothing is drawn in vain.
library WeightedDraw {
    using SafeCast for uint256;

    /// @dev Bits of a point of the line. A part of the line that is taken is one word: where it starts, then where it ends,
    ///      excluded; so words are in the order of the line.
    uint256 private constant POINT_BITS = 96;
    uint256 private constant POINT_MASK = (1 << POINT_BITS) - 1;

    /// @notice Adds an entry to a list of `count`.
    /// @param weight At least one; all weights together fit 96 bits.
    function append(
        mapping(uint256 index => DrawEntry) storage entries,
        uint256 count,
        address account,
        uint256 weight
    ) internal {
        uint256 sum = _startOf(entries, count) + weight;
        entries[count] = DrawEntry({account: account, cumulativeWei: sum.toUint96()});
    }

    /// @notice `seats` different entries, none of them among those `drawn` before.
    /// @param count Entries in the list.
    /// @param seats At most `count` less those drawn.
    /// @return indices In the order of the draw.
    /// @dev Draw i uses keccak256(seed, i). Drawing by remainder favours some points by less than 2^-160.
    function draw(
        mapping(uint256 index => DrawEntry) storage entries,
        uint256 count,
        uint32[] storage drawn,
        uint256 seats,
        bytes32 seed
    ) internal view returns (uint256[] memory indices) {
        uint256 takenCount = drawn.length;
        uint256[] memory taken = new uint256[](takenCount + seats);
        uint256 left = _startOf(entries, count);
        for (uint256 i = 0; i < takenCount; ++i) left -= _take(entries, taken, i, drawn[i]);

        indices = new uint256[](seats);
        for (uint256 i = 0; i < seats; ++i) {
            uint256 point = uint256(Hashes.efficientKeccak256(seed, bytes32(i))) % left;
            uint256 index = _find(entries, count, _skip(taken, takenCount, point));
            left -= _take(entries, taken, takenCount, index);
            ++takenCount;
            indices[i] = index;
        }
    }

    /// @dev Where the interval of entry `index` starts; with the length of the list, where the last one ends.
    function _startOf(
        mapping(uint256 index => DrawEntry) storage entries,
        uint256 index
    ) private view returns (uint256) {
        return index == 0 ? 0 : entries[index - 1].cumulativeWei;
    }

    /// @dev The entry whose interval holds a point of the line.
    function _find(
        mapping(uint256 index => DrawEntry) storage entries,
        uint256 count,
        uint256 point
    ) private view returns (uint256) {
        uint256 low = 0;
        uint256 high = count - 1;
        while (low < high) {
            uint256 middle = (low + high) / 2;
            if (point < entries[middle].cumulativeWei) high = middle;
            else low = middle + 1;
        }
        return low;
    }

    /// @dev The place on the line of a point of what is left of it.
    function _skip(uint256[] memory taken, uint256 takenCount, uint256 point) private pure returns (uint256) {
        for (uint256 i = 0; i < takenCount; ++i) {
            uint256 start = taken[i] >> POINT_BITS;
            if (point < start) break;
            point += (taken[i] & POINT_MASK) - start;
        }
        return point;
    }

    /// @dev Adds an entry's interval to those taken, which stay sorted; returns its weight.
    function _take(
        mapping(uint256 index => DrawEntry) storage entries,
        uint256[] memory taken,
        uint256 takenCount,
        uint256 index
    ) private view returns (uint256) {
        uint256 start = _startOf(entries, index);
        uint256 end = entries[index].cumulativeWei;
        uint256 interval = (start << POINT_BITS) | end;
        uint256 place = takenCount;
        for (; place != 0 && taken[place - 1] > interval; --place) taken[place] = taken[place - 1];
        taken[place] = interval;
        return end - start;
    }
}
