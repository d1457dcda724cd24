// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Demand, ForfeitReason, OpenedWord, SealedSet, SealTerms, StepClaim} from "../types/Seal.sol";
import {TaskFrame} from "../types/TaskRules.sol";
import {IStakeVault} from "./IStakeVault.sol";
import {ITaskMarket} from "./ITaskMarket.sol";

/// @title ITestSetSeal
/// @notice Hides a test set until nobody can commit any more, and decides whether its poster revealed what it had sealed.
///
/// A sealed task posts data points with a random blinding word each. To reveal is to publish the words and the root of
/// their opening: a Merkle vector (`MerkleVector`) of all words in a row with the partial sums of their shard, value i being
/// keccak256(word, x, y). The opening is right iff every step adds word times base to the sum before it, the first of each
/// shard to infinity, and the last sum of each shard is its data point. So a wrong opening is wrong at some step or end,
/// which anybody can show with one multiplication.
///
/// Assumes
/// - `basesRoot` and `wordsPerShard` are those of the task's key: provers compare them before they commit. Finding another
///   opening of a data point under the key's points is as hard as the discrete logarithm for whoever lacks the key's secrets.
/// - Somebody who minds (a prover, say) reads what was revealed, and shows a wrong place before the bond is released.
/// - Block timestamps are right to within seconds, and blocks have room for the answers to all demands in `disputeSeconds`.
///
/// Guarantees
/// - There is no owner, no pause and no upgrade; terms never change after posting. This contract holds nothing: bond and
///   demands are locks in the stake vault.
/// - A poster that reveals the right opening in time and answers demands in time gets its whole bond back, whatever anybody
///   else does, and at least half of every answered demand is burned.
/// - A poster whose opening is wrong loses its bond to one call with a wrong place. One that reveals nothing, or does not
///   answer a demand, loses it to one call after the deadline. At least half of a lost bond is burned; each prover that
///   committed is credited an equal part of it, half of which it keeps.
/// - A demand costs a prover nothing unless it is answered.
/// - Proofs are accepted from the reveal on, whether or not the bond is lost: losing it takes no reward from anybody who can
///   prove, so a poster cannot buy itself off when it sees a proof.
/// - Not decided here: whether the revealed samples are sensible or their labels true. Words that open the data points and
///   make no usable test set cost provers their work, and the poster no bond.
///
/// States:
///
///     from      to         by           when
///     none      Sealed     open         posting: bond locked
///     Sealed    Revealed   reveal       poster; somebody committed; after commitDeadline, not after unsealDeadline
///     Sealed    Forfeited  forfeit      anyone; after unsealDeadline, if somebody committed
///     Sealed    Released   releaseBond  anyone; the task ended without a commitment
///     Revealed  Forfeited  dispute...   anyone; shows a wrong step or end
///     Revealed  Forfeited  forfeit      anyone; a demand is open after unsealDeadline + 2 disputeSeconds
///     Revealed  Released   releaseBond  anyone; no demand is open, after proveDeadline
///
/// Demands are made and answered in Revealed, their stake is released in Forfeited. Forfeited and Released are final.
interface ITestSetSeal {
    /* EVENTS */

    /// @notice A task with a sealed test set was posted; `bondLockId` is the poster's lock in the vault.
    event TestSetSealed(uint256 indexed taskId, address indexed poster, uint256 bondLockId, SealTerms terms);
    /// @notice The poster revealed the test set, to be found at `revealUri`.
    event TestSetRevealed(uint256 indexed taskId, bytes32 openingRoot, string revealUri);
    /// @notice A prover asked for the words of a chunk; `lockId` is its lock in the vault.
    event ChunkDemanded(
        uint256 indexed taskId,
        uint256 indexed chunk,
        address indexed prover,
        uint256 lockId
    );
    /// @notice The words of a chunk were shown, and the prover that had asked for them slashed.
    event ChunkAnswered(uint256 indexed taskId, uint256 indexed chunk, OpenedWord[] values, bytes32[] path);
    /// @notice The stake of a demand that a lost bond made moot was released.
    event DemandReleased(uint256 indexed taskId, uint256 indexed chunk, address indexed prover);
    /// @notice The poster lost its bond.
    event BondForfeited(uint256 indexed taskId, ForfeitReason reason);
    /// @notice A prover's part of a lost bond was slashed in its favour.
    event BondClaimed(uint256 indexed taskId, address indexed prover, uint256 amountWei);
    /// @notice The bond was released to the poster.
    event BondReleased(uint256 indexed taskId, address indexed poster);

