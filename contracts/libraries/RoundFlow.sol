// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IFederatedRounds} from "../interfaces/IFederatedRounds.sol";
import {IStakeVault} from "../interfaces/IStakeVault.sol";
import {
    Contribution,
    Federation,
    FederationMember,
    Round,
    RoundBook,
    RoundState
} from "../types/Federation.sol";
import {BlockDraw} from "./BlockDraw.sol";
import {FederationCreation} from "./FederationCreation.sol";
import {GlobalModel} from "./GlobalModel.sol";
import {Roster} from "./Roster.sol";

/// @title RoundFlow
/// @notice The transitions of a federation's last round, after all that its calls ask for was checked.
/// @dev A contract of its own, which `FederatedRounds` calls into with its own storage: together they exceed the size of a
///      contract.
library RoundFlow {
    using GlobalModel for Federation;
    using Roster for RoundBook;

    /// @dev Separates these draws from every other hash.
    bytes32 private constant DRAW_DOMAIN = keccak256("zkpot.federated-rounds.v1");

    /// @notice Blocks between the end of a masking and the block that draws the leader.
    uint256 internal constant DRAW_DELAY_BLOCKS = 8;

    /* CALLED BY THE CONTRACT */

    /// @notice Records a count that the caller has proven, and gives it a place if it deserves one.
    function recordScore(
        RoundBook storage b,
        Federation storage f,
        uint256 federationId,
        uint32 correct,
        uint256 nullifier
    ) external {
        uint256 floor = Math.saturatingSub(b.state.baseCorrect, f.toleranceCount);
        if (correct < floor) revert IFederatedRounds.RoundBelowFloor(correct, floor);

        Contribution storage c = b.contributions[msg.sender];
        c.isProven = true;
        c.correct = correct;
        (uint256 place, address evicted) = b.take(f.places, correct);
        emit IFederatedRounds.LocalScoreProven(
            federationId,
            f.round,
            msg.sender,
            correct,
            nullifier,
            place,
            evicted
        );
    }

    /// @notice Records the caller's vector; completes the masking with the last of the peer set.
    function recordVector(
        RoundBook storage b,
        Federation storage f,
        uint256 federationId,
        uint256 rosterDigest,
        uint256 vectorDigest,
        string calldata uri
    ) external {
        Round storage r = b.state;
        {
            Contribution storage c = b.contributions[msg.sender];
            c.vectorDigest = vectorDigest;
            c.masking = r.masking;
        }
        emit IFederatedRounds.VectorMasked(
            federationId,
            f.round,
            msg.sender,
            r.masking,
            rosterDigest,
            vectorDigest,
            uri
        );
        b.addMasked(rosterDigest);
        if (r.maskedSet != r.peerSet) return;
        uint256 drawBlock = block.number + DRAW_DELAY_BLOCKS;
        r.state = RoundState.Electing;
        r.drawBlock = uint48(drawBlock);
        emit IFederatedRounds.MaskingCompleted(federationId, f.round, rosterDigest, drawBlock);
    }

    /// @notice Records what the caller cannot find; gives the round up when more than half of the peers miss a vector.
    function recordReport(
        RoundBook storage b,
        Federation storage f,
        mapping(address account => FederationMember) storage members,
        uint256 federationId,
        uint16 missingSet
    ) external {
        uint256 end = b.reportsEnd(f);
        if (block.timestamp > end) {
            revert IFederatedRounds.RoundDeadlinePassed(federationId, end, block.timestamp);
        }
        uint16 reported = b.reports[msg.sender];
        uint16 ownSet = uint16(1 << (b.contributions[msg.sender].place - 1));
        if (missingSet == 0 || missingSet & (~b.state.peerSet | reported | ownSet) != 0) {
            revert IFederatedRounds.RoundInvalidReport(federationId, f.round, missingSet);
        }

        b.reports[msg.sender] = reported | missingSet;
        emit IFederatedRounds.VectorsMissing(federationId, f.round, msg.sender, missingSet);
        uint16 lost = b.countReports(missingSet);
        if (lost == 0) return;
        for (uint256 place = 0; lost >> place != 0; ++place) {
            if ((lost >> place) & 1 != 0) _suspend(b.places[place].member, f.round, members, federationId);
        }
        _abandon(b.state, f, federationId);
    }

    /// @notice Gives the caller, who is the leader, the lead.
    function recordLead(RoundBook storage b, Federation storage f, uint256 federationId) external {
        Round storage r = b.state;
        _requireAfter(federationId, b.reportsEnd(f));
        uint256 deadline = r.deadline;
        if (block.timestamp > deadline) {
            revert IFederatedRounds.RoundDeadlinePassed(federationId, deadline, block.timestamp);
        }

        deadline = block.timestamp + f.timing.leadSeconds;
        r.state = RoundState.Leading;
        r.deadline = uint48(deadline);
        emit IFederatedRounds.LeadTaken(federationId, f.round, msg.sender, deadline);
    }

    /// @notice The statement of the average but for context and commitment, and the sum of improvements.
    function average(
        RoundBook storage b,
        Federation storage f
    ) external view returns (uint256[] memory words, uint256 improvementSum) {
        return b.average(f.vectors, f.emptyVectorDigest);
    }

    /// @notice Takes the next step that time allows from `state`.
    function advance(
        RoundBook storage b,
        Federation storage f,
        mapping(address account => FederationMember) storage members,
        uint256 federationId,
        RoundState state,
        IStakeVault vault
    ) external {
        Round storage r = b.state;
        if (state == RoundState.Electing) return _draw(b, f, members, federationId);
        _requireAfter(federationId, state == RoundState.Proving ? b.provingEnd(f) : r.deadline);
        if (state == RoundState.Proving) {
            _startMasking(r, f, federationId, uint16((1 << r.placeCount) - 1));
        } else if (state == RoundState.Masking) {
            _startMasking(r, f, federationId, r.maskedSet);
        } else if (state == RoundState.Elected) {
            _replaceLeader(b, f, members, federationId, 0);
        } else if (r.isScored) {
            _finalise(b, f, federationId);
        } else {
            _slashLeader(b, f, members, federationId, vault);
        }
    }

    /// @notice Puts the leader's model, of which it has proven a count, in place of the average.
    function recordOwn(
        RoundBook storage b,
        Federation storage f,
        uint256 federationId,
        uint256 globalCommitment,
        uint32 correct,
        string calldata uri
    ) external {
        Round storage r = b.state;
        // Until then peers may prove that the average is no worse, which ends the round.
        _requireAfter(federationId, r.deadline - f.timing.leadSeconds / 2);
        // What is proven of the average is below the count that the leader was elected by, or the round would be over.
        uint32 own = b.places[r.leaderPlace].correct;
        if (correct < own) revert IFederatedRounds.RoundBelowFloor(correct, own);

        r.globalCommitment = globalCommitment;
        r.globalCorrect = correct;
        r.globalUriHash = keccak256(bytes(uri));
        emit IFederatedRounds.LeaderModelKept(federationId, f.round, uri);
        _finalise(b, f, federationId);
    }

    /// @notice Makes the round's model the global one.
    function finalise(RoundBook storage b, Federation storage f, uint256 federationId) external {
        _finalise(b, f, federationId);
    }

    /// @notice Records a claim on the reward of a final round.
    /// @return amountWei What all claims up to this one are owed, less what those before it were.
    function recordClaim(
        RoundBook storage b,
        uint256 federationId,
        uint256 round,
        address member
    ) external returns (uint256 amountWei) {
        Round storage r = b.state;
        Contribution storage c = b.contributions[member];
        uint256 improvement = b.isPeer(member) ? Math.saturatingSub(c.correct, r.baseCorrect) : 0;
        uint256 rewardWei = r.rewardWei;
        if (c.isClaimed || improvement == 0 || rewardWei == 0) {
            revert IFederatedRounds.RoundNothingToClaim(federationId, round, member);
        }

        // Products of 96 and 32 bits.
        uint256 beforeWei = (rewardWei * r.claimedSum) / r.improvementSum;
        uint256 claimedSum = r.claimedSum + improvement;
        amountWei = (rewardWei * claimedSum) / r.improvementSum - beforeWei;
        c.isClaimed = true;
        // Not above the sum of improvements, which has 32 bits.
        r.claimedSum = uint32(claimedSum);
        emit IFederatedRounds.RoundRewardClaimed(federationId, round, member, amountWei);
    }

    /* PRIVATE */

    /// @dev Reverts until a time has passed.
    function _requireAfter(uint256 federationId, uint256 end) private view {
        if (block.timestamp <= end) {
            revert IFederatedRounds.RoundTooEarly(federationId, end, block.timestamp);
        }
    }

    /// @dev Starts a masking among some places, if they hide a model.
    function _startMasking(
        Round storage r,
        Federation storage f,
        uint256 federationId,
        uint16 peerSet
    ) private {
        if (Roster.sizeOf(peerSet) < FederationCreation.MIN_PLACES) return _abandon(r, f, federationId);
        r.state = RoundState.Masking;
        r.peerSet = peerSet;
        r.maskedSet = 0;
        ++r.masking;
        r.deadline = uint48(block.timestamp + f.timing.maskSeconds);
        emit IFederatedRounds.MaskingStarted(federationId, f.round, r.masking, peerSet, r.deadline);
    }

    /// @dev Fixes the seed of all leaders' draws, and draws the first.
    function _draw(
        RoundBook storage b,
        Federation storage f,
        mapping(address account => FederationMember) storage members,
        uint256 federationId
    ) private {
        (uint256 number, bytes32 hash) = BlockDraw.blockHash(b.state.drawBlock);
        bytes32 seed = keccak256(
            abi.encode(DRAW_DOMAIN, block.chainid, address(this), federationId, f.round, number, hash)
        );
        b.state.seed = seed;
        emit IFederatedRounds.LeadersDrawn(federationId, f.round, number, seed);
        _elect(b, f, members, federationId);
    }

    function _elect(
        RoundBook storage b,
        Federation storage f,
        mapping(address account => FederationMember) storage members,
        uint256 federationId
    ) private {
        Round storage r = b.state;
        if (r.peerSet & ~r.failedSet == 0) return _abandon(r, f, federationId);
        uint8 place = b.electLeader(members, f.bandCount);
        r.state = RoundState.Elected;
        r.leaderPlace = place;
        r.deadline = uint48(block.timestamp + f.timing.takeSeconds);
        emit IFederatedRounds.LeaderElected(
            federationId,
            f.round,
            b.places[place].member,
            uint256(place) + 1,
            r.deadline
        );
    }

    /// @dev Passes on to the next leader.
    function _replaceLeader(
        RoundBook storage b,
        Federation storage f,
        mapping(address account => FederationMember) storage members,
        uint256 federationId,
        uint256 bondWei
    ) private {
        Round storage r = b.state;
        emit IFederatedRounds.LeaderReplaced(federationId, f.round, b.places[r.leaderPlace].member, bondWei);
        r.failedSet |= uint16(1 << r.leaderPlace);
        r.isAggregated = false;
        _elect(b, f, members, federationId);
    }

    /// @dev Slashes the bond of a leader that took the lead and did not deliver.
    function _slashLeader(
        RoundBook storage b,
        Federation storage f,
        mapping(address account => FederationMember) storage members,
        uint256 federationId,
        IStakeVault vault
    ) private {
        FederationMember storage m = members[b.places[b.state.leaderPlace].member];
        // Whoever committed has at least the least stake, and that is not less than the bond.
        m.weightWei -= f.bondWei;
        _replaceLeader(b, f, members, federationId, f.bondWei);

        vault.slash(f.stakeToken, m.lockId, f.bondWei, f.sponsor);
    }

    /// @dev Has a member sit out as many rounds as have ended for want of its vector.
    function _suspend(
        address member,
        uint32 round,
        mapping(address account => FederationMember) storage members,
        uint256 federationId
    ) private {
        FederationMember storage m = members[member];
        uint32 missedCount = m.missedCount + 1;
        uint32 firstRound = round + 1 + missedCount;
        m.missedCount = missedCount;
        m.firstRound = firstRound;
        emit IFederatedRounds.MemberSuspended(federationId, round, member, firstRound);
    }

    function _abandon(Round storage r, Federation storage f, uint256 federationId) private {
        r.state = RoundState.Abandoned;
        f.lastEndedAt = uint48(block.timestamp);
        emit IFederatedRounds.RoundAbandoned(federationId, f.round);
    }

    function _finalise(RoundBook storage b, Federation storage f, uint256 federationId) private {
        Round storage r = b.state;
        uint256 rewardWei = r.improvementSum == 0 ? 0 : Math.min(f.rewardWei, f.poolWei);
        r.state = RoundState.Final;
        // Not above the reward of each round, which has 96 bits, or the pool.
        r.rewardWei = uint96(rewardWei);
        f.poolWei -= uint128(rewardWei);
        f.lastEndedAt = uint48(block.timestamp);
        address leader = b.places[r.leaderPlace].member;
        bytes32 recordHash = f.set(f.round, r.globalCommitment, r.globalCorrect, r.globalUriHash, leader);
        emit IFederatedRounds.RoundFinalised(
            federationId,
            f.round,
            leader,
            r.globalCommitment,
            r.globalCorrect,
            r.globalUriHash,
            rewardWei,
            recordHash
        );
    }
}
