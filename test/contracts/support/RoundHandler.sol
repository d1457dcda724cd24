// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFederatedRounds} from "../../../contracts/interfaces/IFederatedRounds.sol";
import {RoundStatement} from "../../../contracts/libraries/RoundStatement.sol";
import {
    Contribution,
    Federation,
    FederationMember,
    FederationTiming,
    Place,
    Round,
    RoundState,
    ScoreProof
} from "../../../contracts/types/Federation.sol";
import {FederationStage} from "./FederationStage.sol";

/// @title RoundHandler
/// @notice Rounds, played by whoever takes part: some vanish at every step, some report, leaders pass or fail.
abstract contract RoundHandler is FederationStage {
    /// @dev Of a round that nobody disturbs.
    uint256 private constant STEPS = 9;

    /// @notice By account and token: bonds that it lost as a leader that took the lead and did not deliver.
    mapping(address account => mapping(address token => uint256)) public lostWei;
    /// @notice The hash of the last record, computed here.
    mapping(uint256 federationId => bytes32) public recordHashes;

    /// @notice The next step of a round, with those of `subset` taking part.
    function play(uint256 which, uint256 subset, uint256 seed) public action {
        _play(which, subset, _mix(seed));
    }

    /// @notice A round from where it is to its end, or so far, in which now and then somebody does not take part.
    function playOn(uint256 which, uint256 subset, uint256 seed) public action {
        for (uint256 i = 0; i < STEPS; ++i) {
            // Each is there in seven of eight steps.
            (subset, seed) = (_mix(subset), _mix(seed));
            _play(which, subset | (subset >> 8) | (subset >> 16), seed);
            (, , RoundState state) = _last(which);
            if (state >= RoundState.Final) return;
        }
    }

    /// @notice What time does not allow yet reverts; waiting does it.
    function wait(uint256 which) public action {
        (uint256 id, uint256 round, RoundState state) = _last(which);
        bytes memory call = abi.encodeCall(IFederatedRounds.advance, (id));
        if (id == 0 || state < RoundState.Proving || state > RoundState.Leading) {
            _mustRevert(STRANGER, address(rounds), call);
            return;
        }
        Round memory r = rounds.roundOf(id, round);
        if (state == RoundState.Electing) {
            if (block.number <= r.drawBlock) _mustRevert(STRANGER, address(rounds), call);
            CHEATS.roll(r.drawBlock + 1);
        } else {
            uint256 deadline = state == RoundState.Proving ? _provingEnd(id, r) : r.deadline;
            if (block.timestamp <= deadline) {
                _mustRevert(STRANGER, address(rounds), call);
                CHEATS.warp(deadline + 1);
            }
        }
        _advance(id);
    }

    /* STEPS */

    function _play(uint256 which, uint256 subset, uint256 seed) private {
        (uint256 id, uint256 round, RoundState state) = _last(which);
        if (id == 0) return;
        if (state == RoundState.None || state >= RoundState.Final) _start(id, round + 1, subset);
        else if (state <= RoundState.Committing) _commit(id, round, subset, seed);
        else if (state == RoundState.Proving) _prove(id, round, subset, seed);
        else if (state == RoundState.Masking) _mask(id, round, subset, seed);
        else if (state == RoundState.Electing) _elect(id, round, seed);
        else if (state == RoundState.Elected) _takeLead(id, round, seed);
        else _deliver(id, round, seed);
    }

    function _start(uint256 id, uint256 round, uint256 subset) private {
        Federation memory f = rounds.federation(id);
        bytes memory call = abi.encodeCall(IFederatedRounds.start, (id));
        _mustRevert(STRANGER, address(rounds), call);
        if (f.isClosed || f.round == f.maxRounds) return;
        for (uint256 i = 0; i < ACTORS; ++i) {
            address who = _accountOf((subset % ACTORS) + i);
            if (!_isStaked(id, who)) continue;
            _mustSucceed(who, address(rounds), call);
            _mustRevert(who, address(rounds), call);
            return;
        }
    }

    function _commit(uint256 id, uint256 round, uint256 subset, uint256 seed) private {
        Federation memory f = rounds.federation(id);
        uint256 start = rounds.roundOf(id, round).startedAt + f.timing.trainSeconds;
        if (block.timestamp <= start) CHEATS.warp(start + 1);
        for (uint256 i = 0; i < ACTORS; ++i) {
            address who = _accountOf(i);
            uint256 commitment = _word("model", id, round, who);
            uint8 factor = uint8(bound(seed >> (8 * i), 1, f.maxFactor));
            bytes memory call = abi.encodeCall(IFederatedRounds.commit, (id, commitment, factor));
            bool isNew = rounds.contributionOf(id, round, who).modelCommitment == 0;
            if ((subset >> i) & 1 != 0 && isNew && _isEligible(id, round, who)) {
                _mustSucceed(who, address(rounds), call);
            }
            if (!isNew || !_isEligible(id, round, who)) _mustRevert(who, address(rounds), call);
        }
        CHEATS.warp(start + f.timing.commitSeconds + 1);
    }

    function _prove(uint256 id, uint256 round, uint256 subset, uint256 seed) private {
        uint256 end = _provingEnd(id, rounds.roundOf(id, round));
        if (block.timestamp <= end) {
            for (uint256 i = 0; i < ACTORS; ++i) {
                if ((subset >> i) & 1 != 0) _proveAs(id, round, _accountOf(i), seed >> (16 * i));
            }
            CHEATS.warp(end + 1);
        }
        _advance(id);
    }

    function _proveAs(uint256 id, uint256 round, address who, uint256 seed) private {
        Contribution memory c = rounds.contributionOf(id, round, who);
        uint256 floor = _floor(id, round);
        uint256 correct = bound(seed, floor, SAMPLES);
        bytes memory call = abi.encodeCall(IFederatedRounds.prove, (id, _ownScore(id, who, correct)));
        if (c.modelCommitment == 0 || c.isProven) {
            _mustRevert(who, address(rounds), call);
            return;
        }
        _mustRevert(STRANGER, address(rounds), call);
        if (floor != 0) {
            ScoreProof memory low = _ownScore(id, who, floor - 1);
            _mustRevert(who, address(rounds), abi.encodeCall(IFederatedRounds.prove, (id, low)));
        }
        _proveCopy(id, round, who, correct);
        _mustSucceed(who, address(rounds), call);
    }

    /// @dev The weights of somebody that proved before, under one's own commitment.
    function _proveCopy(uint256 id, uint256 round, address who, uint256 correct) private {
        Place[] memory places = rounds.rosterOf(id, round);
        if (places.length == 0) return;
        uint256 nullifier = _word("nullifier", id, round, places[places.length - 1].member);
        uint256 commitment = _word("model", id, round, who);
        ScoreProof memory copied = _score(
            RoundStatement.SCORE_PURPOSE,
            id,
            who,
            commitment,
            correct,
            nullifier
        );
        _mustRevert(who, address(rounds), abi.encodeCall(IFederatedRounds.prove, (id, copied)));
    }

    function _mask(uint256 id, uint256 round, uint256 subset, uint256 seed) private {
        Place[] memory places = rounds.rosterOf(id, round);
        uint8 masking = rounds.roundOf(id, round).masking;
        uint256 deadline = rounds.roundOf(id, round).deadline;
        for (uint256 i = 0; i < places.length && block.timestamp <= deadline; ++i) {
            Round memory r = rounds.roundOf(id, round);
            if (r.state != RoundState.Masking) return;
            address who = places[i].member;
            // Now and then one is told of another roster.
            uint256 roster = (seed >> (4 * i)) % 16 == 0 ? 2 : 1;
            bytes memory call = abi.encodeCall(
                IFederatedRounds.mask,
                (id, roster, _digest(id, who), "ipfs://v", _maskProof(id, who, roster))
            );
            bool isDue =
                (r.peerSet >> i) & 1 != 0 && rounds.contributionOf(id, round, who).masking != masking;
            if (!isDue) _mustRevert(who, address(rounds), call);
            else if ((subset >> i) & 1 != 0) _mustSucceed(who, address(rounds), call);
        }
        if (rounds.roundOf(id, round).state != RoundState.Masking) return;
        if (block.timestamp <= deadline) CHEATS.warp(deadline + 1);
        _advance(id);
    }

    function _elect(uint256 id, uint256 round, uint256 seed) private {
        Place[] memory places = rounds.rosterOf(id, round);
        bytes memory call = abi.encodeCall(IFederatedRounds.reportMissing, (id, round, 1));
        _mustRevert(places[seed % places.length].member, address(rounds), call);
        uint256 drawBlock = rounds.roundOf(id, round).drawBlock;
        if (block.number <= drawBlock) CHEATS.roll(drawBlock + 1);
        _advance(id);
    }

    /// @dev Some peers miss the vector of one, in time or not.
    function _report(uint256 id, uint256 round, uint256 subset, uint256 seed) private {
        Place[] memory places = rounds.rosterOf(id, round);
        Round memory r = rounds.roundOf(id, round);
        uint16 missing = uint16(1 << (seed % places.length));
        bool isInTime = block.timestamp <= _reportsEnd(id, r);
        for (uint256 i = 0; i < places.length; ++i) {
            if ((subset >> i) & 1 == 0) continue;
            bool isPeer = (r.peerSet >> i) & 1 != 0 && missing & r.peerSet != 0 && missing >> i != 1;
            bool isNew = rounds.reportOf(id, round, places[i].member) & missing == 0;
            bytes memory call = abi.encodeCall(IFederatedRounds.reportMissing, (id, round, missing));
            if (!isInTime || !isPeer || !isNew) {
                _mustRevert(places[i].member, address(rounds), call);
                continue;
            }
            if (_reportAs(id, round, places[i].member, call, places[seed % places.length].member)) return;
        }
    }

    /// @dev Reports a member's vector; returns whether that ended the round, and checks what it does to the member.
    function _reportAs(
        uint256 id,
        uint256 round,
        address who,
        bytes memory call,
        address missed
    ) private returns (bool isOver) {
        FederationMember memory before = rounds.memberOf(id, missed);
        _mustSucceed(who, address(rounds), call);
        FederationMember memory m = rounds.memberOf(id, missed);
        isOver = rounds.stateOf(id, round) != RoundState.Elected;
        if (!isOver) {
            assertTrue(m.firstRound == before.firstRound, "nobody sits out while the round goes on");
            return false;
        }
        assertTrue(m.missedCount == before.missedCount + 1, "one more round missed");
        assertTrue(m.firstRound == round + 1 + m.missedCount, "sits out as many rounds as it missed");
        _recordEnd(id, round);
    }

    /// @dev Last timestamp of reports, for which the first leader waits.
    function _reportsEnd(uint256 id, Round memory r) private view returns (uint256) {
        uint256 takeSeconds = rounds.federation(id).timing.takeSeconds;
        return r.failedSet == 0 ? r.deadline - takeSeconds + takeSeconds / 2 : r.deadline - takeSeconds - 1;
    }

    function _takeLead(uint256 id, uint256 round, uint256 seed) private {
        Round memory r = rounds.roundOf(id, round);
        if (seed % 8 == 0) {
            _report(id, round, seed >> 8, seed >> 16);
            return;
        }
        bytes memory call = abi.encodeCall(IFederatedRounds.takeLead, (id, round));
        _mustRevert(STRANGER, address(rounds), call);
        if (block.timestamp <= _reportsEnd(id, r)) {
            _mustRevert(_leader(id, round), address(rounds), call);
            CHEATS.warp(_reportsEnd(id, r) + 1);
        }
        if (seed % 4 == 1 || block.timestamp > r.deadline) {
            if (block.timestamp <= r.deadline) CHEATS.warp(r.deadline + 1);
            _mustRevert(_leader(id, round), address(rounds), call);
            _advance(id);
            return;
        }
        _mustSucceed(_leader(id, round), address(rounds), call);
    }

    function _deliver(uint256 id, uint256 round, uint256 seed) private {
        Round memory r = rounds.roundOf(id, round);
        address leader = _leader(id, round);
        if (seed % 8 == 0 && block.timestamp <= r.deadline) CHEATS.warp(r.deadline + 1);
        if (block.timestamp > r.deadline) {
            _mustRevert(leader, address(rounds), _aggregateCall(id, leader, 0));
            _advance(id);
            return;
        }
        if (!r.isAggregated) {
            _mustRevert(STRANGER, address(rounds), _aggregateCall(id, STRANGER, 0));
            _mustRevert(leader, address(rounds), _aggregateCall(id, leader, 1));
            _mustSucceed(leader, address(rounds), _aggregateCall(id, leader, 0));
        }
        if (seed % 8 == 1) return;
        if (seed % 8 == 2 && r.isScored && rounds.federation(id).keepBetter) _keepOwn(id, round, leader);
        else _scoreAverage(id, round, seed >> 8);
    }

    function _scoreAverage(uint256 id, uint256 round, uint256 seed) private {
        Place[] memory places = rounds.rosterOf(id, round);
        address who = places[seed % places.length].member;
        uint256 correct = bound(seed >> 8, 0, SAMPLES);
        bytes memory call = abi.encodeCall(
            IFederatedRounds.scoreGlobal,
            (id, _averageScore(id, who, correct))
        );
        Round memory r = rounds.roundOf(id, round);
        bool isPeer = (r.peerSet >> (seed % places.length)) & 1 != 0;
        if (isPeer && (!r.isScored || correct > r.globalCorrect)) {
            _mustSucceed(who, address(rounds), call);
            _recordEnd(id, round);
        } else {
            _mustRevert(who, address(rounds), call);
        }
    }

    function _keepOwn(uint256 id, uint256 round, address leader) private {
        Contribution memory c = rounds.contributionOf(id, round, leader);
        uint256 nullifier = _word("nullifier", id, round, leader);
        ScoreProof memory score = _score(
            RoundStatement.GLOBAL_PURPOSE,
            id,
            leader,
            777,
            c.correct,
            nullifier
        );
        bytes memory call = abi.encodeCall(IFederatedRounds.keepOwn, (id, 777, "ipfs://own", score));
        uint256 begin = rounds.roundOf(id, round).deadline - rounds.federation(id).timing.leadSeconds / 2;
        if (block.timestamp <= begin) {
            _mustRevert(leader, address(rounds), call);
            CHEATS.warp(begin + 1);
        }
        // A count of the average is below the leader's own as long as the round has not ended.
        _mustSucceed(leader, address(rounds), call);
        _recordEnd(id, round);
    }

    /* HELPERS */

    /// @dev Anybody advances what time allows, and what a leader that failed loses is noted.
    function _advance(uint256 id) internal {
        uint256 round = rounds.federation(id).round;
        Round memory r = rounds.roundOf(id, round);
        if (r.state == RoundState.Leading && !r.isScored) {
            Federation memory f = rounds.federation(id);
            lostWei[_leader(id, round)][f.stakeToken] += f.bondWei;
        }
        _mustSucceed(STRANGER, address(rounds), abi.encodeCall(IFederatedRounds.advance, (id)));
        Round memory next = rounds.roundOf(id, round);
        assertTrue(next.state == RoundState.Final || !next.isAggregated, "another leader, another average");
        _recordEnd(id, round);
    }

    /// @dev Continues the chain of records when a round has just become final.
    function _recordEnd(uint256 id, uint256 round) private {
        Round memory r = rounds.roundOf(id, round);
        if (r.state != RoundState.Final) return;
        recordHashes[id] = keccak256(
            abi.encode(
                recordHashes[id],
                round,
                r.globalCommitment,
                r.globalUriHash,
                _leader(id, round),
                r.globalCorrect
            )
        );
    }

    function _aggregateCall(uint256 id, address who, uint256 excess) private view returns (bytes memory) {
        uint256 average = _word("average", id, rounds.federation(id).round, address(0));
        return
            abi.encodeCall(
                IFederatedRounds.aggregate,
                (id, average, "ipfs://average", _averageProof(id, who, excess))
            );
    }

    function _floor(uint256 id, uint256 round) private view returns (uint256) {
        uint256 base = rounds.roundOf(id, round).baseCorrect;
        uint256 tolerance = rounds.federation(id).toleranceCount;
        return base > tolerance ? base - tolerance : 0;
    }

    function _provingEnd(uint256 id, Round memory r) internal view returns (uint256) {
        FederationTiming memory timing = rounds.federation(id).timing;
        return uint256(r.startedAt) + timing.trainSeconds + timing.commitSeconds + timing.proveSeconds;
    }

    function _leader(uint256 id, uint256 round) internal view returns (address) {
        return rounds.rosterOf(id, round)[rounds.roundOf(id, round).leaderPlace].member;
    }

    /// @dev The fuzzer likes small and old values; these are as good as random.
    function _mix(uint256 seed) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed)));
    }

    /// @dev A federation, its last round and where that stands; zeros without any.
    function _last(uint256 which) internal view returns (uint256 id, uint256 round, RoundState state) {
        uint256 count = rounds.federationCount();
        if (count == 0) return (0, 0, RoundState.None);
        id = 1 + (which % count);
        round = rounds.federation(id).round;
        state = rounds.stateOf(id, round);
    }
}