    /* ERRORS */

    /// @notice The market's address is zero.
    error TestSetSealZeroAddress();
    /// @notice The caller is not the market.
    error TestSetSealNotMarket(address caller);
    /// @notice The unseal deadline is not after the commit deadline, or leaves less than three times `disputeSeconds` to
    ///         demand, answer and prove.
    error TestSetSealInvalidUnsealDeadline(uint256 unsealDeadline, uint256 commitDeadline, uint256 latest);
    /// @notice Provers have too little time to demand words, or the poster to answer.
    error TestSetSealDisputeTooShort(uint256 disputeSeconds, uint256 minSeconds);
    /// @notice The bond is below `MIN_BOND_BPS` of a reward in the same token, or has less than one unit for each prover.
    error TestSetSealBondTooSmall(uint256 bondWei, uint256 minWei);
    /// @notice A demand costs nothing, or more than `MAX_DEMAND_BPS` of the bond.
    error TestSetSealInvalidDemand(uint256 demandWei, uint256 maxWei);
    /// @notice A shard has no word.
    error TestSetSealNoWords();
    /// @notice The task has no sealed test set here.
    error TestSetSealUnknownTask(uint256 taskId);
    /// @notice The caller did not post the task.
    error TestSetSealNotPoster(uint256 taskId, address caller, address poster);
    /// @notice The deadline has passed.
    error TestSetSealDeadlinePassed(uint256 taskId, uint256 deadline, uint256 timestamp);
    /// @notice The deadline has not passed.
    error TestSetSealDeadlineNotPassed(uint256 taskId, uint256 deadline, uint256 timestamp);
    /// @notice No prover committed: there is nobody to reveal the test set to.
    error TestSetSealNobodyCommitted(uint256 taskId);
    /// @notice The root is zero.
    error TestSetSealZeroRoot();
    /// @notice The test set was revealed before.
    error TestSetSealAlreadyRevealed(uint256 taskId);
    /// @notice The test set is not revealed.
    error TestSetSealNotRevealed(uint256 taskId);
    /// @notice The bond is lost already.
    error TestSetSealForfeited(uint256 taskId);
    /// @notice The bond is not lost.
    error TestSetSealNotForfeited(uint256 taskId);
    /// @notice The bond was released, or all of it claimed.
    error TestSetSealNoBond(uint256 taskId);
    /// @notice The bond is still needed: the task goes on, or a demand is open.
    error TestSetSealBondInUse(uint256 taskId);
    /// @notice The poster has answered all demands, or owes nothing because nobody committed.
    error TestSetSealNothingToForfeit(uint256 taskId);
    /// @notice The prover did not commit to the task, or has taken its part.
    error TestSetSealNothingToClaim(uint256 taskId, address prover);
    /// @notice The account did not commit to the task.
    error TestSetSealNotCommitted(uint256 taskId, address account);
    /// @notice The opening has no such chunk.
    error TestSetSealUnknownChunk(uint256 taskId, uint256 chunk, uint256 chunkCount);
    /// @notice The chunk was demanded before.
    error TestSetSealAlreadyDemanded(uint256 taskId, uint256 chunk);
    /// @notice No demand for the chunk is open.
    error TestSetSealNotDemanded(uint256 taskId, uint256 chunk);
    /// @notice The answer has more or fewer values than the chunk.
    error TestSetSealAnswerLength(uint256 length, uint256 required);
    /// @notice The opening has no such place.
    error TestSetSealUnknownWord(uint256 taskId, uint256 index, uint256 wordCount);
    /// @notice The test set has no such shard.
    error TestSetSealUnknownShard(uint256 taskId, uint256 shard, uint256 shardCount);
    /// @notice The values are not those of the opening at this place.
    error TestSetSealNotInOpening(uint256 taskId, uint256 index);
    /// @notice The point is not the base of the word at this place.
    error TestSetSealNotTheBase(uint256 taskId, uint256 index);
    /// @notice The step at this place is right.
    error TestSetSealStepHolds(uint256 taskId, uint256 index);
    /// @notice The last partial sum of the shard is its data point.
    error TestSetSealEndHolds(uint256 taskId, uint256 shard);

