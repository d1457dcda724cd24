// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {ICircuitRegistry} from "./interfaces/ICircuitRegistry.sol";
import {IFederations} from "./interfaces/IFederations.sol";
import {IStakeVault} from "./interfaces/IStakeVault.sol";
import {DataPoints} from "./libraries/DataPoints.sol";
import {FederationCreation} from "./libraries/FederationCreation.sol";
import {RoundStatement} from "./libraries/RoundStatement.sol";
import {Token} from "./libraries/Token.sol";
import {Federation, FederationMember, FederationSpec, MaskKey} from "./types/Federation.sol";
import {G1Point} from "./types/Proof.sol";

/// @title Federations
/// @notice Assumptions, guarantees and the ways of money are in `IFederations` and `IFederatedRounds`.
abstract contract Federations is IFederations, ReentrancyGuardTransient {
    using FederationCreation for Federation;

    /* CONSTANTS */

    /// @inheritdoc IFederations
    uint256 public constant IDLE_SECONDS = 30 days;

    /* STORAGE */

    /// @inheritdoc IFederations
    ICircuitRegistry public immutable registry;

    /// @inheritdoc IFederations
    IStakeVault public immutable vault;

    /// @inheritdoc IFederations
    uint256 public federationCount;

    mapping(uint256 federationId => Federation) internal _federations;
    mapping(uint256 federationId => mapping(address account => FederationMember)) internal _members;
    /// @dev By the hash of the key. Keys stay their first owner's, so that nobody can take over those of who left.
    mapping(uint256 federationId => mapping(bytes32 keyHash => address)) private _keyOwners;
    mapping(address account => mapping(address token => uint256)) private _credits;

    constructor(ICircuitRegistry registry_, IStakeVault vault_) {
        if (address(registry_) == address(0) || address(vault_) == address(0)) revert FederationZeroAddress();
        registry = registry_;
        vault = vault_;
    }

    /* SPONSOR ACTIONS */

    /// @inheritdoc IFederations
    function create(FederationSpec calldata spec) external returns (uint256 federationId) {
        federationId = ++federationCount;
        _federations[federationId].store(federationId, spec, registry);
    }

    /// @inheritdoc IFederations
    function close(uint256 federationId) external nonReentrant {
        Federation storage f = _openFederation(federationId);
        if (msg.sender != f.sponsor) revert FederationNotSponsor(federationId, msg.sender);
        bool isOver = f.round == f.maxRounds || block.timestamp > f.lastEndedAt + IDLE_SECONDS;
        if (!isOver || _isRunning(federationId, f.round)) revert FederationStillOpen(federationId);

        uint256 amountWei = f.poolWei;
        f.poolWei = 0;
        f.isClosed = true;
        emit FederationClosed(federationId, amountWei);
        _credit(federationId, f.rewardToken, msg.sender, amountWei);
    }

    /* MEMBERS' ACTIONS */

    /// @inheritdoc IFederations
    function join(
        uint256 federationId,
        uint256 stakeWei,
        MaskKey calldata key,
        MaskKey calldata eighth
    ) external nonReentrant {
        Federation storage f = _openFederation(federationId);
        FederationMember storage m = _members[federationId][msg.sender];
        if (m.lockId != 0) revert FederationAlreadyMember(federationId, msg.sender);
        if (stakeWei < f.minStakeWei) revert FederationStakeTooSmall(stakeWei, f.minStakeWei);
        FederationCreation.requireKey(key, eighth);
        bytes32 keyHash = keccak256(abi.encode(key));
        address keyOwner = _keyOwners[federationId][keyHash];
        if (keyOwner != address(0) && keyOwner != msg.sender) {
            revert FederationKeyTaken(federationId, key.x, key.y);
        }

        // Not above the cap, which has 96 bits.
        uint96 weightWei = uint96(Math.min(stakeWei, f.capWei));
        // Who sits out rounds does so whether it leaves or stays.
        uint32 firstRound = uint32(Math.max(f.round + 1, m.firstRound));
        _keyOwners[federationId][keyHash] = msg.sender;
        m.weightWei = weightWei;
        m.firstRound = firstRound;
        m.lastRound = 0;
        m.key = key;
        // The vault calls nobody, and its lock id belongs to the record: so the interaction is not last here.
        uint64 lockId = vault.lock(msg.sender, f.stakeToken, weightWei);
        m.lockId = lockId;
        emit MemberJoined(federationId, msg.sender, key, weightWei, lockId, firstRound);
    }

    /// @inheritdoc IFederations
    function leave(uint256 federationId) external nonReentrant {
        FederationMember storage m = _members[federationId][msg.sender];
        uint64 lockId = m.lockId;
        if (lockId == 0) revert FederationNotMember(federationId, msg.sender);
        Federation storage f = _federations[federationId];
        uint256 round = f.round;
        if (round != 0 && m.lastRound == round && _isRunning(federationId, round)) {
            revert FederationMemberBusy(federationId, msg.sender, round);
        }

        m.lockId = 0;

        emit MemberLeft(federationId, msg.sender, lockId);

        vault.release(f.stakeToken, lockId);
    }

    /* ANYBODY'S ACTIONS */

    /// @inheritdoc IFederations
    function fund(uint256 federationId, uint256 amountWei) external payable nonReentrant {
        _openFederation(federationId).fund(federationId, amountWei, msg.value);
    }

    /// @inheritdoc IFederations
    function withdraw(address token) external nonReentrant {
        uint256 amountWei = _credits[msg.sender][token];
        if (amountWei == 0) revert FederationNothingToWithdraw(msg.sender, token);

        _credits[msg.sender][token] = 0;
        emit FederationCreditWithdrawn(msg.sender, token, amountWei);

        Token.pay(token, msg.sender, amountWei);
    }

    /* VIEWS */

    /// @inheritdoc IFederations
    function federation(uint256 federationId) external view returns (Federation memory) {
        return _federations[federationId];
    }

    /// @inheritdoc IFederations
    function dataPointsOf(uint256 federationId) external view returns (G1Point[] memory) {
        address pointer = _federations[federationId].dataPointer;
        return pointer == address(0) ? new G1Point[](0) : DataPoints.load(pointer);
    }

    /// @inheritdoc IFederations
    function memberOf(uint256 federationId, address account) external view returns (FederationMember memory) {
        return _members[federationId][account];
    }

    /// @inheritdoc IFederations
    function keyOwnerOf(uint256 federationId, MaskKey calldata key) external view returns (address) {
        return _keyOwners[federationId][keccak256(abi.encode(key))];
    }

    /// @inheritdoc IFederations
    function creditOf(address account, address token) external view returns (uint256) {
        return _credits[account][token];
    }

    /// @inheritdoc IFederations
    function federationWord(uint256 federationId) public view returns (uint256) {
        return RoundStatement.federationWord(federationId);
    }

    /* INTERNAL */

    /// @dev Whether a round has started and not ended.
    function _isRunning(uint256 federationId, uint256 round) internal view virtual returns (bool);

    /// @dev A federation that exists and is not closed.
    function _openFederation(uint256 federationId) internal view returns (Federation storage f) {
        f = _federations[federationId];
        if (f.sponsor == address(0)) revert FederationUnknown(federationId);
        if (f.isClosed) revert FederationIsClosed(federationId);
    }

    function _credit(uint256 federationId, address token, address account, uint256 amountWei) internal {
        if (amountWei == 0) return;
        _credits[account][token] += amountWei;
        emit FederationCredited(federationId, account, token, amountWei);
    }
}
