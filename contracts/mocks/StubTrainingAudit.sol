// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TrainingTerms} from "../types/Training.sol";

/// @title StubTrainingAudit
/// @notice Stands in for the training audit where audits are not the subject: runs pass and fail as told.
contract StubTrainingAudit {
    mapping(uint256 taskId => mapping(address prover => bool)) public hasPassed;
    mapping(uint256 taskId => mapping(address prover => bool)) public hasFailed;
    mapping(uint256 taskId => mapping(address prover => bytes32)) public traceRootOf;

    uint256 public openCount;

    function open(uint256, uint256, uint256, TrainingTerms calldata) external {
        ++openCount;
    }

    function begin(uint256 taskId, address prover, bytes32 traceRoot) external {
        traceRootOf[taskId][prover] = traceRoot;
    }

    function pass(uint256 taskId, address prover) external {
        hasPassed[taskId][prover] = true;
    }

    function fail(uint256 taskId, address prover) external {
        hasFailed[taskId][prover] = true;
    }
}
