// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Committee, CommitteeTerms, DrawEntry, Enrolment, PoolState} from "../types/Draw.sol";
import {IDrawPool} from "./IDrawPool.sol";
import {IStakeVault} from "./IStakeVault.sol";
import {ITaskMarket} from "./ITaskMarket.sol";

/// @title ICommittees
/// @notice Committees drawn by lot from those who enrolled with stake, for any contract that needs some: audits, say.
///
/// Assumes
/// - Those who enrol let this contract lock their stake in the vault, and trust the committee's controller with it: the
///   controller may slash a member's stake to whomever it names. Enrol only where the controller is known.
/// - Block hashes are as `ITaskDraw` assumes.
///
/// Guarantees
/// - There is no owner and no upgrade; terms never change. The market's pause stops `enrol` and nothing else.
/// - Seats are drawn as `ITaskDraw` draws them: chances in proportion to the stake locked, without a choice for anybody.
/// - Nobody but the controller can slash, nobody but members can be slashed, and nobody once the committee is over.
/// - The stake of those not drawn comes free with the draw, that of members when the committee is over.
///
/// Life of a committee:
///
///     open      anybody     becomes its controller
///     enrol     anybody     in the `enrolBlocks` blocks after opening
///     draw      anybody     `DRAW_DELAY_BLOCKS` blocks later, once: all seats, fewer if not enough enrolled
///     slash     controller  while the committee is one
///     dissolve  controller  ends the committee before `endsAt`
///     leave     enrolled    not drawn: after the draw; all: once the committee is over
interface ICommittees is IDrawPool {
    /* EVENTS */

    /// @notice A committee was opened; the draw uses `drawBlock`, or by rule a later block.
    event CommitteeOpened(
        uint256 indexed committeeId,
        address indexed controller,
        CommitteeTerms terms,
        uint256 lastEnrolBlock,
        uint256 drawBlock
    );
    /// @notice An account enrolled with stake; `lockId` is its lock in the vault.
    event AuditorEnrolled(
        uint256 indexed committeeId,
        address indexed account,
        uint256 weightWei,
        uint256 lockId
    );
    /// @notice The members were drawn by the hash of `blockNumber`.
    event CommitteeDrawn(uint256 indexed committeeId, address[] members, uint256 blockNumber);
    /// @notice Part of a member's stake was slashed; the half that is not burned was credited to `beneficiary` in the vault.
    event MemberSlashed(
        uint256 indexed committeeId,
        address indexed member,
        uint256 amountWei,
        address beneficiary
    );
    /// @notice The controller ended a committee.
    event CommitteeDissolved(uint256 indexed committeeId);
    /// @notice An account left with its stake.
    event AuditorLeft(uint256 indexed committeeId, address indexed account, uint256 lockId);

    /* ERRORS */

    /// @notice The market's address is zero.
    error CommitteesZeroAddress();
    /// @notice No seat, or more than `MAX_SEATS`.
    error CommitteesInvalidSeats(uint256 seats, uint256 limit);
    /// @notice The end is not in the future.
    error CommitteesInvalidEnd(uint256 endsAt, uint256 timestamp);
    /// @notice The market is paused.
    error CommitteesPaused();
    /// @notice The committee has ended, was dissolved, or never existed.
    error CommitteesOver(uint256 committeeId);
    /// @notice Nobody enrolled.
    error CommitteesNobodyEnrolled(uint256 committeeId);
    /// @notice The members were drawn before.
    error CommitteesDrawn(uint256 committeeId);
    /// @notice The caller did not open the committee.
    error CommitteesNotController(uint256 committeeId, address caller, address controller);
    /// @notice The account is not a member.
    error CommitteesNotMember(uint256 committeeId, address account);
    /// @notice The account can still be drawn, or is a member.
    error CommitteesStakeInUse(uint256 committeeId, address account);

    /* CONTROLLER ACTIONS */

    /// @notice Opens a committee that the caller controls.
    /// @return committeeId Identifier of the committee, counted from 1.
    function open(CommitteeTerms calldata terms) external returns (uint256 committeeId);

    /// @notice Takes `amountWei` of a member's stake: half is burned, half credited to `beneficiary` in the vault.
    function slash(uint256 committeeId, address member, uint256 amountWei, address beneficiary) external;

    /// @notice Ends a committee, drawn or not.
    function dissolve(uint256 committeeId) external;

    /* AUDITOR ACTIONS */

    /// @notice Enrols the caller with `stakeWei`: locks it up to the committee's cap, which is its weight.
    function enrol(uint256 committeeId, uint256 stakeWei) external;

    /// @notice Releases the caller's stake, or what was not slashed of it.
    function leave(uint256 committeeId) external;

    /* ANYBODY'S ACTIONS */

    /// @notice Draws the members.
    function draw(uint256 committeeId) external;

    /* VIEWS */

    /// @notice Blocks between the last enrolment and the block that draws.
    function DRAW_DELAY_BLOCKS() external view returns (uint256);

    /// @notice Most seats of a committee.
    function MAX_SEATS() external view returns (uint256);

    /// @notice The market whose pause stops enrolments.
    function market() external view returns (ITaskMarket);

    /// @notice Where stake is held.
    function vault() external view returns (IStakeVault);

    /// @notice Committees opened so far: ids run from 1 to this.
    function committeeCount() external view returns (uint256);

    /// @notice Whether an account was drawn into a committee that is not over.
    function isMember(uint256 committeeId, address account) external view returns (bool);

    /// @notice The accounts drawn, in order; they stay listed when the committee is over.
    function members(uint256 committeeId) external view returns (address[] memory);

    /// @notice A committee; all zero if it does not exist.
    function committee(uint256 committeeId) external view returns (Committee memory);

    /// @notice What enrolments need, and how many there are.
    function poolOf(uint256 committeeId) external view returns (PoolState memory);

    /// @notice An account's enrolment; all zero if it has none.
    function enrolmentOf(uint256 committeeId, address account) external view returns (Enrolment memory);

    /// @notice Entry `index` of the list that the draw is made from.
    function entryAt(uint256 committeeId, uint256 index) external view returns (DrawEntry memory);
}
