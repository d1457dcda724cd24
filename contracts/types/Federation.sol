// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {G1Point, Proof} from "./Proof.sol";

/// @notice How long the parts of a round last, in seconds.
struct FederationTiming {
    /// @dev From the start of a round to its first commitment.
    uint32 trainSeconds;
    uint32 commitSeconds;
    uint32 proveSeconds;
    /// @dev For each masking: the first, and one more whenever members dropped out.
    uint32 maskSeconds;
    /// @dev For an elected leader to take the lead; the first half of the first leader's is for reports of missing vectors.
    uint32 takeSeconds;
    /// @dev For a leader that took the lead to deliver; it may keep its own model in the second half.
    uint32 leadSeconds;
}

/// @notice What a federation is; nothing of it ever changes but the global model.
struct FederationSpec {
    /// @dev Verifying keys of `round-accuracy`, `masked-update` and `aggregate`.
    bytes32 scoreKeyId;
    bytes32 maskKeyId;
    bytes32 aggregateKeyId;
    /// @dev Identifier of the architecture that the keys' circuits fix, below the scalar field order.
    uint256 architectureId;
    /// @dev Digest of the vector of zeros, which fills unused places of an aggregate's statement.
    uint256 emptyVectorDigest;
    /// @dev What the factors of all vectors of a sum may add up to, as the keys' circuits fix it.
    uint32 maxFactorSum;
    /// @dev Places of a round's roster, as the circuit of `maskKeyId` fixes them.
    uint8 places;
    /// @dev One per shard of the test set: sum of dataset word times IC point of `scoreKeyId`.
    G1Point[] dataPoints;
    /// @dev Samples in the test set, over all shards.
    uint32 sampleCount;
    /// @dev By how many samples a model may fall short of the last global model and still be taken.
    uint32 toleranceCount;
    /// @dev Candidates within so many samples of the best are drawn from.
    uint32 bandCount;
    /// @dev Whether a leader may put its own model in place of an average that is proven to be worse.
    bool keepBetter;
    uint32 maxRounds;
    FederationTiming timing;
    address stakeToken;
    /// @dev Least stake of a member, and the most that counts.
    uint96 minStakeWei;
    uint96 capWei;
    /// @dev What a leader that does not deliver loses of its stake.
    uint96 bondWei;
    address rewardToken;
    /// @dev Reward of each round, as long as the pool has it.
    uint96 rewardWei;
    /// @dev Model of the start, committed with salt 0, with the count of samples that new models have to beat.
    uint256 globalCommitment;
    uint32 globalCorrect;
    string globalUri;
    /// @dev Hash of the federation's document, and where it is found.
    bytes32 documentHash;
    string documentUri;
}

/// @notice A federation as stored.
struct Federation {
    // Slot 0
    address sponsor;
    uint32 toleranceCount;
    uint32 bandCount;
    uint8 places;
    /// @dev Vectors of an aggregate's statement.
    uint8 vectors;
    /// @dev Most that a member's factor may be.
    uint8 maxFactor;
    bool keepBetter;
    // Slot 1
    address dataPointer;
    uint32 sampleCount;
    uint32 maxRounds;
    /// @dev Number of the last round, from 1; zero before the first.
    uint32 round;
    // Slot 2
    FederationTiming timing;
    // Slot 3
    address stakeToken;
    uint96 minStakeWei;
    // Slot 4
    address rewardToken;
    uint96 rewardWei;
    // Slot 5
    uint96 capWei;
    uint96 bondWei;
    uint48 lastEndedAt;
    bool isClosed;
    // Slot 6
    /// @dev Reward money that no round has been given.
    uint128 poolWei;
    uint32 globalCorrect;
    // Slots 7 to 12
    bytes32 scoreKeyId;
    bytes32 maskKeyId;
    bytes32 aggregateKeyId;
    uint256 emptyVectorDigest;
    uint256 globalCommitment;
    /// @dev Hash of the last record, which contains that of the record before.
    bytes32 recordHash;
}

