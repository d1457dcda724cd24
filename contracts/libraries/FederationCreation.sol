// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {ICircuitRegistry} from "../interfaces/ICircuitRegistry.sol";
import {IFederations} from "../interfaces/IFederations.sol";
import {Federation, FederationSpec, FederationTiming, MaskKey} from "../types/Federation.sol";
import {BabyJubjub} from "./BabyJubjub.sol";
import {Bn254} from "./Bn254.sol";
import {DataPoints} from "./DataPoints.sol";
import {GlobalModel} from "./GlobalModel.sol";
import {RoundStatement} from "./RoundStatement.sol";
import {Token} from "./Token.sol";

/// @title FederationCreation
/// @notice What becomes of a sponsor's wishes: checks, and the federation as stored.
/// @dev A contract of its own, which `FederatedRounds` calls into with its own storage: together they exceed the size of a
///      contract.
library FederationCreation {
    using GlobalModel for Federation;
    using SafeCast for uint256;

    /// @notice Fewer members do not hide a model.
    uint256 internal constant MIN_PLACES = 3;

    /// @notice Most places of a roster.
    /// @dev Bits of `Round.peerSet`; bounds every loop over places.
    uint256 internal constant MAX_PLACES = 16;

    /// @dev Most that a member's factor may be.
    uint256 private constant MAX_FACTOR = 255;

    /// @dev Bounds the gas of a score.
    uint256 private constant MAX_SHARDS = 16;

    /// @dev A longer part of a round can only be a mistake of units.
    uint256 private constant MAX_PART_SECONDS = 30 days;

    /// @notice Checks and stores a new federation of the caller, and announces it.
    function store(
        Federation storage self,
        uint256 federationId,
        FederationSpec calldata spec,
        ICircuitRegistry registry
    ) external {
        _requireValid(spec, registry);
        _store(self, spec, registry);
        self.set(0, spec.globalCommitment, spec.globalCorrect, keccak256(bytes(spec.globalUri)), msg.sender);
        emit IFederations.FederationCreated(federationId, msg.sender, spec);
    }

    /// @notice Adds the caller's money to the pool.
    /// @param valueWei Native coin that was sent.
    function fund(
        Federation storage self,
        uint256 federationId,
        uint256 amountWei,
        uint256 valueWei
    ) external {
        if (amountWei == 0) revert IFederations.FederationZeroAmount();
        address token = self.rewardToken;
        uint256 requiredWei = token == Token.NATIVE ? amountWei : 0;
        if (valueWei != requiredWei) revert IFederations.FederationValueMismatch(valueWei, requiredWei);

        self.poolWei = (self.poolWei + amountWei).toUint128();
        emit IFederations.FederationFunded(federationId, msg.sender, amountWei);

        if (token != Token.NATIVE) {
            uint256 receivedWei = Token.pull(token, amountWei);
            if (receivedWei != amountWei) {
                revert IFederations.FederationTransferMismatch(token, receivedWei, amountWei);
            }
        }
    }

    /// @notice Reverts unless a mask key is of prime order, as `BabyJubjub.isKey` says.
    function requireKey(MaskKey calldata key, MaskKey calldata eighth) external pure {
        if (!BabyJubjub.isKey(key, eighth)) revert IFederations.FederationInvalidKey(key.x, key.y);
    }

    /// @notice Reverts unless a commitment or digest is a field element other than zero.
    function requireFieldElement(uint256 value) internal pure {
        if (value == 0 || value >= Bn254.SCALAR_FIELD_ORDER) revert IFederations.FederationNotInField(value);
    }

    function _requireValid(FederationSpec calldata spec, ICircuitRegistry registry) private view {
        _requireKey(registry, spec.scoreKeyId, RoundStatement.SCORE_LENGTH);
        _requireKey(registry, spec.maskKeyId, RoundStatement.MASK_LENGTH);
        uint256 vectors = _vectorsOf(registry, spec.aggregateKeyId);
        uint256 limit = Math.min(vectors, MAX_PLACES);
        if (spec.places < MIN_PLACES || spec.places > limit) {
            revert IFederations.FederationInvalidPlaces(spec.places, limit);
        }
        if (spec.maxFactorSum < spec.places) {
            revert IFederations.FederationInvalidFactorSum(spec.maxFactorSum, spec.places);
        }
        requireFieldElement(spec.architectureId);
        requireFieldElement(spec.emptyVectorDigest);
        requireFieldElement(spec.globalCommitment);
        uint256 shards = spec.dataPoints.length;
        if (shards == 0 || shards > MAX_SHARDS)
            revert IFederations.FederationInvalidShardCount(shards, MAX_SHARDS);
        if (spec.sampleCount == 0 || spec.globalCorrect > spec.sampleCount) {
            revert IFederations.FederationInvalidCounts(spec.globalCorrect, spec.sampleCount);
        }
        if (spec.maxRounds == 0) revert IFederations.FederationZeroAmount();
        _requireTiming(spec.timing);
        if (spec.bondWei == 0 || spec.bondWei > spec.minStakeWei || spec.minStakeWei > spec.capWei) {
            revert IFederations.FederationInvalidStakeRange(spec.bondWei, spec.minStakeWei, spec.capWei);
        }
    }

    function _requireTiming(FederationTiming calldata timing) private pure {
        uint32[6] memory parts = [
            timing.trainSeconds,
            timing.commitSeconds,
            timing.proveSeconds,
            timing.maskSeconds,
            timing.takeSeconds,
            timing.leadSeconds
        ];
        for (uint256 i = 0; i < parts.length; ++i) {
            if (parts[i] == 0 || parts[i] > MAX_PART_SECONDS) {
                revert IFederations.FederationInvalidSeconds(parts[i], MAX_PART_SECONDS);
            }
        }
    }

    function _requireKey(ICircuitRegistry registry, bytes32 keyId, uint256 required) private view {
        if (!registry.keyExists(keyId)) revert IFederations.FederationUnknownKey(keyId);
        uint256 length = registry.statementLengthOf(keyId);
        if (length != required) revert IFederations.FederationStatementLength(keyId, length, required);
    }

    /// @dev Vectors that the statement of a key for aggregates names.
    function _vectorsOf(ICircuitRegistry registry, bytes32 keyId) private view returns (uint256) {
        if (!registry.keyExists(keyId)) revert IFederations.FederationUnknownKey(keyId);
        uint256 length = registry.statementLengthOf(keyId);
        uint256 least = RoundStatement.AGGREGATE_LENGTH + MIN_PLACES;
        if (length < least) revert IFederations.FederationStatementLength(keyId, length, least);
        return length - RoundStatement.AGGREGATE_LENGTH;
    }

    function _store(Federation storage f, FederationSpec calldata spec, ICircuitRegistry registry) private {
        f.sponsor = msg.sender;
        f.toleranceCount = spec.toleranceCount;
        f.bandCount = spec.bandCount;
        f.places = spec.places;
        f.vectors = uint8(_vectorsOf(registry, spec.aggregateKeyId));
        // The factors of a full roster must not exceed the sum. At most 255.
        f.maxFactor = uint8(Math.min(MAX_FACTOR, spec.maxFactorSum / spec.places));
        f.keepBetter = spec.keepBetter;
        f.dataPointer = DataPoints.store(spec.dataPoints);
        f.sampleCount = spec.sampleCount;
        f.maxRounds = spec.maxRounds;
        f.timing = spec.timing;
        f.stakeToken = spec.stakeToken;
        f.minStakeWei = spec.minStakeWei;
        f.rewardToken = spec.rewardToken;
        f.rewardWei = spec.rewardWei;
        f.capWei = spec.capWei;
        f.bondWei = spec.bondWei;
        f.lastEndedAt = uint48(block.timestamp);
        f.scoreKeyId = spec.scoreKeyId;
        f.maskKeyId = spec.maskKeyId;
        f.aggregateKeyId = spec.aggregateKeyId;
        f.emptyVectorDigest = spec.emptyVectorDigest;
    }
}
