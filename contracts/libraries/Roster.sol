// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";

import {Contribution, Federation, FederationMember, Place, Round, RoundBook} from "../types/Federation.sol";
import {RoundStatement} from "./RoundStatement.sol";

/// @title Roster
/// @notice The places of a round: who takes one, who leads, and what the average of their models states.
/// @dev A roster has at most 16 places, and so does every loop.
library Roster {
    /// @dev Bits of a place's count of reports.
    uint256 private constant REPORT_BITS = 16;

    /// @notice Gives the caller a place, if there is one left or if the worst model, the latest of equals, has a smaller count.
    /// @return number The place counted from 1; zero for none.
    /// @return evicted Who lost that place; zero if nobody did.
    function take(
        RoundBook storage self,
        uint8 places,
        uint32 correct
    ) internal returns (uint256 number, address evicted) {
        Round storage r = self.state;
        uint16 order = r.provenCount;
        r.provenCount = order + 1;
        uint8 index = r.placeCount;
        if (index < places) {
            r.placeCount = index + 1;
        } else {
            uint256 worst;
            (index, worst) = _worst(self, places);
            if (worst >= correct) return (0, address(0));
            evicted = self.places[index].member;
            self.contributions[evicted].place = 0;
        }
        Contribution storage c = self.contributions[msg.sender];
        self.places[index] = Place({member: msg.sender, correct: correct, order: order, factor: c.factor});
        c.place = index + 1;
        return (uint256(index) + 1, evicted);
    }

    /// @notice Places in a set.
    function sizeOf(uint256 set) internal pure returns (uint256 size) {
        for (; set != 0; set &= set - 1) ++size;
    }

    /// @notice Whether a member's place is in the peer set.
    function isPeer(RoundBook storage self, address member) internal view returns (bool) {
        uint8 number = self.contributions[member].place;
        return number != 0 && (self.state.peerSet >> (number - 1)) & 1 != 0;
    }

    /// @notice Last timestamp at which models are proven.
    function provingEnd(RoundBook storage self, Federation storage f) internal view returns (uint256) {
        uint256 start = self.state.startedAt;
        return start + f.timing.trainSeconds + f.timing.commitSeconds + f.timing.proveSeconds;
    }

    /// @notice Last timestamp at which missing vectors are reported; the lead is taken after it.
    /// @dev Fallback leaders need not wait again: for them it has passed.
    function reportsEnd(RoundBook storage self, Federation storage f) internal view returns (uint256) {
        uint256 takeSeconds = f.timing.takeSeconds;
        uint256 end = self.state.deadline - takeSeconds;
        return self.state.failedSet == 0 ? end + takeSeconds / 2 : end - 1;
    }

    /// @notice All places that are taken.
    function roster(RoundBook storage self) internal view returns (Place[] memory places) {
        places = new Place[](self.state.placeCount);
        for (uint256 i = 0; i < places.length; ++i) places[i] = self.places[i];
    }

    /// @notice Adds the caller's place to those that have masked under a roster in the present masking, and keeps the largest
    ///         part of them, the earlier of equals.
    /// @dev Members that agree never write `maskedSets`, which has the other parts.
    function addMasked(RoundBook storage self, uint256 rosterDigest) internal {
        Round storage r = self.state;
        uint16 bit = uint16(1 << (self.contributions[msg.sender].place - 1));
        uint16 largest = r.maskedSet;
        if (largest == 0 || rosterDigest == r.rosterDigest) {
            r.maskedSet = largest | bit;
            r.rosterDigest = rosterDigest;
            return;
        }
        mapping(uint256 rosterDigest => uint16) storage parts = self.maskedSets[r.masking];
        uint16 part = parts[rosterDigest] | bit;
        parts[rosterDigest] = part;
        if (sizeOf(part) <= sizeOf(largest)) return;
        parts[r.rosterDigest] = largest;
        r.maskedSet = part;
        r.rosterDigest = rosterDigest;
    }

    /// @notice Counts reports of missing vectors.
    /// @return missingSet Places that more than half of the peer set have reported.
    function countReports(RoundBook storage self, uint16 reportedSet) internal returns (uint16 missingSet) {
        uint256 counts = self.reportCounts;
        uint256 half = sizeOf(self.state.peerSet) / 2;
        uint256 count = self.state.placeCount;
        for (uint256 i = 0; i < count; ++i) {
            if ((reportedSet >> i) & 1 == 0) continue;
            counts += 1 << (i * REPORT_BITS);
            if (uint16(counts >> (i * REPORT_BITS)) > half) missingSet |= uint16(1 << i);
        }
        self.reportCounts = counts;
    }

    /// @notice The leader: of the peer set without former leaders, one of those within `bandCount` of the best, by lot.
    /// @dev Chances are in proportion to stake; the draw by remainder favours some points by less than 2^-150.
    function electLeader(
        RoundBook storage self,
        mapping(address account => FederationMember) storage members,
        uint256 bandCount
    ) internal view returns (uint8 place) {
        Round storage r = self.state;
        uint256 candidates = r.peerSet & ~r.failedSet;
        uint256 count = r.placeCount;
        uint256[] memory corrects = new uint256[](count);
        uint256 best = 0;
        for (uint256 i = 0; i < count; ++i) {
            if ((candidates >> i) & 1 == 0) continue;
            corrects[i] = self.places[i].correct;
            best = Math.max(best, corrects[i]);
        }
        uint256[] memory weights = new uint256[](count);
        uint256 total = 0;
        for (uint256 i = 0; i < count; ++i) {
            if ((candidates >> i) & 1 == 0 || corrects[i] + bandCount < best) continue;
            weights[i] = members[self.places[i].member].weightWei;
            total += weights[i];
        }
        uint256 point = uint256(Hashes.efficientKeccak256(r.seed, bytes32(uint256(r.failedSet)))) % total;
        while (point >= weights[place]) {
            point -= weights[place];
            ++place;
        }
    }

    /// @notice The statement of the peer set's average but for context and global commitment, and the sum of improvements.
    function average(
        RoundBook storage self,
        uint256 vectors,
        uint256 emptyVectorDigest
    ) internal view returns (uint256[] memory words, uint256 improvementSum) {
        Round storage r = self.state;
        words = new uint256[](RoundStatement.AGGREGATE_LENGTH + vectors);
        uint256 peerSet = r.peerSet;
        uint256 base = r.baseCorrect;
        uint256 next = RoundStatement.AGGREGATE_LENGTH;
        for (uint256 i = 0; peerSet >> i != 0; ++i) {
            if ((peerSet >> i) & 1 == 0) continue;
            Place memory p = self.places[i];
            words[1] += p.factor;
            words[next] = self.contributions[p.member].vectorDigest;
            ++next;
            improvementSum += Math.saturatingSub(p.correct, base);
        }
        for (; next < words.length; ++next) words[next] = emptyVectorDigest;
    }

    /// @dev The place with the smallest count, the latest of equals.
    function _worst(
        RoundBook storage self,
        uint256 places
    ) private view returns (uint8 index, uint256 correct) {
        uint256 order = 0;
        correct = type(uint256).max;
        for (uint256 i = 0; i < places; ++i) {
            Place memory p = self.places[i];
            if (p.correct > correct || (p.correct == correct && p.order < order)) continue;
            (index, correct, order) = (uint8(i), p.correct, p.order);
        }
    }
}
