// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Contribution, Place, Round, RoundState, ScoreProof} from "../types/Federation.sol";
import {Proof} from "../types/Proof.sol";
import {IBlockDraw} from "./IBlockDraw.sol";
import {IFederations} from "./IFederations.sol";

/// @title IFederatedRounds
/// @notice Rounds of federated learning in which proven performance elects the leader, and nobody sees anybody's model.
///
/// Assumes
/// - Tokens move exactly what they are told to; fee-on-transfer tokens are refused. The toxic waste of the federation's keys is
///   unknown, and the data points belong to the published test set: members check both before they join.
/// - The registry's keys are those of `round-accuracy`, `masked-update` and `aggregate` with the federation's numbers.
/// - Before it publishes a masked vector a member checks that the roster it names is the round's: the keys of the places, in
///   their order, then the neutral point. The contract cannot hash a roster; it counts the largest part of a masking that
///   names one and the same. More than half of the places are honest: else the others can leave honest ones out.
/// - A member publishes a masked vector once its masking is complete and the leader is drawn, not before: masks that are taken
///   back by masking again would uncover a vector that is known.
/// - At least two members of every masking do not tell their models to the rest: the sum gives the last one away.
/// - Block timestamps are right to within seconds, and nobody controls the hash of a block `DRAW_DELAY_BLOCKS` ahead.
///
/// Guarantees
/// - There is no owner, no pause and no upgrade. Every round ends by calls that anybody can make.
/// - The same weights earn once a round, whoever submits them: the nullifier follows from them. Warning: it is one weight wide. A
///   model with one weight changed, or with hidden units in another order, counts as another, so one person with k accounts can
///   take k places and k shares for k stakes, which it gets back.
/// - What is aggregated is what was proven: each vector of a sum is the member's proven model times the factor it committed to,
///   one vector a member, all masked towards exactly each other, at least three of them; the factors add up to the divisor.
/// - The leader is the best of those aggregated, or drawn among those in the band by stake: a stake that is split weighs the same.
/// - A member loses stake only as a leader that took the lead and did not deliver: its bond, half burned, half to the sponsor.
/// - Of every round at most one complete set of vectors is ever shown: a vector that is missed by more than half of the peers
///   ends the round. Its member sits out the next round, two rounds the second time, and so on.
/// - Reports end before the lead is taken: nobody leads with a vector that it keeps from the others.
/// - Nothing loops over members: all loops are over a roster's places, at most 16.
///
/// States (other calls revert with `RoundWrongState`); Training, Committing and Proving follow each other by time:
///
///     from        to          by          when
///     None        Training    start       by a member, when the last round has ended
///     Training    Committing              after trainSeconds: `commit`
///     Committing  Proving                 after commitSeconds: `prove`
///     Proving     Masking     advance     after proveSeconds, with three places taken or more
///     Proving     Abandoned   advance     with fewer
///     Masking     Electing    mask        all of the peer set have masked under one roster
///     Masking     Masking     advance     after maskSeconds: again, without those missing
///     Masking     Abandoned   advance     fewer than three are left
///     Electing    Elected     advance     after the block that draws
///     Elected     Abandoned   report-     more than half of the peer set miss a vector, in the first half of the first leader's
///                             Missing     takeSeconds
///     Elected     Leading     takeLead    by the leader, after that half and within takeSeconds
///     Elected     Elected     advance     after them: the next leader; Abandoned when none is left
///     Leading     Leading     aggregate   by the leader: the average is accepted
///     Leading     Leading     scoreGlobal a count of the average is proven that is below that of the leader's own model
///     Leading     Final       scoreGlobal another count is proven
///     Leading     Final       keepOwn     by the leader, in the second half of leadSeconds, if the federation lets it keep its own
///                                         model and nobody has proven that the average is as good
///     Leading     Final       advance     after leadSeconds, with a count of the average proven
///     Leading     Elected     advance     after leadSeconds without it: the bond is slashed, the next leader; Abandoned if none
///
/// Masking to Leading are the aggregation. While a count of the average stands that is below that of the leader's own model,
/// every member of the peer set may prove a higher one: a leader cannot make the next round easy by a count that is smaller still.
/// Final and Abandoned are ends; an abandoned round moves no money but bonds and leaves the global model as it was. `start` counts
/// against `maxRounds` either way.
///
/// A roster has the best `places` models, the earlier of equals; others are proven in vain. A member is paid pro rata to
/// max(0, its count − that of the last global model), if its model is part of the average. The parts add up to the reward
/// whatever the order of claims, which moves no part by more than one unit.
///
/// Records: recordHash = keccak256(abi.encode(recordHash before, round, globalCommitment, keccak256(globalUri), leader,
/// globalCorrect)); round and hash before are 0 and the leader is the sponsor in the record of the start.
interface IFederatedRounds is IFederations, IBlockDraw {
    /* EVENTS */

