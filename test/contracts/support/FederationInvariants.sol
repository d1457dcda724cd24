// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FederatedRounds} from "../../../contracts/FederatedRounds.sol";
import {StakeVault} from "../../../contracts/StakeVault.sol";
import {
    Contribution,
    Federation,
    FederationMember,
    Place,
    Round,
    RoundState
} from "../../../contracts/types/Federation.sol";
import {StakeBalance} from "../../../contracts/types/Stake.sol";
import {FederationHandler} from "./FederationHandler.sol";
import {SolidityTest} from "./SolidityTest.sol";

/// @title FederationInvariants
/// @notice What holds of federations after any actions.
abstract contract FederationInvariants is SolidityTest {
    /// @dev What an action breaks stays broken, and the last look comes after the last action.
    uint256 private constant ACTIONS_PER_CHECK = 16;

    FederationHandler internal _handler;
    FederatedRounds internal _rounds;
    StakeVault internal _vault;

    /// @dev Runs a check after every sixteenth action.
    modifier sometimes() {
        if (_handler.actionCount() % ACTIONS_PER_CHECK == 0) _;
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    function _watch(FederationHandler handler) internal {
        _handler = handler;
        _rounds = handler.rounds();
        _vault = handler.vault();
    }

    /* MONEY */

    function _checkMoney() internal view {
        address[2] memory tokens = _handler.tokens();
        for (uint256 k = 0; k < tokens.length; ++k) {
            address token = tokens[k];
            uint256 heldWei = _handler.balanceOf(token, address(_rounds));
            assertEqual(heldWei, _owedWei(token), "what is held is what is owed");
            uint256 netWei = _handler.fundedWei(token) - _handler.withdrawnWei(token);
            assertEqual(heldWei, netWei, "what is held is what came in less what went out");
        }
    }

    function _owedWei(address token) private view returns (uint256 owedWei) {
        for (uint256 id = 1; id <= _rounds.federationCount(); ++id) {
            Federation memory f = _rounds.federation(id);
            if (f.rewardToken != token) continue;
            owedWei += f.poolWei;
            for (uint256 round = 1; round <= f.round; ++round)
                owedWei += _unclaimedWei(_rounds.roundOf(id, round));
        }
        address[] memory accounts = _handler.accounts();
        for (uint256 i = 0; i < accounts.length; ++i) owedWei += _rounds.creditOf(accounts[i], token);
    }

    function _unclaimedWei(Round memory r) private pure returns (uint256) {
        if (r.rewardWei == 0) return 0;
        return r.rewardWei - (uint256(r.rewardWei) * r.claimedSum) / r.improvementSum;
    }

    /* STAKE */

    function _checkStake() internal view {
        address[2] memory tokens = _handler.tokens();
        address[] memory accounts = _handler.accounts();
        for (uint256 k = 0; k < tokens.length; ++k) {
            address token = tokens[k];
            uint256 keptWei = 0;
            uint256 lostWei = 0;
            uint256 creditWei = _vault.creditOf(_vault.BURN_ADDRESS(), token);
            for (uint256 i = 0; i < accounts.length; ++i) {
                address account = accounts[i];
                StakeBalance memory balance = _vault.balanceOf(account, token);
                assertEqual(balance.lockedWei, _weightWei(account, token), "what is locked is the weight");
                uint256 ownWei = uint256(balance.freeWei) + balance.lockedWei;
                uint256 lost = _handler.lostWei(account, token);
                assertEqual(
                    ownWei + lost,
                    _handler.stakedWei(account, token),
                    "only bonds of leaders are lost"
                );
                keptWei += ownWei;
                lostWei += lost;
                creditWei += _vault.creditOf(account, token);
            }
            assertEqual(creditWei, lostWei, "lost bonds are burned or the sponsors'");
            assertEqual(
                _handler.balanceOf(token, address(_vault)),
                keptWei + lostWei,
                "the vault has it all"
            );
        }
    }

    function _weightWei(address account, address token) private view returns (uint256 weightWei) {
        for (uint256 id = 1; id <= _rounds.federationCount(); ++id) {
            FederationMember memory m = _rounds.memberOf(id, account);
            if (m.lockId != 0 && _rounds.federation(id).stakeToken == token) weightWei += m.weightWei;
        }
    }

    /* ROUNDS */

    function _checkRounds() internal view {
        for (uint256 id = 1; id <= _rounds.federationCount(); ++id) {
            Federation memory f = _rounds.federation(id);
            assertTrue(f.recordHash == _handler.recordHashes(id), "the chain of records");
            assertAtMost(f.round, f.maxRounds, "rounds");
            for (uint256 round = 1; round <= f.round; ++round) {
                Round memory r = _rounds.roundOf(id, round);
                // Only the last one runs.
                if (round < f.round) assertTrue(r.state >= RoundState.Final, "an earlier round has ended");
                _checkSets(id, round, f, r);
                if (r.state == RoundState.Final) _checkReward(id, round, f, r);
                else assertEqual(r.rewardWei, 0, "a reward before the end");
            }
        }
    }

    function _checkSets(uint256 id, uint256 round, Federation memory f, Round memory r) private view {
        Place[] memory places = _rounds.rosterOf(id, round);
        assertAtMost(places.length, f.places, "places");
        assertAtMost(places.length, r.provenCount, "places of those that proved");
        assertEqual(r.peerSet >> places.length, 0, "peers have places");
        assertEqual(r.maskedSet & ~r.peerSet, 0, "only peers mask");
        assertEqual(r.failedSet >> places.length, 0, "leaders have places");
        uint256 factorSum = 0;
        for (uint256 i = 0; i < places.length; ++i) {
            Contribution memory c = _rounds.contributionOf(id, round, places[i].member);
            assertTrue(c.isProven, "places are for those that proved");
            assertEqual(c.place, i + 1, "one place a member");
            assertEqual(c.correct, places[i].correct, "the count of a place");
            assertEqual(c.factor, places[i].factor, "the factor of a place");
            assertAtMost(c.factor, f.maxFactor, "a factor");
            factorSum += c.factor;
        }
        assertAtMost(factorSum, uint256(f.maxFactor) * f.places, "the sum of factors");
    }

    function _checkReward(uint256 id, uint256 round, Federation memory f, Round memory r) private view {
        assertAtMost(r.rewardWei, f.rewardWei, "a round's reward");
        assertTrue(r.peerSet & (r.peerSet - 1) != 0, "more than one vector");
        assertTrue((r.peerSet >> r.leaderPlace) & 1 != 0, "the leader is a peer");
        assertTrue((r.failedSet >> r.leaderPlace) & 1 == 0, "the leader did not fail");
        Place[] memory places = _rounds.rosterOf(id, round);
        uint256 improvementSum = 0;
        uint256 claimedSum = 0;
        for (uint256 i = 0; i < places.length; ++i) {
            bool isPeer = (r.peerSet >> i) & 1 != 0;
            uint256 gain = places[i].correct > r.baseCorrect ? places[i].correct - r.baseCorrect : 0;
            bool isClaimed = _rounds.contributionOf(id, round, places[i].member).isClaimed;
            if (isPeer) improvementSum += gain;
            if (isClaimed) claimedSum += gain;
            assertTrue(isPeer || !isClaimed, "only peers are paid");
        }
        assertEqual(r.improvementSum, improvementSum, "the sum of improvements");
        assertEqual(r.claimedSum, claimedSum, "what was claimed of it");
    }
}
