// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IStakeVault} from "./interfaces/IStakeVault.sol";
import {ITaskAssignment} from "./interfaces/ITaskAssignment.sol";
import {ITaskAuction} from "./interfaces/ITaskAuction.sol";
import {ITaskMarket} from "./interfaces/ITaskMarket.sol";
import {ITestSetSeal} from "./interfaces/ITestSetSeal.sol";
import {Auction, AuctionTerms} from "./types/Auction.sol";
import {Submission, SubmissionState} from "./types/Submission.sol";
import {RewardSplit, Task, TaskState} from "./types/Task.sol";
import {TaskFrame} from "./types/TaskRules.sol";

/// @title TaskAuction
/// @notice Assumptions, guarantees and the life of an auction are in `ITaskAuction`.
contract TaskAuction is ITaskAuction {
    /* STORAGE */

    /// @inheritdoc ITaskAuction
    ITaskMarket public immutable market;

    /// @inheritdoc ITaskAuction
    IStakeVault public immutable vault;

    mapping(uint256 taskId => Auction) private _auctions;

    constructor(ITaskMarket market_) {
        if (address(market_) == address(0)) revert TaskAuctionZeroAddress();
        market = market_;
        vault = market_.vault();
    }

    /* MARKET ACTIONS */

    /// @inheritdoc ITaskAssignment
    function open(uint256 taskId, TaskFrame calldata frame, bytes calldata encodedTerms) external {
        if (msg.sender != address(market)) revert TaskAuctionNotMarket(msg.sender);
        AuctionTerms memory terms = abi.decode(encodedTerms, (AuctionTerms));
        _requireValidTerms(frame, terms);

        _auctions[taskId] = Auction({
            startsAt: terms.startsAt,
            rampSeconds: terms.rampSeconds,
            lockDeadline: terms.lockDeadline,
            minPriceWei: terms.minPriceWei,
            assignee: address(0),
            lockId: 0,
            // Deadlines of a task are less than 2^32 seconds away, and those of its auction not later.
            exclusiveSeconds: uint32(terms.exclusiveDeadline - terms.lockDeadline),
            collateralToken: frame.stakeToken,
            collateralWei: terms.collateralWei,
            maxPriceWei: frame.rewardWei
        });
        emit AuctionOpened(taskId, terms, frame.rewardWei, frame.stakeToken);
    }

    /* PROVER ACTIONS */

    /// @inheritdoc ITaskAuction
    /// @dev The market refuses to lower the reward of a task that was cancelled or has expired.
    function lock(uint256 taskId) external {
        Auction memory a = _auctions[taskId];
        if (a.assignee != address(0)) revert TaskAuctionTaken(taskId, a.assignee);
        uint96 priceWei = _priceWeiAt(taskId, a, block.timestamp);
        if (block.timestamp > a.lockDeadline) {
            revert TaskAuctionDeadlinePassed(taskId, a.lockDeadline, block.timestamp);
        }
        if (market.paused()) revert TaskAuctionPaused();

        _auctions[taskId].assignee = msg.sender;

        // Neither vault nor market calls anybody, and the lock's id belongs to the record: so interactions are not last here.
        uint64 lockId = vault.lock(msg.sender, a.collateralToken, a.collateralWei);
        _auctions[taskId].lockId = lockId;
        emit TaskLocked(taskId, msg.sender, priceWei, lockId);

        market.lowerReward(taskId, priceWei);
    }

    /* ANYBODY'S ACTIONS */

    /// @inheritdoc ITaskAuction
    function settleCollateral(uint256 taskId) external {
        Auction storage a = _auctions[taskId];
        uint64 lockId = a.lockId;
        if (lockId == 0) revert TaskAuctionNoCollateral(taskId);
        address assignee = a.assignee;
        address beneficiary = _beneficiaryOf(taskId, assignee, a.exclusiveDeadline());

        a.lockId = 0;
        address token = a.collateralToken;
        if (beneficiary == address(0)) {
            emit CollateralReleased(taskId, assignee, lockId);
        } else {
            uint256 amountWei = a.collateralWei;
            emit CollateralSlashed(taskId, assignee, lockId, amountWei, beneficiary);
            vault.slash(token, lockId, amountWei, beneficiary);
        }
        vault.release(token, lockId);
    }

    /* VIEWS */

    /// @inheritdoc ITaskAssignment
    function mayCommit(uint256 taskId, address prover) external view returns (bool) {
        Auction storage a = _auctions[taskId];
        address assignee = a.assignee;
        if (assignee == address(0)) return false;
        return prover == assignee || block.timestamp > a.exclusiveDeadline();
    }

    /// @inheritdoc ITaskAssignment
    function isTaken(uint256 taskId) external view returns (bool) {
        return _auctions[taskId].assignee != address(0);
    }

    /// @inheritdoc ITaskAuction
    function auction(uint256 taskId) external view returns (Auction memory) {
        return _auctions[taskId];
    }

    /// @inheritdoc ITaskAuction
    function priceWeiAt(uint256 taskId, uint256 timestamp) external view returns (uint256) {
        return _priceWeiAt(taskId, _auctions[taskId], timestamp);
    }

    /* INTERNAL */

    function _requireValidTerms(TaskFrame calldata frame, AuctionTerms memory terms) private view {
        if (frame.split != RewardSplit.FirstValid || frame.winners != 1) {
            revert TaskAuctionNotSingleWinner(frame.split, frame.winners);
        }
        if (terms.minPriceWei == 0 || terms.minPriceWei > frame.rewardWei) {
            revert TaskAuctionInvalidMinPrice(terms.minPriceWei, frame.rewardWei);
        }
        if (terms.collateralWei == 0) revert TaskAuctionZeroCollateral();
        uint256 earliest = block.timestamp > terms.startsAt ? block.timestamp : terms.startsAt;
        if (terms.lockDeadline < earliest || terms.lockDeadline > frame.commitDeadline) {
            revert TaskAuctionInvalidLockDeadline(terms.lockDeadline, earliest, frame.commitDeadline);
        }
        // Proofs of a sealed task begin after the commit deadline: an earlier end of the exclusive time would let nobody else
        // in, and the poster could set one that the assignee cannot meet.
        uint256 proveDeadline = frame.proveDeadline;
        earliest = frame.isSealed ? proveDeadline : uint256(terms.lockDeadline) + 1;
        if (terms.exclusiveDeadline < earliest || terms.exclusiveDeadline > proveDeadline) {
            revert TaskAuctionInvalidExclusiveDeadline(terms.exclusiveDeadline, earliest, proveDeadline);
        }
    }

    function _priceWeiAt(uint256 taskId, Auction memory a, uint256 timestamp) private pure returns (uint96) {
        if (a.maxPriceWei == 0) revert TaskAuctionUnknownTask(taskId);
        if (timestamp < a.startsAt) revert TaskAuctionNotStarted(taskId, a.startsAt, timestamp);
        return a.priceWeiAt(timestamp);
    }

    /// @dev Who gets the half of the collateral that is not burned; zero releases it.
    function _beneficiaryOf(
        uint256 taskId,
        address assignee,
        uint256 exclusiveDeadline
    ) private view returns (address) {
        Submission memory s = market.submission(taskId, assignee);
        if (s.provenAt != 0 && s.provenAt <= exclusiveDeadline) return address(0);

        Task memory t = market.task(taskId);
        if (t.state == TaskState.Settled) return t.leader;
        ITestSetSeal seal = ITestSetSeal(t.seal);
        bool isSealed = t.seal != address(0);
        if (isSealed && seal.hasForfeited(taskId)) return address(0);
        if (t.state != TaskState.Expired) revert TaskAuctionCollateralInUse(taskId, assignee);
        if (isSealed && s.state != SubmissionState.None) {
            // Nobody can tell a hopeless model from a hidden test set with wrong labels: its poster must not gain by it.
            return seal.isRevealed(taskId) ? vault.BURN_ADDRESS() : address(0);
        }
        return t.poster;
    }
}