    /// @notice A round started; its model has to beat `baseCorrect`.
    event RoundStarted(uint256 indexed federationId, uint256 indexed round, uint256 baseCorrect);
    /// @notice A member committed to a model that weighs `factor` in the average.
    event LocalModelCommitted(
        uint256 indexed federationId,
        uint256 indexed round,
        address indexed member,
        uint256 modelCommitment,
        uint256 factor
    );
    /// @notice A member proved a count. It has `place`, from 1, or none if that is 0, and `evicted` lost it, if not zero.
    event LocalScoreProven(
        uint256 indexed federationId,
        uint256 indexed round,
        address indexed member,
        uint256 correct,
        uint256 nullifier,
        uint256 place,
        address evicted
    );
    /// @notice Masking number `masking` began among the places of `peerSet`, until `deadline`.
    event MaskingStarted(
        uint256 indexed federationId,
        uint256 indexed round,
        uint256 masking,
        uint256 peerSet,
        uint256 deadline
    );
    /// @notice A member masked its model; the vector will be found at `uri` once the masking is complete.
    event VectorMasked(
        uint256 indexed federationId,
        uint256 indexed round,
        address indexed member,
        uint256 masking,
        uint256 rosterDigest,
        uint256 vectorDigest,
        string uri
    );
    /// @notice All vectors of the peer set are there; the leader is drawn with `drawBlock`, or by rule with a later block.
    event MaskingCompleted(
        uint256 indexed federationId,
        uint256 indexed round,
        uint256 rosterDigest,
        uint256 drawBlock
    );
    /// @notice A member cannot find the vectors of the places of `missingSet`.
    event VectorsMissing(
        uint256 indexed federationId,
        uint256 indexed round,
        address indexed member,
        uint256 missingSet
    );
    /// @notice The seed of all leaders' draws is known.
    event LeadersDrawn(
        uint256 indexed federationId,
        uint256 indexed round,
        uint256 blockNumber,
        bytes32 seed
    );
    /// @notice A member may take the lead until `deadline`.
    event LeaderElected(
        uint256 indexed federationId,
        uint256 indexed round,
        address indexed leader,
        uint256 place,
        uint256 deadline
    );
    /// @notice The leader took the lead, and has to deliver until `deadline`.
    event LeadTaken(
        uint256 indexed federationId,
        uint256 indexed round,
        address indexed leader,
        uint256 deadline
    );
    /// @notice A leader passed, or, if `bondWei` is not zero, did not deliver and lost its bond.
    event LeaderReplaced(
        uint256 indexed federationId,
        uint256 indexed round,
        address indexed leader,
        uint256 bondWei
    );
    /// @notice The average of the peer set's models was accepted.
    event AverageAccepted(
        uint256 indexed federationId,
        uint256 indexed round,
        address indexed leader,
        uint256 globalCommitment,
        uint256 factorSum,
        uint256 improvementSum,
        string uri
    );
    /// @notice A count of the average was proven.
    event AverageScored(
        uint256 indexed federationId,
        uint256 indexed round,
        address indexed member,
        uint256 correct
    );
    /// @notice The round's record: a new global model, and its reward.
    event RoundFinalised(
        uint256 indexed federationId,
        uint256 indexed round,
        address indexed leader,
        uint256 globalCommitment,
        uint256 globalCorrect,
        bytes32 globalUriHash,
        uint256 rewardWei,
        bytes32 recordHash
    );
    /// @notice More than half of the peers missed a member's vector: it may commit again from `firstRound` on.
    event MemberSuspended(
        uint256 indexed federationId,
        uint256 indexed round,
        address indexed member,
        uint256 firstRound
    );
    /// @notice The leader put its own model, found at `uri`, in place of the average.
    event LeaderModelKept(uint256 indexed federationId, uint256 indexed round, string uri);
    /// @notice The round ended without a new global model.
    event RoundAbandoned(uint256 indexed federationId, uint256 indexed round);
    /// @notice A member's part of a round's reward was credited.
    event RoundRewardClaimed(
        uint256 indexed federationId,
        uint256 indexed round,
        address indexed member,
        uint256 amountWei
    );

