// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IStakeVault} from "./interfaces/IStakeVault.sol";
import {ITaskMarket} from "./interfaces/ITaskMarket.sol";
import {ITestSetSeal} from "./interfaces/ITestSetSeal.sol";
import {MerkleVector} from "./libraries/MerkleVector.sol";
import {Opening} from "./libraries/Opening.sol";
import {G1Point} from "./types/Proof.sol";
import {Demand, ForfeitReason, OpenedWord, SealedSet, SealTerms, StepClaim} from "./types/Seal.sol";
import {TaskState} from "./types/Task.sol";
import {TaskFrame} from "./types/TaskRules.sol";

/// @title TestSetSeal
/// @notice Assumptions, guarantees and the table of states are in `ITestSetSeal`.
/// @dev Market and vault call nobody back from what is called here, so no action needs a guard against re-entrancy.
contract TestSetSeal is ITestSetSeal {
    /* CONSTANTS */

    /// @inheritdoc ITestSetSeal
    uint256 public constant MIN_BOND_BPS = 1_000;

    /// @inheritdoc ITestSetSeal
    /// @dev Protects provers: a poster could otherwise price all demands out, or live on them.
    uint256 public constant MAX_DEMAND_BPS = 1_000;

    /// @inheritdoc ITestSetSeal
    uint256 public constant MIN_DISPUTE_SECONDS = 30 minutes;

    /// @inheritdoc ITestSetSeal
    uint256 public constant CHUNK_WORDS = Opening.CHUNK_WORDS;

    /// @dev Windows of `disputeSeconds` after the unseal deadline: to demand, to answer, to prove.
    uint256 private constant WINDOWS = 3;

    uint256 private constant BASIS_POINTS = 10_000;

    /* STORAGE */

    /// @inheritdoc ITestSetSeal
    ITaskMarket public immutable market;

    /// @inheritdoc ITestSetSeal
    IStakeVault public immutable vault;

    mapping(uint256 taskId => SealTerms) private _terms;
    mapping(uint256 taskId => SealedSet) private _sets;
    mapping(uint256 taskId => mapping(uint256 chunk => Demand)) private _demands;
    mapping(uint256 taskId => mapping(address prover => bool)) private _claimed;

    constructor(ITaskMarket market_) {
        if (address(market_) == address(0)) revert TestSetSealZeroAddress();
        market = market_;
        vault = market_.vault();
    }

    /* MARKET ACTIONS */

    /// @inheritdoc ITestSetSeal
    function open(uint256 taskId, TaskFrame calldata frame, SealTerms calldata terms_) external {
        if (msg.sender != address(market)) revert TestSetSealNotMarket(msg.sender);
        _requireValidTerms(frame, terms_);

        _terms[taskId] = terms_;
        uint64 bondLockId = vault.lock(frame.poster, terms_.bondToken, terms_.bondWei);
        SealedSet storage s = _sets[taskId];
        s.poster = frame.poster;
        s.bondLockId = bondLockId;
        s.shardCount = frame.shardCount;
        s.commitDeadline = frame.commitDeadline;
        s.proveDeadline = frame.proveDeadline;
        emit TestSetSealed(taskId, frame.poster, bondLockId, terms_);
    }

    /* POSTER ACTIONS */

    /// @inheritdoc ITestSetSeal
    function reveal(uint256 taskId, bytes32 openingRoot, string calldata revealUri) external {
        SealedSet storage s = _bondedSet(taskId);
        if (msg.sender != s.poster) revert TestSetSealNotPoster(taskId, msg.sender, s.poster);
        if (openingRoot == 0) revert TestSetSealZeroRoot();
        if (s.openingRoot != 0) revert TestSetSealAlreadyRevealed(taskId);
        _requireAfter(taskId, s.commitDeadline);
        _requireNotAfter(taskId, _terms[taskId].unsealDeadline);
        if (market.proverCount(taskId) == 0) revert TestSetSealNobodyCommitted(taskId);

        s.openingRoot = openingRoot;
        emit TestSetRevealed(taskId, openingRoot, revealUri);
    }

    /* PROVER ACTIONS */

    /// @inheritdoc ITestSetSeal
    function demand(uint256 taskId, uint256 chunk) external {
        SealedSet storage s = _revealedSet(taskId);
        SealTerms storage t = _terms[taskId];
        _requireNotAfter(taskId, uint256(t.unsealDeadline) + t.disputeSeconds);
        uint256 count = chunkCount(taskId);
        if (chunk >= count) revert TestSetSealUnknownChunk(taskId, chunk, count);
        if (!_hasCommitted(taskId, msg.sender)) revert TestSetSealNotCommitted(taskId, msg.sender);
        Demand storage d = _demands[taskId][chunk];
        if (d.prover != address(0)) revert TestSetSealAlreadyDemanded(taskId, chunk);

        ++s.openDemands;
        d.prover = msg.sender;
        uint64 lockId = vault.lock(msg.sender, t.bondToken, t.demandWei);
        d.lockId = lockId;
        emit ChunkDemanded(taskId, chunk, msg.sender, lockId);
    }

    /* ANYBODY'S ACTIONS */

    /// @inheritdoc ITestSetSeal
    function answer(
        uint256 taskId,
        uint256 chunk,
        OpenedWord[] calldata values,
        bytes32[] calldata path
    ) external {
        SealedSet storage s = _revealedSet(taskId);
        _requireNotAfter(taskId, _answerDeadline(taskId));
        uint256 lockId = _closeDemand(taskId, s, chunk);
        _requireChunk(taskId, s, chunk, values, path);

        emit ChunkAnswered(taskId, chunk, values, path);

        SealTerms storage t = _terms[taskId];
        vault.slash(t.bondToken, lockId, t.demandWei, s.poster);
        vault.release(t.bondToken, lockId);
    }

    /// @inheritdoc ITestSetSeal
    function disputeStep(uint256 taskId, StepClaim calldata claim) external {
        SealedSet storage s = _revealedSet(taskId);
        uint256 wordsPerShard = _terms[taskId].wordsPerShard;
        uint256 wordCount = s.shardCount * wordsPerShard;
        uint256 index = claim.index;
        if (index >= wordCount) revert TestSetSealUnknownWord(taskId, index, wordCount);
        uint256 position = index % wordsPerShard;
        bool isFirst = position == 0;
        bytes32 root = Opening.rootOf(claim, isFirst, MerkleVector.depth(wordCount));
        if (root != s.openingRoot) revert TestSetSealNotInOpening(taskId, index);
        uint256 levels = MerkleVector.depth(wordsPerShard);
        root = MerkleVector.root(position, Opening.baseValueOf(claim.base), levels, claim.basePath);
        if (root != _terms[taskId].basesRoot) revert TestSetSealNotTheBase(taskId, index);
        if (!Opening.isWrong(claim, isFirst)) revert TestSetSealStepHolds(taskId, index);

        _forfeit(taskId, s, ForfeitReason.WrongStep);
    }

    /// @inheritdoc ITestSetSeal
    function disputeEnd(
        uint256 taskId,
        uint256 shard,
        OpenedWord calldata last,
        bytes32[] calldata path
    ) external {
        SealedSet storage s = _revealedSet(taskId);
        uint256 shardCount = s.shardCount;
        if (shard >= shardCount) revert TestSetSealUnknownShard(taskId, shard, shardCount);
        uint256 wordsPerShard = _terms[taskId].wordsPerShard;
        uint256 index = (shard + 1) * wordsPerShard - 1;
        uint256 levels = MerkleVector.depth(shardCount * wordsPerShard);
        bytes32 root = MerkleVector.root(index, Opening.valueOf(last), levels, path);
        if (root != s.openingRoot) revert TestSetSealNotInOpening(taskId, index);
        G1Point memory dataPoint = market.dataPointsOf(taskId)[shard];
        if (last.partialSum.x == dataPoint.x && last.partialSum.y == dataPoint.y) {
            revert TestSetSealEndHolds(taskId, shard);
        }

        _forfeit(taskId, s, ForfeitReason.WrongEnd);
    }

    /// @inheritdoc ITestSetSeal
    function forfeit(uint256 taskId) external {
        SealedSet storage s = _bondedSet(taskId);
        if (s.hasForfeited) revert TestSetSealForfeited(taskId);
        bool isSealed = s.openingRoot == 0;
        _requireAfter(taskId, isSealed ? _terms[taskId].unsealDeadline : _answerDeadline(taskId));
        if (isSealed ? market.proverCount(taskId) == 0 : s.openDemands == 0) {
            revert TestSetSealNothingToForfeit(taskId);
        }

        _forfeit(taskId, s, isSealed ? ForfeitReason.NotRevealed : ForfeitReason.DemandUnanswered);
    }

    /// @inheritdoc ITestSetSeal
    /// @dev Each part has at least one unit, since the bond has one for each prover that may commit.
    function claimBond(uint256 taskId, address prover) external {
        SealedSet storage s = _sets[taskId];
        if (!s.hasForfeited) revert TestSetSealNotForfeited(taskId);
        if (_claimed[taskId][prover] || !_hasCommitted(taskId, prover)) {
            revert TestSetSealNothingToClaim(taskId, prover);
        }

        _claimed[taskId][prover] = true;
        // Nobody commits any more once a bond is lost.
        uint256 proverCount = market.proverCount(taskId);
        bool isLast = ++s.claimedCount == proverCount;
        uint64 lockId = s.bondLockId;
        if (isLast) s.bondLockId = 0;
        address bondToken = _terms[taskId].bondToken;
        uint256 bondWei = _terms[taskId].bondWei;
        uint256 partWei = bondWei / proverCount;
        uint256 remainderWei = bondWei - partWei * proverCount;
        emit BondClaimed(taskId, prover, partWei);

        vault.slash(bondToken, lockId, partWei, prover);
        if (isLast) {
            // Slashed, not released: a poster that is all provers itself loses half of this, too.
            if (remainderWei != 0) vault.slash(bondToken, lockId, remainderWei, s.poster);
            vault.release(bondToken, lockId);
        }
    }

    /// @inheritdoc ITestSetSeal
    function releaseDemand(uint256 taskId, uint256 chunk) external {
        SealedSet storage s = _sets[taskId];
        if (!s.hasForfeited) revert TestSetSealNotForfeited(taskId);
        uint256 lockId = _closeDemand(taskId, s, chunk);
        emit DemandReleased(taskId, chunk, _demands[taskId][chunk].prover);

        vault.release(_terms[taskId].bondToken, lockId);
    }

    /// @inheritdoc ITestSetSeal
    function releaseBond(uint256 taskId) external {
        SealedSet storage s = _bondedSet(taskId);
        if (s.hasForfeited) revert TestSetSealForfeited(taskId);
        if (!_isOver(taskId, s)) revert TestSetSealBondInUse(taskId);

        uint64 lockId = s.bondLockId;
        s.bondLockId = 0;
        emit BondReleased(taskId, s.poster);

        vault.release(_terms[taskId].bondToken, lockId);
    }

    /* VIEWS */

    /// @inheritdoc ITestSetSeal
    function isRevealed(uint256 taskId) external view returns (bool) {
        return _sets[taskId].openingRoot != 0;
    }

    /// @inheritdoc ITestSetSeal
    function hasForfeited(uint256 taskId) external view returns (bool) {
        return _sets[taskId].hasForfeited;
    }

    /// @inheritdoc ITestSetSeal
    function terms(uint256 taskId) external view returns (SealTerms memory) {
        return _terms[taskId];
    }

    /// @inheritdoc ITestSetSeal
    function sealedSet(uint256 taskId) external view returns (SealedSet memory) {
        return _sets[taskId];
    }

    /// @inheritdoc ITestSetSeal
    function demandOf(uint256 taskId, uint256 chunk) external view returns (Demand memory) {
        return _demands[taskId][chunk];
    }

    /// @inheritdoc ITestSetSeal
    function hasClaimed(uint256 taskId, address prover) external view returns (bool) {
        return _claimed[taskId][prover];
    }

    /// @inheritdoc ITestSetSeal
    function chunkCount(uint256 taskId) public view returns (uint256) {
        uint256 wordCount = uint256(_sets[taskId].shardCount) * _terms[taskId].wordsPerShard;
        return Math.ceilDiv(wordCount, CHUNK_WORDS);
    }

    /* INTERNAL */

    function _requireValidTerms(TaskFrame calldata frame, SealTerms calldata t) private pure {
        if (t.disputeSeconds < MIN_DISPUTE_SECONDS) {
            revert TestSetSealDisputeTooShort(t.disputeSeconds, MIN_DISPUTE_SECONDS);
        }
        uint256 latest = Math.saturatingSub(frame.proveDeadline, WINDOWS * t.disputeSeconds);
        if (t.unsealDeadline <= frame.commitDeadline || t.unsealDeadline > latest) {
            revert TestSetSealInvalidUnsealDeadline(t.unsealDeadline, frame.commitDeadline, latest);
        }
        uint256 minWei =
            t.bondToken == frame.rewardToken
                ? Math.ceilDiv(uint256(frame.rewardWei) * MIN_BOND_BPS, BASIS_POINTS)
                : 0;
        minWei = Math.max(minWei, frame.maxProvers);
        if (t.bondWei < minWei) revert TestSetSealBondTooSmall(t.bondWei, minWei);
        uint256 maxWei = (uint256(t.bondWei) * MAX_DEMAND_BPS) / BASIS_POINTS;
        if (t.demandWei == 0 || t.demandWei > maxWei) revert TestSetSealInvalidDemand(t.demandWei, maxWei);
        if (t.wordsPerShard == 0) revert TestSetSealNoWords();
    }

    function _requireAfter(uint256 taskId, uint256 deadline) private view {
        if (block.timestamp <= deadline) {
            revert TestSetSealDeadlineNotPassed(taskId, deadline, block.timestamp);
        }
    }

    function _requireNotAfter(uint256 taskId, uint256 deadline) private view {
        if (block.timestamp > deadline) {
            revert TestSetSealDeadlinePassed(taskId, deadline, block.timestamp);
        }
    }

    /// @dev A set whose bond is neither released nor claimed by all.
    function _bondedSet(uint256 taskId) private view returns (SealedSet storage s) {
        s = _sets[taskId];
        if (s.bondLockId != 0) return s;
        if (s.poster == address(0)) revert TestSetSealUnknownTask(taskId);
        revert TestSetSealNoBond(taskId);
    }

    /// @dev A revealed set whose bond can still be lost.
    function _revealedSet(uint256 taskId) private view returns (SealedSet storage s) {
        s = _bondedSet(taskId);
        if (s.openingRoot == 0) revert TestSetSealNotRevealed(taskId);
        if (s.hasForfeited) revert TestSetSealForfeited(taskId);
    }

    function _answerDeadline(uint256 taskId) private view returns (uint256) {
        SealTerms storage t = _terms[taskId];
        return uint256(t.unsealDeadline) + 2 * uint256(t.disputeSeconds);
    }

    function _hasCommitted(uint256 taskId, address account) private view returns (bool) {
        return market.submission(taskId, account).modelCommitment != 0;
    }

    /// @dev Whether the poster owes nothing any more. After the prove deadline an open demand has passed its own.
    function _isOver(uint256 taskId, SealedSet storage s) private view returns (bool) {
        if (market.proverCount(taskId) == 0) {
            TaskState state = market.task(taskId).state;
            return state == TaskState.Cancelled || state == TaskState.Expired;
        }
        return s.openingRoot != 0 && s.openDemands == 0 && block.timestamp > s.proveDeadline;
    }

    /// @dev The values of a chunk are those of the opening.
    function _requireChunk(
        uint256 taskId,
        SealedSet storage s,
        uint256 chunk,
        OpenedWord[] calldata values,
        bytes32[] calldata path
    ) private view {
        uint256 first = chunk * CHUNK_WORDS;
        uint256 wordCount = uint256(s.shardCount) * _terms[taskId].wordsPerShard;
        uint256 required = Math.min(CHUNK_WORDS, wordCount - first);
        if (values.length != required) revert TestSetSealAnswerLength(values.length, required);
        bytes32 root = Opening.rootOfChunk(chunk, values, MerkleVector.depth(wordCount), path);
        if (root != s.openingRoot) revert TestSetSealNotInOpening(taskId, first);
    }

    /// @dev Takes an open demand off the list and returns its lock.
    function _closeDemand(
        uint256 taskId,
        SealedSet storage s,
        uint256 chunk
    ) private returns (uint256 lockId) {
        Demand storage d = _demands[taskId][chunk];
        lockId = d.lockId;
        if (lockId == 0) revert TestSetSealNotDemanded(taskId, chunk);
        d.lockId = 0;
        --s.openDemands;
    }

    function _forfeit(uint256 taskId, SealedSet storage s, ForfeitReason reason) private {
        s.hasForfeited = true;
        emit BondForfeited(taskId, reason);
    }
}