    /* MARKET ACTIONS */

    /// @notice Takes a new task's terms and locks the poster's bond, which needs its consent in the vault. Market only.
    function open(uint256 taskId, TaskFrame calldata frame, SealTerms calldata terms) external;

    /* POSTER ACTIONS */

    /// @notice Publishes the root of the opening of all data points, and where the data are found; once.
    function reveal(uint256 taskId, bytes32 openingRoot, string calldata revealUri) external;

    /* PROVER ACTIONS */

    /// @notice Asks for the values of a chunk: `CHUNK_WORDS` of the opening from `chunk * CHUNK_WORDS` on. Locks `demandWei` of
    ///         the caller's stake, which needs its consent in the vault. Only for provers that committed, until
    ///         unsealDeadline + disputeSeconds, once a chunk.
    function demand(uint256 taskId, uint256 chunk) external;

    /* ANYBODY'S ACTIONS */

    /// @notice Shows the values of a demanded chunk, until unsealDeadline + 2 disputeSeconds. The demand's stake is slashed: at
    ///         least half burned, the rest credited to the poster in the vault.
    /// @param values All of the chunk; the last chunk may have fewer than `CHUNK_WORDS`.
    /// @param path Siblings of the chunk's node, from below.
    function answer(
        uint256 taskId,
        uint256 chunk,
        OpenedWord[] calldata values,
        bytes32[] calldata path
    ) external;

    /// @notice Convicts a poster by a word that is not below the scalar field order, a point that is none, or a sum that is
    ///         not the one before it plus word times base.
    function disputeStep(uint256 taskId, StepClaim calldata claim) external;

    /// @notice Convicts a poster by the last value of a shard, whose partial sum is not the shard's data point.
    function disputeEnd(
        uint256 taskId,
        uint256 shard,
        OpenedWord calldata last,
        bytes32[] calldata path
    ) external;

    /// @notice Takes the bond of a poster that did not reveal, or did not answer a demand, in time.
    function forfeit(uint256 taskId) external;

    /// @notice Slashes a committed prover's part of a lost bond in its favour: bond / provers, rounded down. The last part takes
    ///         the remainder of the division along, in the poster's favour.
    function claimBond(uint256 taskId, address prover) external;

    /// @notice Releases the stake of a demand that is open although the bond is lost.
    function releaseDemand(uint256 taskId, uint256 chunk) external;

    /// @notice Releases the bond of a poster that owes nothing any more (table above).
    function releaseBond(uint256 taskId) external;

    /* VIEWS */

    /// @notice Least bond in basis points of the reward, where both have the same token.
    function MIN_BOND_BPS() external view returns (uint256);

    /// @notice Most that a demand may cost, in basis points of the bond.
    function MAX_DEMAND_BPS() external view returns (uint256);

    /// @notice Least of `disputeSeconds`.
    function MIN_DISPUTE_SECONDS() external view returns (uint256);

    /// @notice Values of a chunk.
    function CHUNK_WORDS() external view returns (uint256);

    /// @notice The market whose tasks are sealed here.
    function market() external view returns (ITaskMarket);

    /// @notice Where bonds and demands are locked.
    function vault() external view returns (IStakeVault);

    /// @notice Whether proofs for the task are accepted: its test set was revealed, though the bond may be lost.
    function isRevealed(uint256 taskId) external view returns (bool);

    /// @notice Whether the bond is lost.
    function hasForfeited(uint256 taskId) external view returns (bool);

    /// @notice A task's terms; all zero if its test set is not sealed here.
    function terms(uint256 taskId) external view returns (SealTerms memory);

    /// @notice Where a task's test set stands; all zero if it is not sealed here.
    function sealedSet(uint256 taskId) external view returns (SealedSet memory);

    /// @notice Who asked for a chunk; all zero if nobody.
    function demandOf(uint256 taskId, uint256 chunk) external view returns (Demand memory);

    /// @notice Whether a prover took its part of a lost bond.
    function hasClaimed(uint256 taskId, address prover) external view returns (bool);

    /// @notice Chunks of a task's opening.
    function chunkCount(uint256 taskId) external view returns (uint256);
}