    /* ERRORS */

    /// @notice The round's state does not allow the call.
    error RoundWrongState(uint256 federationId, uint256 round, RoundState state);
    /// @notice All rounds are used up.
    error RoundLimitReached(uint256 federationId, uint256 maxRounds);
    /// @notice The call names another round than the last one.
    error RoundNotLast(uint256 federationId, uint256 round, uint256 last);
    /// @notice It is too early to advance, to take the lead or to keep a model: the call is open after `deadline`.
    error RoundTooEarly(uint256 federationId, uint256 deadline, uint256 timestamp);
    /// @notice The deadline has passed.
    error RoundDeadlinePassed(uint256 federationId, uint256 deadline, uint256 timestamp);
    /// @notice The account may not take part in this round: it joined later, sits out, or a slash left it less than the least
    ///         stake.
    error RoundNotEligible(uint256 federationId, uint256 round, address account);
    /// @notice The account committed before.
    error RoundAlreadyCommitted(uint256 federationId, uint256 round, address account);
    /// @notice The account has not committed.
    error RoundNotCommitted(uint256 federationId, uint256 round, address account);
    /// @notice The factor is zero or above the federation's limit.
    error RoundInvalidFactor(uint256 factor, uint256 limit);
    /// @notice The account proved before.
    error RoundAlreadyProven(uint256 federationId, uint256 round, address account);
    /// @notice There is not one count for each shard.
    error RoundCountsLength(uint256 length, uint256 shards);
    /// @notice The proven count is above the number of samples.
    error RoundCountTooLarge(uint256 correct, uint256 sampleCount);
    /// @notice The proven count is too far below the last global model's, or, to keep a model, below the one that elected it.
    error RoundBelowFloor(uint256 correct, uint256 floor);
    /// @notice The same weights were proven in this round before.
    error RoundNullifierUsed(uint256 nullifier, address owner);
    /// @notice The proof does not hold for the statement.
    error RoundInvalidProof(uint256 federationId, uint256 round, address account);
    /// @notice The account has no place in the peer set: it was never on the roster, or dropped out.
    error RoundNotInPeerSet(uint256 federationId, uint256 round, address account);
    /// @notice The account took part in this masking before.
    error RoundAlreadyMasked(uint256 federationId, uint256 round, address account, uint256 masking);
    /// @notice The places are none, not of the peer set, the account's own, or reported by it before.
    error RoundInvalidReport(uint256 federationId, uint256 round, uint256 missingSet);
    /// @notice The account is not the leader.
    error RoundNotLeader(uint256 federationId, uint256 round, address account, address leader);
    /// @notice The average was accepted before.
    error RoundAlreadyAggregated(uint256 federationId, uint256 round);
    /// @notice No average was accepted yet.
    error RoundNotAggregated(uint256 federationId, uint256 round);
    /// @notice The count is not above the one that is proven.
    error RoundNotBetter(uint256 correct, uint256 provenCorrect);
    /// @notice The federation does not allow a leader to keep its own model, or no count of the average is proven.
    error RoundCannotKeep(uint256 federationId, uint256 round);
    /// @notice The account has nothing to claim.
    error RoundNothingToClaim(uint256 federationId, uint256 round, address account);

