// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITaskAssignment} from "../interfaces/ITaskAssignment.sol";
import {ITestSetSeal} from "../interfaces/ITestSetSeal.sol";
import {ITrainingAudit} from "../interfaces/ITrainingAudit.sol";
import {SealTerms} from "./Seal.sol";
import {RewardSplit} from "./Task.sol";
import {TrainingTerms} from "./Training.sol";

/// @notice Contracts a task hands decisions to, each with its terms; the zero address leaves a rule out.
struct TaskRules {
    /// @dev Decides who may commit; without it everybody may.
    ITaskAssignment assignment;
    /// @dev Terms in the encoding of the assignment contract.
    bytes assignmentTerms;
    /// @dev Decides when proofs are accepted, because the test set is hidden until everybody has committed.
    ITestSetSeal seal;
    SealTerms sealTerms;
    /// @dev Decides whose training run passes.
    ITrainingAudit trainingAudit;
    TrainingTerms trainingTerms;
}

/// @notice What the contracts behind a task's rules are told about the task when it is posted.
struct TaskFrame {
    address poster;
    /// @dev Token of the reward; the zero address is the native coin.
    address rewardToken;
    /// @dev Escrowed reward in the smallest unit of its token.
    uint96 rewardWei;
    address stakeToken;
    uint48 commitDeadline;
    uint48 proveDeadline;
    uint16 maxProvers;
    RewardSplit split;
    /// @dev Provers that share the reward of a first-valid task; 1 for the other splits.
    uint16 winners;
    /// @dev Data points of the test set.
    uint8 shardCount;
    /// @dev Whether the test set is sealed.
    bool isSealed;
}
