// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title ITaskMarketAdmin
/// @notice What the owner of the market may do: stop new work, and set the fee of future tasks.
///
/// Assumes
/// - The owner is a timelock, so that everybody sees a change before it holds.
///
/// Guarantees
/// - The owner reaches no money but the fees credited to its recipient: no escrow, no credit, no stake.
/// - A task keeps the fee it was posted under, at most `MAX_FEE_BPS`, taken from what winners are paid and never from
///   refunds. Where fees go may change at any time.
/// - A pause stops `post` and `postWithRules`, and commitments to tasks without assignment, since these lock stake anew. It
///   stops nothing else: whoever an assignment has chosen commits, and everybody proves, settles, claims and leaves.
///
/// Ownership moves in two steps (OpenZeppelin's `Ownable2Step`).
interface ITaskMarketAdmin {
    /// @notice Tasks posted from now on pay `feeBps` of each winner's credit to `feeRecipient`, which also gets the fees of
    ///         tasks posted before.
    event FeeSet(uint256 feeBps, address feeRecipient);

    /// @notice The address is zero.
    error TaskMarketZeroAddress();
    /// @notice The fee is above the limit.
    error TaskMarketFeeTooHigh(uint256 feeBps, uint256 limitBps);

    /// @notice Stops new tasks and new locks. Owner only.
    function pause() external;

    /// @notice Ends a pause. Owner only.
    function unpause() external;

    /// @notice Sets the fee of tasks posted from now on, and where fees go. Owner only.
    /// @param feeBps At most `MAX_FEE_BPS`.
    /// @param feeRecipient Not zero.
    function setFee(uint256 feeBps, address feeRecipient) external;

    /// @notice Most the fee can ever be, in hundredths of a percent.
    function MAX_FEE_BPS() external view returns (uint256);

    /// @notice Fee of the next task posted, in hundredths of a percent.
    function feeBps() external view returns (uint16);

    /// @notice Account that fees are credited to.
    function feeRecipient() external view returns (address);
}