    /* MEMBERS' ACTIONS */

    /// @notice Starts the next round; for members with stake, also those that sit it out.
    function start(uint256 federationId) external;

    /// @notice Commits the caller to a model.
    /// @param factor Weight of the model in the average, from 1 to `maxFactor`.
    function commit(uint256 federationId, uint256 modelCommitment, uint8 factor) external;

    /// @notice Proves the count of the committed model.
    function prove(uint256 federationId, ScoreProof calldata score) external;

    /// @notice Commits the caller to its masked vector for the present masking.
    /// @param rosterDigest Digest of the round's roster.
    /// @param uri Where the vector is found; in the event only.
    function mask(
        uint256 federationId,
        uint256 rosterDigest,
        uint256 vectorDigest,
        string calldata uri,
        Proof calldata proof
    ) external;

    /// @notice Reports places of the peer set whose vectors the caller cannot find.
    /// @param round The last round: a call that comes late must not count in another one.
    function reportMissing(uint256 federationId, uint256 round, uint16 missingSet) external;

    /// @notice Takes the lead: from now on the caller's bond is at stake. A leader fetches all vectors before it does.
    /// @param round The last round: a call that comes late must not put a bond at stake in another one.
    function takeLead(uint256 federationId, uint256 round) external;

    /// @notice Delivers the average of the peer set's models.
    /// @param globalCommitment Commitment to the average with salt 0.
    /// @param uri Where the average is found; its hash is part of the record.
    function aggregate(
        uint256 federationId,
        uint256 globalCommitment,
        string calldata uri,
        Proof calldata proof
    ) external;

    /// @notice Proves a count of the average, larger than one proven before; for members of the peer set.
    function scoreGlobal(uint256 federationId, ScoreProof calldata score) external;

    /// @notice Puts the leader's proven model, which it publishes by this, in place of an average with a smaller count.
    /// @param globalCommitment Commitment to the weights of the leader's committed model; with salt 0, or nobody can open it: members
    ///        go on from the average then.
    function keepOwn(
        uint256 federationId,
        uint256 globalCommitment,
        string calldata uri,
        ScoreProof calldata score
    ) external;

    /* ANYBODY'S ACTIONS */

    /// @notice Takes the next step that time allows.
    function advance(uint256 federationId) external;

    /// @notice Credits a member its part of a final round's reward.
    function claim(uint256 federationId, uint256 round, address member) external;

    /* VIEWS */

    /// @notice Blocks between the end of a masking and the block that draws the leader.
    function DRAW_DELAY_BLOCKS() external view returns (uint256);

    /// @notice Where a round stands now.
    function stateOf(uint256 federationId, uint256 round) external view returns (RoundState);

    /// @notice A round as stored.
    function roundOf(uint256 federationId, uint256 round) external view returns (Round memory);

    /// @notice The places of a round's roster that are taken.
    function rosterOf(uint256 federationId, uint256 round) external view returns (Place[] memory);

    /// @notice What a member did in a round.
    function contributionOf(
        uint256 federationId,
        uint256 round,
        address member
    ) external view returns (Contribution memory);

    /// @notice Who proved a model with this nullifier in a round; zero if nobody did.
    function nullifierOwnerOf(
        uint256 federationId,
        uint256 round,
        uint256 nullifier
    ) external view returns (address);

    /// @notice Places that `member` reported as missing in a round.
    function reportOf(uint256 federationId, uint256 round, address member) external view returns (uint256);

    /// @notice The context of a member's proofs in a round.
    /// @param purpose Which proof: see `RoundStatement`.
    function proofContext(
        uint256 federationId,
        uint256 round,
        address member,
        bytes32 purpose
    ) external view returns (uint256);
}
