// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Federation, FederationMember, FederationSpec, MaskKey} from "../types/Federation.sol";
import {G1Point} from "../types/Proof.sol";
import {ICircuitRegistry} from "./ICircuitRegistry.sol";
import {IStakeVault} from "./IStakeVault.sol";

/// @title IFederations
/// @notice Federations, their members with stake and mask keys, and their money; the rounds are in `IFederatedRounds`.
///
/// Money:
///
///     in      fund      anybody, into the pool
///     pool    round     the round's reward, when its model becomes the global one and somebody improved on the last
///     round   member    `claim`: pro rata to improvement; all parts together are the reward
///     pool    sponsor   `close`: what no round was given
///     credit  account   `withdraw`
///
/// Stake stays in the vault; it is locked from `join` to `leave`, and only a leader's bond can be slashed.
interface IFederations {
    /* EVENTS */

    /// @notice A federation was created.
    event FederationCreated(uint256 indexed federationId, address indexed sponsor, FederationSpec spec);
    /// @notice Reward money was added to the pool.
    event FederationFunded(uint256 indexed federationId, address indexed account, uint256 amountWei);
    /// @notice No more rounds start; `amountWei` of the pool was credited to the sponsor.
    event FederationClosed(uint256 indexed federationId, uint256 amountWei);
    /// @notice An account became a member, with `weightWei` of stake locked, and may commit from round `firstRound` on.
    event MemberJoined(
        uint256 indexed federationId,
        address indexed member,
        MaskKey key,
        uint256 weightWei,
        uint256 lockId,
        uint256 firstRound
    );
    /// @notice A member left, and its stake was released.
    event MemberLeft(uint256 indexed federationId, address indexed member, uint256 lockId);
    /// @notice `amountWei` may be withdrawn by `account`.
    event FederationCredited(
        uint256 indexed federationId,
        address indexed account,
        address token,
        uint256 amountWei
    );
    /// @notice A credit was paid out.
    event FederationCreditWithdrawn(address indexed account, address indexed token, uint256 amountWei);

    /* ERRORS */

    /// @notice An address is zero.
    error FederationZeroAddress();
    /// @notice An amount is zero.
    error FederationZeroAmount();
    /// @notice No federation has this id.
    error FederationUnknown(uint256 federationId);
    /// @notice The registry has no such key.
    error FederationUnknownKey(bytes32 keyId);
    /// @notice The key's statement has another length than its use asks for.
    error FederationStatementLength(bytes32 keyId, uint256 length, uint256 required);
    /// @notice A model commitment or the architecture is not a field element other than zero.
    error FederationNotInField(uint256 value);
    /// @notice There are more or fewer shards than allowed.
    error FederationInvalidShardCount(uint256 count, uint256 limit);
    /// @notice Counts of samples are above those of the test set, which has at least one.
    error FederationInvalidCounts(uint256 count, uint256 sampleCount);
    /// @notice There are more or fewer places than allowed: from three to as many as an aggregate takes vectors, at most 16.
    error FederationInvalidPlaces(uint256 places, uint256 limit);
    /// @notice The sum of factors leaves not even a factor of one for each place.
    error FederationInvalidFactorSum(uint256 maxFactorSum, uint256 places);
    /// @notice A part of a round is too short or too long.
    error FederationInvalidSeconds(uint256 seconds_, uint256 limit);
    /// @notice Bond, least stake and cap are not in this order, or the bond is zero.
    error FederationInvalidStakeRange(uint256 bondWei, uint256 minStakeWei, uint256 capWei);
    /// @notice The native coin sent is not what was declared (zero for ERC-20).
    error FederationValueMismatch(uint256 sentWei, uint256 requiredWei);
    /// @notice The token credited another amount than was transferred.
    error FederationTransferMismatch(address token, uint256 receivedWei, uint256 requiredWei);
    /// @notice The federation is closed.
    error FederationIsClosed(uint256 federationId);
    /// @notice Only the sponsor may.
    error FederationNotSponsor(uint256 federationId, address account);
    /// @notice The federation may still have rounds.
    error FederationStillOpen(uint256 federationId);
    /// @notice The account is a member already.
    error FederationAlreadyMember(uint256 federationId, address account);
    /// @notice The account is not a member.
    error FederationNotMember(uint256 federationId, address account);
    /// @notice The stake is below the least one.
    error FederationStakeTooSmall(uint256 stakeWei, uint256 minStakeWei);
    /// @notice The key is not a point of prime order, or not eight times the other point.
    error FederationInvalidKey(uint256 x, uint256 y);
    /// @notice Another account registered the key before.
    error FederationKeyTaken(uint256 federationId, uint256 x, uint256 y);
    /// @notice The member committed in the running round.
    error FederationMemberBusy(uint256 federationId, address member, uint256 round);
    /// @notice There is nothing to withdraw.
    error FederationNothingToWithdraw(address account, address token);

    /* SPONSOR ACTIONS */

    /// @notice Creates a federation with the caller as its sponsor, who has no power over it but to close it at its end.
    function create(FederationSpec calldata spec) external returns (uint256 federationId);

    /// @notice Closes a federation without a running round whose rounds are used up, or that had none for `IDLE_SECONDS`; the
    ///         pool is the sponsor's.
    function close(uint256 federationId) external;

    /* MEMBERS' ACTIONS */

    /// @notice Makes the caller a member from the next round on; this contract must be an approved locker of its stake.
    /// @param stakeWei At least the least stake; what is above the cap is not locked.
    /// @param key For the masks of this federation only, different from all others'.
    /// @param eighth The point whose eighth multiple `key` is: its multiple by 1/8 modulo the subgroup's order.
    function join(
        uint256 federationId,
        uint256 stakeWei,
        MaskKey calldata key,
        MaskKey calldata eighth
    ) external;

    /// @notice Ends the caller's membership and releases its stake, unless it committed in a running round.
    function leave(uint256 federationId) external;

    /* ANYBODY'S ACTIONS */

    /// @notice Adds to a federation's pool.
    function fund(uint256 federationId, uint256 amountWei) external payable;

    /// @notice Pays out the caller's credit.
    function withdraw(address token) external;

    /* VIEWS */

    /// @notice The registry that checks proofs.
    function registry() external view returns (ICircuitRegistry);

    /// @notice The vault that holds the stakes.
    function vault() external view returns (IStakeVault);

    /// @notice Federations so far; ids count from 1.
    function federationCount() external view returns (uint256);

    /// @notice Seconds without a round after which a federation may be closed.
    function IDLE_SECONDS() external view returns (uint256);

    /// @notice A federation as stored.
    function federation(uint256 federationId) external view returns (Federation memory);

    /// @notice The points of the test set's shards.
    function dataPointsOf(uint256 federationId) external view returns (G1Point[] memory);

    /// @notice A member as stored.
    function memberOf(uint256 federationId, address account) external view returns (FederationMember memory);

    /// @notice Who registered a mask key; zero if nobody did.
    function keyOwnerOf(uint256 federationId, MaskKey calldata key) external view returns (address);

    /// @notice What an account may withdraw.
    function creditOf(address account, address token) external view returns (uint256);

    /// @notice The word that names chain, contract and federation in nullifiers and masks.
    function federationWord(uint256 federationId) external view returns (uint256);
}
