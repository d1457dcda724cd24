// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {G1Point} from "./Proof.sol";

/// @notice Under which terms a test set is hidden while provers commit.
struct SealTerms {
    /// @dev Last timestamp at which the poster may reveal; after the task's commit deadline.
    uint48 unsealDeadline;
    /// @dev Seconds after `unsealDeadline` in which provers may demand words, again in which demands are answered, and again
    ///      that are left to prove.
    uint32 disputeSeconds;
    /// @dev Token of bond and demands; the zero address is the native coin.
    address bondToken;
    /// @dev The poster's stake that is forfeited when it does not reveal, or reveals what does not open the data points.
    uint96 bondWei;
    /// @dev A prover's stake that a demand costs when it is answered: half burned, half the poster's, for its gas.
    uint96 demandWei;
    /// @dev Words of a shard's dataset block, the blinding word included.
    uint32 wordsPerShard;
    /// @dev Root over the key's dataset points, in the order of the words: value i is keccak256(x, y) of point i.
    bytes32 basesRoot;
}

/// @notice Where a sealed test set stands: three storage slots besides its terms.
struct SealedSet {
    // Slot 0
    address poster;
    /// @dev The poster's lock in the stake vault; zero once released or used up.
    uint64 bondLockId;
    uint8 shardCount;
    /// @dev Whether the bond is lost.
    bool hasForfeited;
    /// @dev Provers that took their part of a forfeited bond.
    uint16 claimedCount;
    // Slot 1
    /// @dev Demands without an answer, whose stake is still locked.
    uint32 openDemands;
    uint48 commitDeadline;
    uint48 proveDeadline;
    // Slot 2
    /// @dev Root over the opening of all data points; zero before the reveal.
    bytes32 openingRoot;
}

/// @notice One value of an opening: a word of a shard's dataset block and what the words up to it amount to.
struct OpenedWord {
    /// @dev Below the scalar field order.
    uint256 word;
    /// @dev Sum of word times base over the shard's words up to and with this one.
    G1Point partialSum;
}

/// @notice A place of an opening where word, base and partial sums are said not to belong together.
struct StepClaim {
    /// @dev Place of the word in the opening, counted through all shards.
    uint256 index;
    /// @dev The value at `index - 1`; not read for the first word of a shard, which starts from infinity.
    OpenedWord previous;
    /// @dev The value at `index`.
    OpenedWord current;
    /// @dev Path of both values together, or of `current` alone for the first word of a shard.
    bytes32[] openingPath;
    /// @dev The key's dataset point for the word.
    G1Point base;
    /// @dev Path of `base` under `basesRoot`.
    bytes32[] basePath;
}

/// @notice Words that a prover asked the poster for.
struct Demand {
    /// @dev Zero if nobody asked.
    address prover;
    /// @dev The prover's lock in the stake vault; zero once slashed or released.
    uint64 lockId;
}

/// @notice Why a bond was lost.
enum ForfeitReason {
    NotRevealed,
    DemandUnanswered,
    WrongStep,
    WrongEnd
}