/// @notice A point of Baby Jubjub (EIP-2494).
struct MaskKey {
    uint256 x;
    uint256 y;
}

/// @notice A member of a federation: three slots.
struct FederationMember {
    /// @dev Lock in the stake vault; zero for who is not a member.
    uint64 lockId;
    /// @dev Stake locked, which is the weight in a draw.
    uint96 weightWei;
    /// @dev First round it may commit in.
    uint32 firstRound;
    /// @dev Last round it committed in.
    uint32 lastRound;
    /// @dev Rounds that ended because its vector was missing; kept when it leaves.
    uint32 missedCount;
    MaskKey key;
}

/// @notice Shows how many samples of the test set a model classifies correctly.
struct ScoreProof {
    /// @dev One for each shard.
    uint32[] counts;
    /// @dev The model's nullifier in the round.
    uint256 nullifier;
    /// @dev One for each shard.
    Proof[] proofs;
}

/// @notice Where a round stands; `IFederatedRounds` has the table of transitions.
enum RoundState {
    None,
    Training,
    Committing,
    Proving,
    Masking,
    Electing,
    Elected,
    Leading,
    Final,
    Abandoned
}

/// @notice A round as stored.
struct Round {
    // Slot 0
    /// @dev Training stands for Committing and Proving, too, which follow by time.
    RoundState state;
    uint48 startedAt;
    /// @dev Last timestamp of the masking, or of the leader's turn.
    uint48 deadline;
    /// @dev First block whose hash may draw the leader.
    uint48 drawBlock;
    /// @dev Models proven, and places of the roster taken by them.
    uint16 provenCount;
    uint8 placeCount;
    /// @dev Number of the masking, from 1.
    uint8 masking;
    /// @dev Place of the leader.
    uint8 leaderPlace;
    /// @dev Bit maps of places: those that mask towards each other, the largest part of them that did so under one roster,
    ///      and former leaders.
    uint16 peerSet;
    uint16 maskedSet;
    uint16 failedSet;
    /// @dev Whether the average is accepted, and whether its count is proven.
    bool isAggregated;
    bool isScored;
    // Slot 1
    /// @dev Count of the last global model, which improvements are counted from.
    uint32 baseCorrect;
    /// @dev Count of the new global model.
    uint32 globalCorrect;
    /// @dev Sum of the improvements of those aggregated, and what has been paid of it.
    uint32 improvementSum;
    uint32 claimedSum;
    uint96 rewardWei;
    // Slots 2 to 5
    /// @dev Digest of the roster that those of `maskedSet` name.
    uint256 rosterDigest;
    /// @dev Seed of the leaders' draw.
    bytes32 seed;
    uint256 globalCommitment;
    bytes32 globalUriHash;
}

/// @notice A place of a round's roster: one slot.
struct Place {
    address member;
    uint32 correct;
    /// @dev How many models had been proven before.
    uint16 order;
    /// @dev Weight of the model, here too so that an average reads one slot less a place.
    uint8 factor;
}

/// @notice What a member did in a round: three slots.
struct Contribution {
    uint256 modelCommitment;
    /// @dev Weight of the model in the average.
    uint8 factor;
    /// @dev Place of the roster, counted from 1; zero without one.
    uint8 place;
    /// @dev Last masking it took part in.
    uint8 masking;
    bool isProven;
    bool isClaimed;
    uint32 correct;
    uint256 vectorDigest;
}

/// @notice All that is kept of a round.
struct RoundBook {
    Round state;
    mapping(uint256 place => Place) places;
    mapping(address member => Contribution) contributions;
    /// @dev Who proved the model with a nullifier. By round: another federation's circuit may give out any nullifier.
    mapping(uint256 nullifier => address) nullifierOwners;
    /// @dev Places that have masked under other rosters than the one of `Round.maskedSet`, by number of the masking and roster.
    mapping(uint256 masking => mapping(uint256 rosterDigest => uint16)) maskedSets;
    /// @dev Places reported as missing, by who reported them; and the reports of each place, 16 bits a place.
    mapping(address member => uint16) reports;
    uint256 reportCounts;
}
