// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IDrawPool} from "../interfaces/IDrawPool.sol";
import {IStakeVault} from "../interfaces/IStakeVault.sol";
import {WeightedDraw} from "../libraries/WeightedDraw.sol";

using DrawPoolLib for DrawPool global;

/// @notice Under which terms the seats of a task are drawn.
struct DrawTerms {
    /// @dev Least stake of an enrolment, in the smallest unit of the task's stake token.
    uint96 minWei;
    /// @dev The most stake that counts in one enrolment.
    uint96 capWei;
    /// @dev Blocks after posting in which enrolments are accepted.
    uint32 enrolBlocks;
    /// @dev Blocks after a draw in which its holders may commit before they can be replaced.
    uint32 turnBlocks;
    /// @dev Provers that hold a seat at once.
    uint8 seats;
    /// @dev Draws after the first; when none is left, everybody enrolled may commit.
    uint8 maxRedraws;
}

/// @notice Under which terms a committee is drawn.
struct CommitteeTerms {
    /// @dev Token of the members' stake; the zero address is the native coin.
    address token;
    uint96 minWei;
    uint96 capWei;
    /// @dev Blocks after opening in which enrolments are accepted.
    uint32 enrolBlocks;
    uint8 seats;
    /// @dev Last timestamp at which the committee is one.
    uint48 endsAt;
}

/// @notice One enrolment in the order of the list; its share of the draw lies between the cumulative weight of the entry
///         before it and its own.
struct DrawEntry {
    address account;
    uint96 cumulativeWei;
}

/// @notice What is kept of one account's enrolment.
struct Enrolment {
    /// @dev Lock in the stake vault; zero once released.
    uint64 lockId;
    /// @dev Stake locked, which is its weight in the draw; never zero.
    uint96 weightWei;
    /// @dev Number of the draw that gave it a seat, counted from 1; zero if none did.
    uint8 round;
}

/// @notice What a pool asks of enrolments, and how many it has: two storage slots.
struct PoolState {
    // Slot 0
    address token;
    uint48 lastEnrolBlock;
    uint32 enrolledCount;
    // Slot 1
    uint96 minWei;
    uint96 capWei;
}

/// @notice Those who enrolled for one draw, and those drawn so far.
struct DrawPool {
    PoolState state;
    /// @dev Indices of the entries drawn, in the order of the draws.
    uint32[] drawn;
    mapping(uint256 index => DrawEntry) entries;
    mapping(address account => Enrolment) enrolments;
}

/// @notice Where a task's draw stands: one storage slot.
/// @dev enrolment -> round 1 -> .. -> round 1 + maxRedraws -> isOpen
struct TaskSeats {
    /// @dev First block whose hash may give the next draw; also the last block of the holders' turn. Zero if there is no draw.
    uint48 drawBlock;
    uint48 commitDeadline;
    uint32 turnBlocks;
    uint8 seats;
    uint8 maxRedraws;
    /// @dev Draws so far.
    uint8 round;
    /// @dev Whether everybody enrolled may commit.
    bool isOpen;
}

/// @notice A committee, without those enrolled: two storage slots.
struct Committee {
    // Slot 0
    /// @dev Who opened the committee, may slash its members, and may dissolve it; zero if there is none.
    address controller;
    /// @dev First block whose hash may give the draw.
    uint48 drawBlock;
    /// @dev Last timestamp at which the committee is one; zero once dissolved.
    uint48 endsAt;
    // Slot 1
    uint8 seats;
}

