// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {ICircuitRegistry} from "../interfaces/ICircuitRegistry.sol";
import {ITaskMarket} from "../interfaces/ITaskMarket.sol";
import {RewardSplit, Task, TaskSpec, TaskState} from "../types/Task.sol";
import {TaskFrame, TaskRules} from "../types/TaskRules.sol";
import {Bn254} from "./Bn254.sol";
import {DataPoints} from "./DataPoints.sol";
import {Statement} from "./Statement.sol";
import {Token} from "./Token.sol";

/// @title TaskPosting
/// @notice What becomes of a poster's wishes: checks, the task as stored, and what the contracts behind its rules are told.
/// @dev A contract of its own, which the market calls into with its own storage: together they exceed the size of a contract.
library TaskPosting {
    using SafeCast for uint256;

    /// @notice Latest prove deadline, in seconds from posting.
    uint256 internal constant MAX_TASK_SECONDS = 365 days;

    /// @notice Most provers a task may allow.
    /// @dev Nothing loops over provers; the limit keeps the remainder of a division of the reward negligible.
    uint256 internal constant MAX_PROVERS = 1_000;

    /// @notice Most shards of a test set.
    /// @dev Bits of `Submission.provenShards`.
    uint256 internal constant MAX_SHARDS = 64;

    /// @notice Checks and stores a new task of the caller, and announces it.
    /// @param valueWei Native coin that was sent.
    /// @param feeBps Fee of the task.
    function store(
        Task storage self,
        uint256 taskId,
        TaskSpec calldata spec,
        ICircuitRegistry registry,
        uint256 valueWei,
        uint16 feeBps
    ) external {
        _requireValid(spec, registry, valueWei);
        _store(self, spec, feeBps);
        emit ITaskMarket.TaskPosted(taskId, msg.sender, spec.keyId, spec);
    }

    /// @notice Stores who decides about a new task, and gives each its terms.
    function openRules(
        Task storage self,
        uint256 taskId,
        TaskSpec calldata spec,
        TaskRules calldata rules
    ) external {
        self.assignment = address(rules.assignment);
        self.seal = address(rules.seal);
        self.trainingAudit = address(rules.trainingAudit);
        emit ITaskMarket.TaskRulesSet(
            taskId,
            address(rules.assignment),
            address(rules.seal),
            address(rules.trainingAudit)
        );
        TaskFrame memory frame = TaskFrame({
            poster: msg.sender,
            rewardToken: spec.rewardToken,
            rewardWei: uint96(spec.rewardWei),
            stakeToken: spec.stakeToken,
            commitDeadline: spec.commitDeadline,
            proveDeadline: spec.proveDeadline,
            maxProvers: spec.maxProvers,
            split: spec.split,
            winners: spec.winners,
            shardCount: uint8(spec.dataPoints.length),
            isSealed: address(rules.seal) != address(0)
        });
        if (address(rules.assignment) != address(0)) {
            rules.assignment.open(taskId, frame, rules.assignmentTerms);
        }
        if (frame.isSealed) rules.seal.open(taskId, frame, rules.sealTerms);
        if (address(rules.trainingAudit) != address(0)) {
            if (spec.stakeWei == 0) revert ITaskMarket.TaskMarketZeroStake();
            rules.trainingAudit.open(taskId, spec.commitDeadline, spec.proveDeadline, rules.trainingTerms);
        }
    }

    function _requireValid(TaskSpec calldata spec, ICircuitRegistry registry, uint256 valueWei) private view {
        uint256 requiredWei = spec.rewardToken == Token.NATIVE ? spec.rewardWei : 0;
        if (valueWei != requiredWei) revert ITaskMarket.TaskMarketValueMismatch(valueWei, requiredWei);
        if (!registry.keyExists(spec.keyId)) revert ITaskMarket.TaskMarketUnknownKey(spec.keyId);
        uint256 length = registry.statementLengthOf(spec.keyId);
        if (length != Statement.ACCURACY_LENGTH) {
            revert ITaskMarket.TaskMarketStatementLength(spec.keyId, length, Statement.ACCURACY_LENGTH);
        }
        uint256 shardCount = spec.dataPoints.length;
        if (shardCount == 0 || shardCount > MAX_SHARDS) {
            revert ITaskMarket.TaskMarketInvalidShardCount(shardCount, MAX_SHARDS);
        }
        if (spec.minCorrect == 0 || spec.minCorrect > spec.sampleCount) {
            revert ITaskMarket.TaskMarketInvalidThreshold(spec.minCorrect, spec.sampleCount);
        }
        if (spec.commitDeadline <= block.timestamp) {
            revert ITaskMarket.TaskMarketInvalidCommitDeadline(spec.commitDeadline, block.timestamp);
        }
        uint256 latest = block.timestamp + MAX_TASK_SECONDS;
        if (spec.proveDeadline <= spec.commitDeadline || spec.proveDeadline > latest) {
            revert ITaskMarket.TaskMarketInvalidProveDeadline(
                spec.proveDeadline,
                spec.commitDeadline,
                latest
            );
        }
        if (spec.maxProvers == 0 || spec.maxProvers > MAX_PROVERS) {
            revert ITaskMarket.TaskMarketInvalidMaxProvers(spec.maxProvers, MAX_PROVERS);
        }
        uint256 limit = spec.split == RewardSplit.FirstValid ? spec.maxProvers : 1;
        if (spec.winners == 0 || spec.winners > limit) {
            revert ITaskMarket.TaskMarketInvalidWinners(spec.winners, limit);
        }
        if (spec.rewardWei < spec.winners) revert ITaskMarket.TaskMarketZeroReward();
        if (spec.architectureId >= Bn254.SCALAR_FIELD_ORDER) {
            revert ITaskMarket.TaskMarketNotInField(spec.architectureId);
        }
    }

    function _store(Task storage self, TaskSpec calldata spec, uint16 feeBps) private {
        self.poster = msg.sender;
        self.state = TaskState.Posted;
        self.split = spec.split;
        self.maxProvers = spec.maxProvers;
        self.commitDeadline = spec.commitDeadline;
        self.proveDeadline = spec.proveDeadline;
        self.sampleCount = spec.sampleCount;
        self.minCorrect = spec.minCorrect;
        self.rewardToken = spec.rewardToken;
        self.rewardWei = spec.rewardWei.toUint96();
        self.stakeToken = spec.stakeToken;
        self.stakeWei = spec.stakeWei.toUint96();
        self.winners = spec.winners;
        self.feeBps = feeBps;
        self.shardCount = uint8(spec.dataPoints.length);
        self.dataPointer = DataPoints.store(spec.dataPoints);
        self.keyId = spec.keyId;
        self.architectureId = spec.architectureId;
        self.documentHash = spec.documentHash;
    }
}
