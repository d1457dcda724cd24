// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Federations} from "./Federations.sol";
import {ICircuitRegistry} from "./interfaces/ICircuitRegistry.sol";
import {IFederatedRounds} from "./interfaces/IFederatedRounds.sol";
import {IStakeVault} from "./interfaces/IStakeVault.sol";
import {DataPoints} from "./libraries/DataPoints.sol";
import {Roster} from "./libraries/Roster.sol";
import {RoundStatement} from "./libraries/RoundStatement.sol";
import {Statement} from "./libraries/Statement.sol";
import {
    Contribution,
    Federation,
    FederationMember,
    Place,
    Round,
    RoundBook,
    RoundState,
    ScoreProof
} from "./types/Federation.sol";
import {G1Point, Proof} from "./types/Proof.sol";

/// @title RoundBooks
/// @notice What is kept of rounds, and what their actions ask for: see `IFederatedRounds`.
abstract contract RoundBooks is IFederatedRounds, Federations {
    using Roster for RoundBook;

    /* STORAGE */

    mapping(uint256 federationId => mapping(uint256 round => RoundBook)) internal _books;

    constructor(ICircuitRegistry registry_, IStakeVault vault_) Federations(registry_, vault_) {}

    /* VIEWS */

    /// @inheritdoc IFederatedRounds
    function stateOf(uint256 federationId, uint256 round) public view returns (RoundState) {
        Round storage r = _books[federationId][round].state;
        RoundState state = r.state;
        if (state != RoundState.Training) return state;
        uint256 end = r.startedAt + _federations[federationId].timing.trainSeconds;
        if (block.timestamp <= end) return RoundState.Training;
        end += _federations[federationId].timing.commitSeconds;
        return block.timestamp <= end ? RoundState.Committing : RoundState.Proving;
    }

    /// @inheritdoc IFederatedRounds
    function roundOf(uint256 federationId, uint256 round) external view returns (Round memory) {
        return _books[federationId][round].state;
    }

    /// @inheritdoc IFederatedRounds
    function rosterOf(uint256 federationId, uint256 round) external view returns (Place[] memory) {
        return _books[federationId][round].roster();
    }

    /// @inheritdoc IFederatedRounds
    function contributionOf(
        uint256 federationId,
        uint256 round,
        address member
    ) external view returns (Contribution memory) {
        return _books[federationId][round].contributions[member];
    }

    /// @inheritdoc IFederatedRounds
    function nullifierOwnerOf(
        uint256 federationId,
        uint256 round,
        uint256 nullifier
    ) external view returns (address) {
        return _books[federationId][round].nullifierOwners[nullifier];
    }

    /// @inheritdoc IFederatedRounds
    function reportOf(uint256 federationId, uint256 round, address member) external view returns (uint256) {
        return _books[federationId][round].reports[member];
    }

    /// @inheritdoc IFederatedRounds
    function proofContext(
        uint256 federationId,
        uint256 round,
        address member,
        bytes32 purpose
    ) public view returns (uint256) {
        return Statement.context(address(this), federationId, round, member, purpose);
    }

    /* INTERNAL */

    function _isRunning(uint256 federationId, uint256 round) internal view override returns (bool) {
        RoundState state = _books[federationId][round].state.state;
        return state != RoundState.None && state != RoundState.Final && state != RoundState.Abandoned;
    }

    /// @dev The last round of a federation, which must be in a state.
    function _inState(
        uint256 federationId,
        RoundState required
    ) internal view returns (uint32 round, RoundBook storage b) {
        round = _federations[federationId].round;
        b = _books[federationId][round];
        RoundState state = stateOf(federationId, round);
        if (state != required) revert RoundWrongState(federationId, round, state);
    }

    /// @dev A round that must be the last one of a federation, and in a state; for calls that no proof ties to a round.
    function _inRound(
        uint256 federationId,
        uint256 round,
        RoundState required
    ) internal view returns (RoundBook storage b) {
        uint32 last;
        (last, b) = _inState(federationId, required);
        if (round != last) revert RoundNotLast(federationId, round, last);
    }

    function _requireNotLate(uint256 federationId, uint256 deadline) internal view {
        if (block.timestamp > deadline) revert RoundDeadlinePassed(federationId, deadline, block.timestamp);
    }

    function _requireEligible(uint256 federationId, Federation storage f, uint256 round) internal view {
        _requireStaked(federationId, f, round);
        if (_members[federationId][msg.sender].firstRound > round) {
            revert RoundNotEligible(federationId, round, msg.sender);
        }
    }

    function _requireStaked(uint256 federationId, Federation storage f, uint256 round) internal view {
        FederationMember storage m = _members[federationId][msg.sender];
        if (m.lockId == 0 || m.weightWei < f.minStakeWei) {
            revert RoundNotEligible(federationId, round, msg.sender);
        }
    }

    function _requirePeer(uint256 federationId, uint256 round, RoundBook storage b) internal view {
        if (!b.isPeer(msg.sender)) revert RoundNotInPeerSet(federationId, round, msg.sender);
    }

    function _requireLeader(uint256 federationId, uint256 round, RoundBook storage b) internal view {
        address leader = b.places[b.state.leaderPlace].member;
        if (msg.sender != leader) revert RoundNotLeader(federationId, round, msg.sender, leader);
    }

    /// @dev The sum of the counts, proven by the caller.
    /// @param purpose Of the context.
    function _requireScore(
        uint256 federationId,
        bytes32 purpose,
        uint256 modelCommitment,
        ScoreProof calldata score
    ) internal view returns (uint32) {
        Federation storage f = _federations[federationId];
        uint256 round = f.round;
        G1Point[] memory dataPoints = DataPoints.load(f.dataPointer);
        if (score.counts.length != dataPoints.length) {
            revert RoundCountsLength(score.counts.length, dataPoints.length);
        }
        (uint256[] memory words, uint256 correct) = RoundStatement.scores(
            proofContext(federationId, round, msg.sender, purpose),
            modelCommitment,
            score.counts,
            federationWord(federationId),
            round,
            score.nullifier
        );
        if (correct > f.sampleCount) revert RoundCountTooLarge(correct, f.sampleCount);
        if (!registry.verifyBatch(f.scoreKeyId, words, dataPoints, score.proofs)) {
            revert RoundInvalidProof(federationId, round, msg.sender);
        }
        return uint32(correct);
    }

    /// @dev A proof under a key of a circuit without dataset block.
    function _requireProof(
        uint256 federationId,
        bytes32 keyId,
        uint256[] memory words,
        Proof calldata proof
    ) internal view {
        if (!registry.verify(keyId, words, G1Point(0, 0), proof)) {
            revert RoundInvalidProof(federationId, _federations[federationId].round, msg.sender);
        }
    }

    /// @dev The caller's masked vector for the present masking.
    function _requireMask(
        uint256 federationId,
        RoundBook storage b,
        Contribution storage c,
        uint256 rosterDigest,
        uint256 vectorDigest,
        Proof calldata proof
    ) internal view {
        Federation storage f = _federations[federationId];
        uint256 round = f.round;
        uint256[] memory words = RoundStatement.mask(
            proofContext(federationId, round, msg.sender, RoundStatement.MASK_PURPOSE),
            c.modelCommitment,
            c.factor,
            vectorDigest,
            _members[federationId][msg.sender].key
        );
        RoundStatement.setPeers(words, rosterDigest, b.state.peerSet, federationWord(federationId), round);
        _requireProof(federationId, f.maskKeyId, words, proof);
    }
}
