// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SealTerms} from "../types/Seal.sol";
import {TaskFrame} from "../types/TaskRules.sol";

/// @title StubSeal
/// @notice Stands in for the seal of a test set: answers what it was told to, and keeps what the market told it.
contract StubSeal {
    bool public reverts;
    mapping(uint256 taskId => bool) private _isRevealed;
    mapping(uint256 taskId => bool) private _hasForfeited;
    mapping(uint256 taskId => TaskFrame) private _frames;
    mapping(uint256 taskId => SealTerms) private _terms;

    error StubSealReverts();

    function open(uint256 taskId, TaskFrame calldata frame, SealTerms calldata terms) external {
        _frames[taskId] = frame;
        _terms[taskId] = terms;
    }

    function reveal(uint256 taskId) external {
        _isRevealed[taskId] = true;
    }

    function forfeit(uint256 taskId) external {
        _hasForfeited[taskId] = true;
    }

    /// @notice From now on every question is answered with a revert.
    function breakDown() external {
        reverts = true;
    }

    function isRevealed(uint256 taskId) external view returns (bool) {
        if (reverts) revert StubSealReverts();
        return _isRevealed[taskId];
    }

    function hasForfeited(uint256 taskId) external view returns (bool) {
        if (reverts) revert StubSealReverts();
        return _hasForfeited[taskId];
    }

    function frameOf(uint256 taskId) external view returns (TaskFrame memory) {
        return _frames[taskId];
    }

    function termsOf(uint256 taskId) external view returns (SealTerms memory) {
        return _terms[taskId];
    }
}
