// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SealTerms} from "../types/Seal.sol";
import {TaskFrame} from "../types/TaskRules.sol";

/// @title StubTestSetSeal
/// @notice Stands in for the seal where sealed test sets are not the subject: reveals and forfeits as told.
contract StubTestSetSeal {
    mapping(uint256 taskId => bool) public isRevealed;
    mapping(uint256 taskId => bool) public hasForfeited;

    uint256 public openCount;

    function open(uint256, TaskFrame calldata, SealTerms calldata) external {
        ++openCount;
    }

    function reveal(uint256 taskId) external {
        isRevealed[taskId] = true;
    }

    function forfeit(uint256 taskId) external {
        hasForfeited[taskId] = true;
    }
}
