// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {RoundBooks} from "./RoundBooks.sol";
import {ICircuitRegistry} from "./interfaces/ICircuitRegistry.sol";
import {IFederatedRounds} from "./interfaces/IFederatedRounds.sol";
import {IStakeVault} from "./interfaces/IStakeVault.sol";
import {FederationCreation} from "./libraries/FederationCreation.sol";
import {Roster} from "./libraries/Roster.sol";
import {RoundFlow} from "./libraries/RoundFlow.sol";
import {RoundStatement} from "./libraries/RoundStatement.sol";
import {Contribution, Federation, Round, RoundBook, RoundState, ScoreProof} from "./types/Federation.sol";
import {Proof} from "./types/Proof.sol";

/// @title FederatedRounds
/// @notice Assumptions, guarantees and the states of a round are in `IFederatedRounds`.
contract FederatedRounds is RoundBooks {
    using SafeCast for uint256;
    using Roster for RoundBook;
    using RoundFlow for RoundBook;

    /* CONSTANTS */

    /// @inheritdoc IFederatedRounds
    uint256 public constant DRAW_DELAY_BLOCKS = RoundFlow.DRAW_DELAY_BLOCKS;

    constructor(ICircuitRegistry registry_, IStakeVault vault_) RoundBooks(registry_, vault_) {}

    /* MEMBERS' ACTIONS */

    /// @inheritdoc IFederatedRounds
    function start(uint256 federationId) external {
        Federation storage f = _openFederation(federationId);
        uint32 round = f.round;
        if (_isRunning(federationId, round)) {
            revert RoundWrongState(federationId, round, stateOf(federationId, round));
        }
        if (round == f.maxRounds) revert RoundLimitReached(federationId, round);
        ++round;
        // Who sits out may start a round, too: were it all members, no round would come in which they do not.
        _requireStaked(federationId, f, round);

        f.round = round;
        Round storage r = _books[federationId][round].state;
        r.state = RoundState.Training;
        r.startedAt = uint48(block.timestamp);
        r.baseCorrect = f.globalCorrect;
        emit RoundStarted(federationId, round, f.globalCorrect);
    }

    /// @inheritdoc IFederatedRounds
    function commit(uint256 federationId, uint256 modelCommitment, uint8 factor) external {
        (uint32 round, RoundBook storage b) = _inState(federationId, RoundState.Committing);
        Federation storage f = _federations[federationId];
        _requireEligible(federationId, f, round);
        FederationCreation.requireFieldElement(modelCommitment);
        if (factor == 0 || factor > f.maxFactor) revert RoundInvalidFactor(factor, f.maxFactor);
        Contribution storage c = b.contributions[msg.sender];
        if (c.modelCommitment != 0) revert RoundAlreadyCommitted(federationId, round, msg.sender);

        c.modelCommitment = modelCommitment;
        c.factor = factor;
        _members[federationId][msg.sender].lastRound = round;
        emit LocalModelCommitted(federationId, round, msg.sender, modelCommitment, factor);
    }

    /// @inheritdoc IFederatedRounds
    function prove(uint256 federationId, ScoreProof calldata score) external {
        (uint32 round, RoundBook storage b) = _inState(federationId, RoundState.Proving);
        _requireNotLate(federationId, b.provingEnd(_federations[federationId]));
        Contribution storage c = b.contributions[msg.sender];
        uint256 modelCommitment = c.modelCommitment;
        if (modelCommitment == 0) revert RoundNotCommitted(federationId, round, msg.sender);
        if (c.isProven) revert RoundAlreadyProven(federationId, round, msg.sender);
        address owner = b.nullifierOwners[score.nullifier];
        if (owner != address(0)) revert RoundNullifierUsed(score.nullifier, owner);
        uint32 correct = _requireScore(federationId, RoundStatement.SCORE_PURPOSE, modelCommitment, score);

        b.nullifierOwners[score.nullifier] = msg.sender;
        b.recordScore(_federations[federationId], federationId, correct, score.nullifier);
    }

    /// @inheritdoc IFederatedRounds
    function mask(
        uint256 federationId,
        uint256 rosterDigest,
        uint256 vectorDigest,
        string calldata uri,
        Proof calldata proof
    ) external {
        (uint32 round, RoundBook storage b) = _inState(federationId, RoundState.Masking);
        _requireNotLate(federationId, b.state.deadline);
        _requirePeer(federationId, round, b);
        Contribution storage c = b.contributions[msg.sender];
        uint8 masking = b.state.masking;
        if (c.masking == masking) revert RoundAlreadyMasked(federationId, round, msg.sender, masking);
        _requireMask(federationId, b, c, rosterDigest, vectorDigest, proof);

        b.recordVector(_federations[federationId], federationId, rosterDigest, vectorDigest, uri);
    }

    /// @inheritdoc IFederatedRounds
    function reportMissing(uint256 federationId, uint256 round, uint16 missingSet) external {
        RoundBook storage b = _inRound(federationId, round, RoundState.Elected);
        _requirePeer(federationId, round, b);
        b.recordReport(_federations[federationId], _members[federationId], federationId, missingSet);
    }

    /// @inheritdoc IFederatedRounds
    function takeLead(uint256 federationId, uint256 round) external {
        RoundBook storage b = _inRound(federationId, round, RoundState.Elected);
        _requireLeader(federationId, round, b);
        b.recordLead(_federations[federationId], federationId);
    }

    /// @inheritdoc IFederatedRounds
    function aggregate(
        uint256 federationId,
        uint256 globalCommitment,
        string calldata uri,
        Proof calldata proof
    ) external {
        (uint32 round, RoundBook storage b) = _inState(federationId, RoundState.Leading);
        _requireLeader(federationId, round, b);
        Round storage r = b.state;
        _requireNotLate(federationId, r.deadline);
        if (r.isAggregated) revert RoundAlreadyAggregated(federationId, round);
        Federation storage f = _federations[federationId];
        (uint256[] memory words, uint256 improvementSum) = RoundFlow.average(b, f);
        words[0] = proofContext(federationId, round, msg.sender, RoundStatement.AGGREGATE_PURPOSE);
        words[2] = globalCommitment;
        _requireProof(federationId, f.aggregateKeyId, words, proof);

        r.isAggregated = true;
        // At most 16 counts.
        r.improvementSum = improvementSum.toUint32();
        r.globalCommitment = globalCommitment;
        r.globalUriHash = keccak256(bytes(uri));
        emit AverageAccepted(
            federationId,
            round,
            msg.sender,
            globalCommitment,
            words[1],
            improvementSum,
            uri
        );
    }

    /// @inheritdoc IFederatedRounds
    function scoreGlobal(uint256 federationId, ScoreProof calldata score) external {
        (uint32 round, RoundBook storage b) = _inState(federationId, RoundState.Leading);
        Round storage r = b.state;
        _requireNotLate(federationId, r.deadline);
        _requirePeer(federationId, round, b);
        if (!r.isAggregated) revert RoundNotAggregated(federationId, round);
        uint32 correct = _requireScore(
            federationId,
            RoundStatement.GLOBAL_PURPOSE,
            r.globalCommitment,
            score
        );
        if (r.isScored && correct <= r.globalCorrect) revert RoundNotBetter(correct, r.globalCorrect);

        r.isScored = true;
        r.globalCorrect = correct;
        emit AverageScored(federationId, round, msg.sender, correct);
        // A count below the leader's own stands until somebody proves a higher one, or nobody does in time.
        if (correct >= b.places[r.leaderPlace].correct)
            RoundFlow.finalise(b, _federations[federationId], federationId);
    }

    /// @inheritdoc IFederatedRounds
    function keepOwn(
        uint256 federationId,
        uint256 globalCommitment,
        string calldata uri,
        ScoreProof calldata score
    ) external {
        (uint32 round, RoundBook storage b) = _inState(federationId, RoundState.Leading);
        _requireLeader(federationId, round, b);
        Round storage r = b.state;
        Federation storage f = _federations[federationId];
        _requireNotLate(federationId, r.deadline);
        if (!r.isScored || !f.keepBetter) revert RoundCannotKeep(federationId, round);
        // The nullifier follows from the weights: it shows that they are those of the committed model.
        address owner = b.nullifierOwners[score.nullifier];
        if (owner != msg.sender) revert RoundNullifierUsed(score.nullifier, owner);
        uint32 correct = _requireScore(federationId, RoundStatement.GLOBAL_PURPOSE, globalCommitment, score);
        b.recordOwn(f, federationId, globalCommitment, correct, uri);
    }

    /* ANYBODY'S ACTIONS */

    /// @inheritdoc IFederatedRounds
    function advance(uint256 federationId) external nonReentrant {
        Federation storage f = _federations[federationId];
        uint32 round = f.round;
        RoundState state = stateOf(federationId, round);
        if (state < RoundState.Proving || state > RoundState.Leading) {
            revert RoundWrongState(federationId, round, state);
        }
        RoundBook storage b = _books[federationId][round];
        RoundFlow.advance(b, f, _members[federationId], federationId, state, vault);
    }

    /// @inheritdoc IFederatedRounds
    function claim(uint256 federationId, uint256 round, address member) external {
        RoundBook storage b = _books[federationId][round];
        if (b.state.state != RoundState.Final) {
            revert RoundWrongState(federationId, round, stateOf(federationId, round));
        }
        uint256 amountWei = b.recordClaim(federationId, round, member);
        _credit(federationId, _federations[federationId].rewardToken, member, amountWei);
    }
}
