// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IStakeVault} from "./interfaces/IStakeVault.sol";
import {ITaskAssignment} from "./interfaces/ITaskAssignment.sol";
import {ITaskDraw} from "./interfaces/ITaskDraw.sol";
import {ITaskMarket} from "./interfaces/ITaskMarket.sol";
import {BlockDraw} from "./libraries/BlockDraw.sol";
import {DrawEntry, DrawPool, DrawPoolLib, DrawTerms, Enrolment, PoolState, TaskSeats} from "./types/Draw.sol";
import {SubmissionState} from "./types/Submission.sol";
import {TaskState} from "./types/Task.sol";
import {TaskFrame} from "./types/TaskRules.sol";

/// @title TaskDraw
/// @notice Assumptions, guarantees and the life of a draw are in `ITaskDraw`.
contract TaskDraw is ITaskDraw {
    using SafeCast for uint256;

    /* CONSTANTS */

    /// @inheritdoc ITaskDraw
    uint256 public constant DRAW_DELAY_BLOCKS = DrawPoolLib.DRAW_DELAY_BLOCKS;

    /// @inheritdoc ITaskDraw
    /// @dev Bounds the cost of a draw, together with `MAX_DRAWN`.
    uint256 public constant MAX_SEATS = 8;

    /// @inheritdoc ITaskDraw
    uint256 public constant MAX_DRAWN = 16;

    /// @dev Separates these draws from every other hash.
    bytes32 private constant DRAW_DOMAIN = keccak256("zkpot.task-draw.v1");

    /* STORAGE */

    /// @inheritdoc ITaskDraw
    ITaskMarket public immutable market;

    /// @inheritdoc ITaskDraw
    IStakeVault public immutable vault;

    mapping(uint256 taskId => TaskSeats) private _seats;
    mapping(uint256 taskId => DrawPool) internal _pools;

    constructor(ITaskMarket market_) {
        if (address(market_) == address(0)) revert TaskDrawZeroAddress();
        market = market_;
        vault = market_.vault();
    }

    /* MARKET ACTIONS */

    /// @inheritdoc ITaskAssignment
    function open(uint256 taskId, TaskFrame calldata frame, bytes calldata encodedTerms) external {
        if (msg.sender != address(market)) revert TaskDrawNotMarket(msg.sender);
        DrawTerms memory terms = abi.decode(encodedTerms, (DrawTerms));
        uint256 limit = Math.min(frame.maxProvers, MAX_SEATS);
        if (terms.seats == 0 || terms.seats > limit) revert TaskDrawInvalidSeats(terms.seats, limit);
        limit = MAX_DRAWN / terms.seats - 1;
        if (terms.maxRedraws > limit) revert TaskDrawTooManyRedraws(terms.maxRedraws, limit);
        if (terms.turnBlocks < DRAW_DELAY_BLOCKS) {
            revert TaskDrawTurnTooShort(terms.turnBlocks, DRAW_DELAY_BLOCKS);
        }

        uint48 drawBlock = _pools[taskId].open(
            frame.stakeToken,
            terms.minWei,
            terms.capWei,
            terms.enrolBlocks
        );
        _seats[taskId] = TaskSeats({
            drawBlock: drawBlock,
            commitDeadline: frame.commitDeadline,
            turnBlocks: terms.turnBlocks,
            seats: terms.seats,
            maxRedraws: terms.maxRedraws,
            round: 0,
            isOpen: false
        });
        emit DrawOpened(taskId, terms, frame.stakeToken, block.number + terms.enrolBlocks, drawBlock);
    }

    /* PROVER ACTIONS */

    /// @inheritdoc ITaskDraw
    function enrol(uint256 taskId, uint256 stakeWei) external {
        if (market.paused()) revert TaskDrawPaused();

        (uint256 weightWei, uint64 lockId) = _pools[taskId].enrol(vault, msg.sender, stakeWei);
        emit ProverEnrolled(taskId, msg.sender, weightWei, lockId);
    }

    /// @inheritdoc ITaskDraw
    function leave(uint256 taskId) external {
        DrawPool storage p = _pools[taskId];
        uint64 lockId = p.leave(msg.sender);
        if (!_mayLeave(taskId, p, msg.sender)) revert TaskDrawStakeInUse(taskId, msg.sender);

        emit ProverLeft(taskId, msg.sender, lockId);

        vault.release(p.state.token, lockId);
    }

    /* ANYBODY'S ACTIONS */

    /// @inheritdoc ITaskDraw
    function draw(uint256 taskId) external {
        TaskSeats storage s = _seats[taskId];
        DrawPool storage p = _pools[taskId];
        if (p.state.enrolledCount == 0) revert TaskDrawNobodyEnrolled(taskId);
        if (s.isOpen) revert TaskDrawIsOpen(taskId);
        (uint256 number, bytes32 hash) = BlockDraw.blockHash(s.drawBlock);
        // The market refuses commitments to a task that has ended before; a draw for it changes nothing.
        if (block.timestamp > s.commitDeadline) revert TaskDrawTaskOver(taskId);
        uint8 round = s.round;
        uint256 vacancies = _vacancies(taskId, s.seats);
        if (vacancies == 0) revert TaskDrawNoVacancy(taskId);

        if (round > s.maxRedraws || p.undrawnCount() == 0) {
            s.isOpen = true;
            emit SeatsOpened(taskId);
            return;
        }
        ++round;
        bytes32 seed = keccak256(
            abi.encode(DRAW_DOMAIN, block.chainid, address(this), taskId, round, number, hash)
        );
        address[] memory accounts = p.draw(seed, vacancies, round);
        uint48 drawBlock = (block.number + s.turnBlocks).toUint48();
        s.round = round;
        s.drawBlock = drawBlock;
        emit SeatsDrawn(taskId, round, accounts, number, drawBlock);
    }

    /* VIEWS */

    /// @inheritdoc ITaskAssignment
    function mayCommit(uint256 taskId, address prover) external view returns (bool) {
        Enrolment storage e = _pools[taskId].enrolments[prover];
        if (e.lockId == 0) return false;
        TaskSeats storage s = _seats[taskId];
        return s.isOpen || (e.round != 0 && e.round == s.round);
    }

    /// @inheritdoc ITaskAssignment
    /// @dev From the end of enrolment, before the drawing block is known: a poster that dislikes a draw cannot cancel it.
    function isTaken(uint256 taskId) external view returns (bool) {
        PoolState storage state = _pools[taskId].state;
        return state.enrolledCount != 0 && block.number > state.lastEnrolBlock;
    }

    /// @inheritdoc ITaskDraw
    function taskSeats(uint256 taskId) external view returns (TaskSeats memory) {
        return _seats[taskId];
    }

    /// @inheritdoc ITaskDraw
    function poolOf(uint256 taskId) external view returns (PoolState memory) {
        return _pools[taskId].state;
    }

    /// @inheritdoc ITaskDraw
    function drawnAccounts(uint256 taskId) external view returns (address[] memory) {
        return _pools[taskId].drawnAccounts();
    }

    /// @inheritdoc ITaskDraw
    function enrolmentOf(uint256 taskId, address account) external view returns (Enrolment memory) {
        return _pools[taskId].enrolments[account];
    }

    /// @inheritdoc ITaskDraw
    function entryAt(uint256 taskId, uint256 index) external view returns (DrawEntry memory) {
        return _pools[taskId].entries[index];
    }

    /* INTERNAL */

    /// @dev Whether nobody can commit any more, whatever the draw says.
    function _isOver(uint256 taskId, uint256 commitDeadline) private view returns (bool) {
        if (block.timestamp > commitDeadline) return true;
        TaskState state = market.task(taskId).state;
        return state == TaskState.Settled || state == TaskState.Cancelled || state == TaskState.Expired;
    }

    function _hasCommitted(uint256 taskId, address account) private view returns (bool) {
        return market.submission(taskId, account).state != SubmissionState.None;
    }

    /// @dev Seats whose holders have not committed: as long as the task is not open to all, only holders can.
    function _vacancies(uint256 taskId, uint256 seats) private view returns (uint256) {
        return seats - market.proverCount(taskId);
    }

    /// @dev Whether an enrolled account can neither be drawn nor needs its seat.
    function _mayLeave(uint256 taskId, DrawPool storage p, address account) private view returns (bool) {
        TaskSeats storage s = _seats[taskId];
        uint8 round = s.round;
        uint8 ownRound = p.enrolments[account].round;
        bool wasReplaced = ownRound != 0 && ownRound < round;
        if (s.isOpen || wasReplaced || _isOver(taskId, s.commitDeadline)) return true;
        if (ownRound != 0) return _hasCommitted(taskId, account);
        return round != 0 && _vacancies(taskId, s.seats) == 0;
    }
}
