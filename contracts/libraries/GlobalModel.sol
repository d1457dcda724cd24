// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Federation} from "../types/Federation.sol";

/// @title GlobalModel
/// @notice The chain of records of a federation's global models.
library GlobalModel {
    /// @notice Makes a model the global one, and continues the chain.
    function set(
        Federation storage self,
        uint256 round,
        uint256 globalCommitment,
        uint32 globalCorrect,
        bytes32 globalUriHash,
        address leader
    ) internal returns (bytes32 recordHash) {
        recordHash = keccak256(
            abi.encode(self.recordHash, round, globalCommitment, globalUriHash, leader, globalCorrect)
        );
        self.globalCommitment = globalCommitment;
        self.globalCorrect = globalCorrect;
        self.recordHash = recordHash;
    }
}
