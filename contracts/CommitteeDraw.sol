// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICommittees} from "./interfaces/ICommittees.sol";
import {IStakeVault} from "./interfaces/IStakeVault.sol";
import {ITaskMarket} from "./interfaces/ITaskMarket.sol";
import {BlockDraw} from "./libraries/BlockDraw.sol";
import {
    Committee,
    CommitteeTerms,
    DrawEntry,
    DrawPool,
    DrawPoolLib,
    Enrolment,
    PoolState
} from "./types/Draw.sol";

/// @title CommitteeDraw
/// @notice Assumptions, guarantees and the life of a committee are in `ICommittees`.
contract CommitteeDraw is ICommittees {
    /* CONSTANTS */

    /// @inheritdoc ICommittees
    uint256 public constant DRAW_DELAY_BLOCKS = DrawPoolLib.DRAW_DELAY_BLOCKS;

    /// @inheritdoc ICommittees
    /// @dev Bounds the cost of a draw.
    uint256 public constant MAX_SEATS = 8;

    /// @dev Separates these draws from every other hash.
    bytes32 private constant DRAW_DOMAIN = keccak256("zkpot.committee-draw.v1");

    /// @dev A committee is drawn once.
    uint8 private constant ROUND = 1;

    /* STORAGE */

    /// @inheritdoc ICommittees
    ITaskMarket public immutable market;

    /// @inheritdoc ICommittees
    IStakeVault public immutable vault;

    /// @inheritdoc ICommittees
    uint256 public committeeCount;

    mapping(uint256 committeeId => Committee) private _committees;
    mapping(uint256 committeeId => DrawPool) internal _pools;

    constructor(ITaskMarket market_) {
        if (address(market_) == address(0)) revert CommitteesZeroAddress();
        market = market_;
        vault = market_.vault();
    }

    /* CONTROLLER ACTIONS */

    /// @inheritdoc ICommittees
    function open(CommitteeTerms calldata terms) external returns (uint256 committeeId) {
        if (terms.seats == 0 || terms.seats > MAX_SEATS)
            revert CommitteesInvalidSeats(terms.seats, MAX_SEATS);
        if (terms.endsAt <= block.timestamp) revert CommitteesInvalidEnd(terms.endsAt, block.timestamp);

        committeeId = ++committeeCount;
        uint48 drawBlock = _pools[committeeId].open(
            terms.token,
            terms.minWei,
            terms.capWei,
            terms.enrolBlocks
        );
        _committees[committeeId] = Committee({
            controller: msg.sender,
            drawBlock: drawBlock,
            endsAt: terms.endsAt,
            seats: terms.seats
        });
        emit CommitteeOpened(committeeId, msg.sender, terms, block.number + terms.enrolBlocks, drawBlock);
    }

    /// @inheritdoc ICommittees
    function slash(uint256 committeeId, address member, uint256 amountWei, address beneficiary) external {
        _requireController(committeeId);
        if (!isMember(committeeId, member)) revert CommitteesNotMember(committeeId, member);

        emit MemberSlashed(committeeId, member, amountWei, beneficiary);

        DrawPool storage p = _pools[committeeId];
        vault.slash(p.state.token, p.enrolments[member].lockId, amountWei, beneficiary);
    }

    /// @inheritdoc ICommittees
    function dissolve(uint256 committeeId) external {
        _requireController(committeeId);
        _requireNotOver(committeeId);

        _committees[committeeId].endsAt = 0;
        emit CommitteeDissolved(committeeId);
    }

    /* AUDITOR ACTIONS */

    /// @inheritdoc ICommittees
    function enrol(uint256 committeeId, uint256 stakeWei) external {
        if (market.paused()) revert CommitteesPaused();
        _requireNotOver(committeeId);

        (uint256 weightWei, uint64 lockId) = _pools[committeeId].enrol(vault, msg.sender, stakeWei);
        emit AuditorEnrolled(committeeId, msg.sender, weightWei, lockId);
    }

    /// @inheritdoc ICommittees
    function leave(uint256 committeeId) external {
        DrawPool storage p = _pools[committeeId];
        uint64 lockId = p.leave(msg.sender);
        bool isNeeded = p.enrolments[msg.sender].round != 0 || p.drawn.length == 0;
        if (isNeeded && !_isOver(committeeId)) revert CommitteesStakeInUse(committeeId, msg.sender);

        emit AuditorLeft(committeeId, msg.sender, lockId);

        vault.release(p.state.token, lockId);
    }

    /* ANYBODY'S ACTIONS */

    /// @inheritdoc ICommittees
    function draw(uint256 committeeId) external {
        _requireNotOver(committeeId);
        Committee storage c = _committees[committeeId];
        DrawPool storage p = _pools[committeeId];
        if (p.drawn.length != 0) revert CommitteesDrawn(committeeId);
        if (p.state.enrolledCount == 0) revert CommitteesNobodyEnrolled(committeeId);
        (uint256 number, bytes32 hash) = BlockDraw.blockHash(c.drawBlock);

        bytes32 seed = keccak256(
            abi.encode(DRAW_DOMAIN, block.chainid, address(this), committeeId, number, hash)
        );
        emit CommitteeDrawn(committeeId, p.draw(seed, c.seats, ROUND), number);
    }

    /* VIEWS */

    /// @inheritdoc ICommittees
    function isMember(uint256 committeeId, address account) public view returns (bool) {
        return _pools[committeeId].enrolments[account].round != 0 && !_isOver(committeeId);
    }

    /// @inheritdoc ICommittees
    function members(uint256 committeeId) external view returns (address[] memory) {
        return _pools[committeeId].drawnAccounts();
    }

    /// @inheritdoc ICommittees
    function committee(uint256 committeeId) external view returns (Committee memory) {
        return _committees[committeeId];
    }

    /// @inheritdoc ICommittees
    function poolOf(uint256 committeeId) external view returns (PoolState memory) {
        return _pools[committeeId].state;
    }

    /// @inheritdoc ICommittees
    function enrolmentOf(uint256 committeeId, address account) external view returns (Enrolment memory) {
        return _pools[committeeId].enrolments[account];
    }

    /// @inheritdoc ICommittees
    function entryAt(uint256 committeeId, uint256 index) external view returns (DrawEntry memory) {
        return _pools[committeeId].entries[index];
    }

    /* INTERNAL */

    /// @dev The end of a committee that does not exist is zero, too.
    function _isOver(uint256 committeeId) private view returns (bool) {
        return block.timestamp > _committees[committeeId].endsAt;
    }

    function _requireNotOver(uint256 committeeId) private view {
        if (_isOver(committeeId)) revert CommitteesOver(committeeId);
    }

    function _requireController(uint256 committeeId) private view {
        address controller = _committees[committeeId].controller;
        if (msg.sender != controller) revert CommitteesNotController(committeeId, msg.sender, controller);
    }
}
