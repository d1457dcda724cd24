// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Federation, RoundState} from "../../../contracts/types/Federation.sol";
import {FederationInvariants} from "./FederationInvariants.sol";

/// @title FederationWithdrawal
/// @notice The end of every run: what is running ends by anybody's calls, and everybody takes out everything.
abstract contract FederationWithdrawal is FederationInvariants {
    /// @dev A round has at most one more masking and one more leader a place, and the parts before them.
    uint256 private constant MOST_STEPS = 40;

    /// @notice Nothing is left.
    function _withdrawEverything() internal {
        address[] memory accounts = _handler.accounts();
        for (uint256 id = 1; id <= _rounds.federationCount(); ++id) _endFederation(id, accounts.length);
        address[2] memory tokens = _handler.tokens();
        for (uint256 k = 0; k < tokens.length; ++k) {
            address token = tokens[k];
            for (uint256 i = 0; i < accounts.length; ++i) {
                _handler.withdraw(i, k);
                _handler.withdrawStake(i, k, _vault.balanceOf(accounts[i], token).freeWei);
                if (_vault.creditOf(accounts[i], token) == 0) continue;
                CHEATS.prank(accounts[i]);
                _vault.withdrawCredit(token);
            }
            if (_vault.creditOf(_vault.BURN_ADDRESS(), token) > 0) _vault.burnSlashed(token);
            assertEqual(_handler.balanceOf(token, address(_rounds)), 0, "residue in the rounds");
            assertEqual(_handler.balanceOf(token, address(_vault)), 0, "residue in the vault");
        }
    }

    function _endFederation(uint256 id, uint256 accountCount) private {
        for (uint256 i = 0; i < MOST_STEPS && _isRunning(id); ++i) {
            CHEATS.warp(block.timestamp + 1 days);
            _handler.wait(id - 1);
        }
        assertTrue(!_isRunning(id), "every round ends by calls that anybody can make");
        _handler.claimTogether(id - 1);
        for (uint256 i = 0; i < accountCount; ++i) _handler.leave(id - 1, i);
        CHEATS.warp(block.timestamp + 1);
        _handler.close(id - 1, true);
        Federation memory f = _rounds.federation(id);
        assertTrue(f.isClosed, "every federation can be closed");
    }

    function _isRunning(uint256 id) private view returns (bool) {
        RoundState state = _rounds.stateOf(id, _rounds.federation(id).round);
        return state != RoundState.None && state < RoundState.Final;
    }
}
