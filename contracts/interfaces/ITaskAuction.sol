// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Auction, AuctionTerms} from "../types/Auction.sol";
import {RewardSplit} from "../types/Task.sol";
import {IStakeVault} from "./IStakeVault.sol";
import {ITaskAssignment} from "./ITaskAssignment.sol";
import {ITaskMarket} from "./ITaskMarket.sol";

/// @title ITaskAuction
/// @notice Assigns a task by a reverse Dutch auction: the price rises until somebody takes the task, works on it alone, and
///         answers for being in time with collateral.
///
/// Assumes
/// - The assignee let this contract lock the collateral in the vault.
/// - The task's seal, if it has one, is the contract it claims to be: it decides whether the poster forfeited. So is its training
///   audit: one that takes no commitment costs the assignee its collateral.
/// - Whoever locks can be in time though its transaction is included as late as `lockDeadline`.
/// - Block timestamps are right to within seconds.
///
/// Guarantees
/// - There is no owner and no upgrade; terms never change. The market's pause stops `lock` and nothing else:
///   the price rises on.
/// - The price never falls before somebody locks, and never changes after: whoever locks gets the price it saw or more.
/// - From `lock` to `exclusiveDeadline` the assignee alone may commit, whatever poster and owner do.
/// - Collateral leaves only by the table below, once, by a call open to anybody.
/// - The poster gains nothing by a sealed test set that nobody can pass.
///
/// The terms of `open` are `abi.encode(AuctionTerms)`. The task needs the split _first valid_ with one winner.
///
/// Life of an auction:
///
///     open              market    while the task is posted
///     lock              anybody   from startsAt to lockDeadline: the first to call, at the price of that second
///     settleCollateral  anybody   once it is decided what becomes of the collateral
///
/// Price at second t: minPriceWei + (reward - minPriceWei) * (t - startsAt) / rampSeconds, rounded down, and the reward from
/// startsAt + rampSeconds on. `lock` lowers the task's reward to it; the difference is credited to the poster.
///
/// What becomes of the collateral (the first row that applies):
///
///     the assignee proved by exclusiveDeadline        released
///     the task settled later                          slashed: half burned, half to whoever fulfilled it, maybe the assignee
///     the poster forfeited its seal, or never opened
///       it to the assignee, which had committed       released
///     the task expired, sealed, assignee committed    slashed: all burned
///     the task expired                                slashed: half burned, half to the poster
///
/// Ends of the task itself, and who gets the reward, are the market's. Without `lock` nobody can commit, and the poster can
/// cancel until the task expires. A task that is locked cannot be cancelled.
interface ITaskAuction is ITaskAssignment {
    /* EVENTS */

    /// @notice A task was put up for auction.
    event AuctionOpened(
        uint256 indexed taskId,
        AuctionTerms terms,
        uint256 maxPriceWei,
        address collateralToken
    );
    /// @notice Somebody took a task at a price; `lockId` is its collateral's lock in the vault.
    event TaskLocked(uint256 indexed taskId, address indexed assignee, uint256 priceWei, uint256 lockId);
    /// @notice The collateral was released in the vault.
    event CollateralReleased(uint256 indexed taskId, address indexed assignee, uint256 lockId);
    /// @notice The collateral was slashed; the half that is not burned was credited to `beneficiary` in the vault.
    event CollateralSlashed(
        uint256 indexed taskId,
        address indexed assignee,
        uint256 lockId,
        uint256 amountWei,
        address beneficiary
    );

    /* ERRORS */

    /// @notice The market's address is zero.
    error TaskAuctionZeroAddress();
    /// @notice The caller is not the market.
    error TaskAuctionNotMarket(address caller);
    /// @notice The task does not pay its whole reward to the first proof.
    error TaskAuctionNotSingleWinner(RewardSplit split, uint256 winners);
    /// @notice The lowest price is zero or above the task's reward.
    error TaskAuctionInvalidMinPrice(uint256 minPriceWei, uint256 maxPriceWei);
    /// @notice The collateral is zero.
    error TaskAuctionZeroCollateral();
    /// @notice The lock deadline has passed, is before the start, or after the commit deadline.
    error TaskAuctionInvalidLockDeadline(uint256 lockDeadline, uint256 earliest, uint256 latest);
    /// @notice The exclusive deadline is not after the lock deadline, or is after the prove deadline; a sealed task's must be
    ///         the prove deadline.
    error TaskAuctionInvalidExclusiveDeadline(uint256 exclusiveDeadline, uint256 earliest, uint256 latest);
    /// @notice The task is not auctioned here.
    error TaskAuctionUnknownTask(uint256 taskId);
    /// @notice The auction has not started.
    error TaskAuctionNotStarted(uint256 taskId, uint256 startsAt, uint256 timestamp);
    /// @notice The lock deadline has passed.
    error TaskAuctionDeadlinePassed(uint256 taskId, uint256 lockDeadline, uint256 timestamp);
    /// @notice Somebody took the task before.
    error TaskAuctionTaken(uint256 taskId, address assignee);
    /// @notice The market is paused.
    error TaskAuctionPaused();
    /// @notice No collateral is locked for the task.
    error TaskAuctionNoCollateral(uint256 taskId);
    /// @notice Nothing is decided yet: the task is open and the assignee has not proved.
    error TaskAuctionCollateralInUse(uint256 taskId, address assignee);

    /* PROVER ACTIONS */

    /// @notice Takes the task for the caller at the current price and locks its collateral, which needs its consent in the
    ///         vault.
    function lock(uint256 taskId) external;

    /* ANYBODY'S ACTIONS */

    /// @notice Releases or slashes the collateral by the table above.
    function settleCollateral(uint256 taskId) external;

    /* VIEWS */

    /// @notice The market whose tasks are auctioned.
    function market() external view returns (ITaskMarket);

    /// @notice Where collateral is held.
    function vault() external view returns (IStakeVault);

    /// @notice An auction; all zero if the task is not auctioned here.
    function auction(uint256 taskId) external view returns (Auction memory);

    /// @notice Price of a task at a timestamp, whether or not somebody took it; reverts before the start.
    function priceWeiAt(uint256 taskId, uint256 timestamp) external view returns (uint256);
}
