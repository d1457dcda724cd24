// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Under which terms a test set is hidden while provers commit.
struct SealTerms {
    /// @dev Last timestamp at which the poster may reveal; after the task's commit deadline.
    uint48 unsealDeadline;
    /// @dev Seconds after `unsealDeadline` in which provers may demand words, and again in which demands are answered.
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

/// @notice Where a sealed test set stands: two storage slots besides its terms.
struct SealedSet {
    address poster;
    /// @dev The poster's lock in the stake vault; zero once released or used up.
    uint64 bondLockId;
    uint8 shardCount;
    /// @dev Whether the bond is lost.
    bool hasForfeited;
    /// @dev Provers that took their part of a forfeited bond.
    uint16 claimedCount;
    /// @dev Demands without an answer.
    uint32 openDemands;
    uint48 commitDeadline;
    uint48 proveDeadline;
    /// @dev Root over the opening of all data points; zero before the reveal.
    bytes32 openingRoot;
}