/// @title DrawPoolLib
/// @notice Enrolling, drawing and leaving, the same for tasks and committees.
library DrawPoolLib {
    using SafeCast for uint256;

    /// @dev Blocks between the last enrolment and the block that draws: longer than reorganisations usually are.
    uint256 internal constant DRAW_DELAY_BLOCKS = 8;

    /// @notice What an offered stake counts: min(stake, cap). Reputation would enter here as a factor 1 + bonus; there is
    ///         none, so the bonus is zero.
    function weightOf(uint256 stakeWei, uint256 capWei) internal pure returns (uint256) {
        return Math.min(stakeWei, capWei);
    }

    /// @notice Opens a pool for `enrolBlocks` blocks after the current one.
    /// @return drawBlock First block whose hash may give the draw.
    function open(
        DrawPool storage self,
        address token,
        uint96 minWei,
        uint96 capWei,
        uint256 enrolBlocks
    ) internal returns (uint48 drawBlock) {
        if (minWei == 0 || minWei > capWei) revert IDrawPool.DrawPoolInvalidStakeRange(minWei, capWei);
        uint256 lastEnrolBlock = block.number + enrolBlocks;
        self.state = PoolState({
            token: token,
            lastEnrolBlock: lastEnrolBlock.toUint48(),
            enrolledCount: 0,
            minWei: minWei,
            capWei: capWei
        });
        return (lastEnrolBlock + DRAW_DELAY_BLOCKS).toUint48();
    }

    /// @notice Enrols `account`: locks what counts of its stake.
    function enrol(
        DrawPool storage self,
        IStakeVault vault,
        address account,
        uint256 stakeWei
    ) internal returns (uint256 weightWei, uint64 lockId) {
        PoolState storage state = self.state;
        uint256 lastEnrolBlock = state.lastEnrolBlock;
        if (block.number > lastEnrolBlock) revert IDrawPool.DrawPoolEnrolmentClosed(lastEnrolBlock, block.number);
        Enrolment storage e = self.enrolments[account];
        if (e.weightWei != 0) revert IDrawPool.DrawPoolAlreadyEnrolled(account);
        if (stakeWei < state.minWei) revert IDrawPool.DrawPoolStakeTooSmall(stakeWei, state.minWei);

        weightWei = weightOf(stakeWei, state.capWei);
        uint32 count = state.enrolledCount;
        WeightedDraw.append(self.entries, count, account, weightWei);
        state.enrolledCount = count + 1;
        // Not above the cap, which has 96 bits.
        e.weightWei = uint96(weightWei);
        // The vault calls nobody, and its lock id belongs to the record: so the interaction is not last here.
        lockId = vault.lock(account, state.token, weightWei);
        e.lockId = lockId;
    }

    /// @notice Draws up to `seats` accounts that were not drawn before, fewer if no more are left.
    /// @param round Number of this draw, from 1.
    function draw(
        DrawPool storage self,
        bytes32 seed,
        uint256 seats,
        uint8 round
    ) internal returns (address[] memory accounts) {
        uint256 count = Math.min(seats, self.undrawnCount());
        uint256[] memory indices = WeightedDraw.draw(
            self.entries,
            self.state.enrolledCount,
            self.drawn,
            count,
            seed
        );
        accounts = new address[](count);
        for (uint256 i = 0; i < count; ++i) {
            address account = self.entries[indices[i]].account;
            accounts[i] = account;
            self.enrolments[account].round = round;
            // Below enrolledCount, which has 32 bits.
            self.drawn.push(uint32(indices[i]));
        }
    }

    /// @notice Takes note that `account` leaves with its stake; the caller releases the lock.
    function leave(DrawPool storage self, address account) internal returns (uint64 lockId) {
        Enrolment storage e = self.enrolments[account];
        lockId = e.lockId;
        if (lockId == 0) revert IDrawPool.DrawPoolNotEnrolled(account);
        e.lockId = 0;
    }

    /// @notice Enrolments that no draw has chosen yet.
    function undrawnCount(DrawPool storage self) internal view returns (uint256) {
        return self.state.enrolledCount - self.drawn.length;
    }

    /// @notice The account that was drawn as number `position`, from 0.
    function drawnAccount(DrawPool storage self, uint256 position) internal view returns (address) {
        return self.entries[self.drawn[position]].account;
    }

    /// @notice All accounts drawn so far, in order.
    function drawnAccounts(DrawPool storage self) internal view returns (address[] memory accounts) {
        accounts = new address[](self.drawn.length);
        for (uint256 i = 0; i < accounts.length; ++i) accounts[i] = self.drawnAccount(i);
    }
}
