// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DrawEntry, DrawTerms, Enrolment, PoolState, TaskSeats} from "../types/Draw.sol";
import {IDrawPool} from "./IDrawPool.sol";
import {IStakeVault} from "./IStakeVault.sol";
import {ITaskAssignment} from "./ITaskAssignment.sol";
import {ITaskMarket} from "./ITaskMarket.sol";

/// @title ITaskDraw
/// @notice Assigns a task by lot: provers enrol with stake, and the hash of a block fixed in advance draws who may commit.
///
/// Assumes
/// - Those who enrol let this contract lock their stake in the vault. The market locks the task's own stake besides.
/// - Nobody controls the hash of a block that was fixed `DRAW_DELAY_BLOCKS` or a whole turn ahead. Warning: its builder can
///   choose among the hashes of many contents, and its proposer may discard one draw by proposing none.
/// - Somebody who minds draws within 256 blocks; else the next draw counts (`BlockDraw`).
/// - One person can be many accounts: the cap bounds an account, and where there are several seats, a stake that is split can
///   hold several of them.
///
/// Guarantees
/// - There is no owner and no upgrade; terms never change. The market's pause stops `enrol` and nothing else.
/// - Of what is left in a draw, every enrolment is chosen with a chance in proportion to its weight, the stake locked for it:
///   a stake gets a seat with the same chance whether it is split over several accounts or not.
/// - Whoever draws chooses nothing, and neither does who lets a draw pass: the blocks follow by rule.
/// - No stake is ever slashed, and every stake comes free: at the latest when the task has ended or its commit deadline passed.
/// - Nothing loops over those enrolled: the cost of a draw grows with the logarithm of their number.
///
/// The terms of `open` are `abi.encode(DrawTerms)`. There are no more seats than the task has room for provers.
///
/// Life of a draw:
///
///     open    market    while the task is posted
///     enrol   prover    in the `enrolBlocks` blocks after posting
///     draw    anybody   `DRAW_DELAY_BLOCKS` blocks later: gives out the seats
///     draw    anybody   after `turnBlocks` blocks: replaces holders of the last draw that have not committed, by accounts not
///                       drawn before; after `maxRedraws` of these, or with nobody left to draw, everybody enrolled may commit
///     leave   enrolled  see there
///
/// A holder that has not committed may still do so until it is replaced; one that has keeps its seat, whether it proves or not.
/// A task can be cancelled until enrolment has ended, and as long as nobody enrolled.
interface ITaskDraw is ITaskAssignment, IDrawPool {
    /* EVENTS */

    /// @notice A task's draw was opened; the first draw uses `drawBlock`, or by rule a later block.
    event DrawOpened(
        uint256 indexed taskId,
        DrawTerms terms,
        address token,
        uint256 lastEnrolBlock,
        uint256 drawBlock
    );
    /// @notice An account enrolled with stake; `lockId` is its lock in the vault.
    event ProverEnrolled(uint256 indexed taskId, address indexed account, uint256 weightWei, uint256 lockId);
    /// @notice Draw `round`, counted from 1, gave seats to `accounts` by the hash of `blockNumber`; the next uses `drawBlock`,
    ///         or by rule a later block.
    event SeatsDrawn(
        uint256 indexed taskId,
        uint256 indexed round,
        address[] accounts,
        uint256 blockNumber,
        uint256 drawBlock
    );
    /// @notice Everybody enrolled may commit from now on.
    event SeatsOpened(uint256 indexed taskId);
    /// @notice An account left with its stake.
    event ProverLeft(uint256 indexed taskId, address indexed account, uint256 lockId);

    /* ERRORS */

    /// @notice The market's address is zero.
    error TaskDrawZeroAddress();
    /// @notice The caller is not the market.
    error TaskDrawNotMarket(address caller);
    /// @notice No seat, more than `MAX_SEATS`, or more than provers may commit to the task.
    error TaskDrawInvalidSeats(uint256 seats, uint256 limit);
    /// @notice All draws together could choose more than `MAX_DRAWN` accounts.
    error TaskDrawTooManyRedraws(uint256 maxRedraws, uint256 limit);
    /// @notice A turn is shorter than `DRAW_DELAY_BLOCKS`.
    error TaskDrawTurnTooShort(uint256 turnBlocks, uint256 min);
    /// @notice The market is paused.
    error TaskDrawPaused();
    /// @notice Nobody enrolled, or the task has no draw here.
    error TaskDrawNobodyEnrolled(uint256 taskId);
    /// @notice The task's commit deadline has passed.
    error TaskDrawTaskOver(uint256 taskId);
    /// @notice Every seat is used: as many have committed.
    error TaskDrawNoVacancy(uint256 taskId);
    /// @notice Everybody enrolled may commit already.
    error TaskDrawIsOpen(uint256 taskId);
    /// @notice The account can still be drawn, or holds a seat it may use.
    error TaskDrawStakeInUse(uint256 taskId, address account);

    /* PROVER ACTIONS */

    /// @notice Enrols the caller with `stakeWei`: locks it up to the task's cap, which is its weight.
    function enrol(uint256 taskId, uint256 stakeWei) external;

    /// @notice Releases the caller's stake and gives up its place. Possible once the task has ended or its commit deadline has
    ///         passed; once all seats are used or open to all; and for who committed or was replaced.
    function leave(uint256 taskId) external;

    /* ANYBODY'S ACTIONS */

    /// @notice Gives out the seats, or those not used in their turn; once no draw is left, opens them to everybody enrolled.
    function draw(uint256 taskId) external;

    /* VIEWS */

    /// @notice Blocks between the last enrolment and the block that draws; shortest turn.
    function DRAW_DELAY_BLOCKS() external view returns (uint256);

    /// @notice Most seats of a task.
    function MAX_SEATS() external view returns (uint256);

    /// @notice Most accounts that all draws of a task may choose: `seats * (1 + maxRedraws)`.
    function MAX_DRAWN() external view returns (uint256);

    /// @notice The market whose tasks are drawn.
    function market() external view returns (ITaskMarket);

    /// @notice Where stake is held.
    function vault() external view returns (IStakeVault);

    /// @notice Where a task's draw stands; all zero if it has none here.
    function taskSeats(uint256 taskId) external view returns (TaskSeats memory);

    /// @notice What enrolments need, and how many there are.
    function poolOf(uint256 taskId) external view returns (PoolState memory);

    /// @notice All accounts that were given seats, in the order of the draws.
    function drawnAccounts(uint256 taskId) external view returns (address[] memory);

    /// @notice An account's enrolment; all zero if it has none.
    function enrolmentOf(uint256 taskId, address account) external view returns (Enrolment memory);

    /// @notice Entry `index` of the list that draws are made from.
    function entryAt(uint256 taskId, uint256 index) external view returns (DrawEntry memory);
}
