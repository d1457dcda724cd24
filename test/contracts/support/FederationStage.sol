// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FederatedRounds} from "../../../contracts/FederatedRounds.sol";
import {ICircuitRegistry} from "../../../contracts/interfaces/ICircuitRegistry.sol";
import {Bn254} from "../../../contracts/libraries/Bn254.sol";
import {RoundStatement} from "../../../contracts/libraries/RoundStatement.sol";
import {HashRegistry} from "../../../contracts/mocks/HashRegistry.sol";
import {
    Contribution,
    Federation,
    FederationMember,
    MaskKey,
    Place,
    Round
} from "../../../contracts/types/Federation.sol";
import {ScoreProof} from "../../../contracts/types/Federation.sol";
import {G1Point, Proof} from "../../../contracts/types/Proof.sol";
import {MaskKeys} from "./MaskKeys.sol";
import {Players} from "./Players.sol";

/// @title FederationStage
/// @notice The contract of federations, with a registry whose proofs are the hashes of what they show.
abstract contract FederationStage is Players {
    uint256 internal constant VECTORS = 5;
    // A key's id is the length of its statement.
    bytes32 internal constant SCORE_KEY = bytes32(RoundStatement.SCORE_LENGTH);
    bytes32 internal constant MASK_KEY = bytes32(RoundStatement.MASK_LENGTH);
    bytes32 internal constant AGGREGATE_KEY = bytes32(RoundStatement.AGGREGATE_LENGTH + VECTORS);
    uint256 internal constant EMPTY_DIGEST = 99;
    uint256 internal constant SAMPLES = 360;

    FederatedRounds public immutable rounds;

    constructor() Players(MaskKeys.COUNT) {
        rounds = new FederatedRounds(ICircuitRegistry(address(new HashRegistry())), vault);
        _approve(address(rounds));
    }

    /// @dev Of every shard.
    function _dataPoint() internal pure returns (G1Point memory) {
        return G1Point(1, 2);
    }

    /// @dev A field element that is another for every use.
    function _word(
        string memory what,
        uint256 id,
        uint256 round,
        address who
    ) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(what, id, round, who))) % Bn254.SCALAR_FIELD_ORDER;
    }

    /// @dev A valid score of a model that an account says is the global one, or its own.
    function _score(
        bytes32 purpose,
        uint256 id,
        address who,
        uint256 commitment,
        uint256 correct,
        uint256 nullifier
    ) internal view returns (ScoreProof memory score) {
        uint256 round = rounds.federation(id).round;
        uint256[] memory words = new uint256[](RoundStatement.SCORE_LENGTH);
        words[0] = rounds.proofContext(id, round, who, purpose);
        words[1] = commitment;
        words[2] = correct;
        words[3] = rounds.federationWord(id);
        words[4] = round;
        words[5] = nullifier;
        score.counts = new uint32[](1);
        score.counts[0] = uint32(correct);
        score.nullifier = nullifier;
        score.proofs = new Proof[](1);
        score.proofs[0] = _proof(words, _dataPoint());
    }

    /// @dev A valid score of an account's own model.
    function _ownScore(uint256 id, address who, uint256 correct) internal view returns (ScoreProof memory) {
        uint256 round = rounds.federation(id).round;
        uint256 commitment = _word("model", id, round, who);
        uint256 nullifier = _word("nullifier", id, round, who);
        return _score(RoundStatement.SCORE_PURPOSE, id, who, commitment, correct, nullifier);
    }

    /// @dev A valid score of the round's average.
    function _averageScore(
        uint256 id,
        address who,
        uint256 correct
    ) internal view returns (ScoreProof memory) {
        uint256 commitment = _word("average", id, rounds.federation(id).round, address(0));
        return _score(RoundStatement.GLOBAL_PURPOSE, id, who, commitment, correct, 1);
    }

    /// @dev Digest of an account's vector in the present masking.
    function _digest(uint256 id, address who) internal view returns (uint256) {
        uint256 round = rounds.federation(id).round;
        return _word("vector", id * 1000 + rounds.roundOf(id, round).masking, round, who);
    }

    /// @dev Proof of an account's masked vector.
    function _maskProof(uint256 id, address who, uint256 roster) internal view returns (Proof memory) {
        uint256 round = rounds.federation(id).round;
        Contribution memory c = rounds.contributionOf(id, round, who);
        MaskKey memory key = rounds.memberOf(id, who).key;
        uint256 context = rounds.proofContext(id, round, who, RoundStatement.MASK_PURPOSE);
        uint256[] memory words = RoundStatement.mask(
            context,
            c.modelCommitment,
            c.factor,
            _digest(id, who),
            key
        );
        uint256 peerSet = rounds.roundOf(id, round).peerSet;
        RoundStatement.setPeers(words, roster, peerSet, rounds.federationWord(id), round);
        return _proof(words, G1Point(0, 0));
    }

    /// @dev Proof that the average is that of the peer set's vectors, with a sum of factors that is too large by `excess`.
    function _averageProof(uint256 id, address who, uint256 excess) internal view returns (Proof memory) {
        uint256 round = rounds.federation(id).round;
        uint256[] memory words = new uint256[](RoundStatement.AGGREGATE_LENGTH + VECTORS);
        words[0] = rounds.proofContext(id, round, who, RoundStatement.AGGREGATE_PURPOSE);
        words[1] = excess;
        words[2] = _word("average", id, round, address(0));
        uint256 next = RoundStatement.AGGREGATE_LENGTH;
        Place[] memory places = rounds.rosterOf(id, round);
        Round memory r = rounds.roundOf(id, round);
        for (uint256 i = 0; i < places.length; ++i) {
            if ((r.peerSet >> i) & 1 == 0) continue;
            words[1] += places[i].factor;
            words[next++] = _digest(id, places[i].member);
        }
        while (next < words.length) words[next++] = EMPTY_DIGEST;
        return _proof(words, G1Point(0, 0));
    }

    function _proof(
        uint256[] memory words,
        G1Point memory dataPoint
    ) private pure returns (Proof memory proof) {
        proof.a.x = uint256(keccak256(abi.encodePacked(words, dataPoint.x, dataPoint.y)));
    }

    /// @dev Whether an account may start or commit in the next or running round.
    function _isEligible(uint256 id, uint256 round, address who) internal view returns (bool) {
        return rounds.memberOf(id, who).firstRound <= round && _isStaked(id, who);
    }

    function _isStaked(uint256 id, address who) internal view returns (bool) {
        FederationMember memory m = rounds.memberOf(id, who);
        return m.lockId != 0 && m.weightWei >= rounds.federation(id).minStakeWei;
    }
}
