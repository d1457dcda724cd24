// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {StakeVault} from "../../contracts/StakeVault.sol";
import {TaskMarket} from "../../contracts/TaskMarket.sol";
import {ICircuitRegistry} from "../../contracts/interfaces/ICircuitRegistry.sol";
import {StubRegistry} from "../../contracts/mocks/StubRegistry.sol";
import {G1Point, Proof} from "../../contracts/types/Proof.sol";
import {ShardCount} from "../../contracts/types/Submission.sol";
import {RewardSplit, TaskSpec} from "../../contracts/types/Task.sol";
import {SolidityTest} from "./support/SolidityTest.sol";

/// @title TaskMarketTest
/// @notice Properties of the splits for any reward and any counts.
contract TaskMarketTest is SolidityTest {
    address private constant NATIVE = address(0);
    address private constant POSTER = address(0x905);
    uint256 private constant PROVERS = 5;

    TaskMarket private _market;

    function setUp() public {
        _market = new TaskMarket(ICircuitRegistry(address(new StubRegistry())), new StakeVault(0), POSTER);
    }

    function _prover(uint256 index) private pure returns (address) {
        return address(uint160(0x9401E4 + index));
    }

    /// @dev Posts a task without stake and lets every prover prove its count.
    function _play(
        RewardSplit split,
        uint96 rewardWei,
        uint32 minCorrect,
        uint32[PROVERS] memory counts
    ) private returns (uint256 taskId) {
        TaskSpec memory spec;
        spec.rewardWei = rewardWei;
        spec.dataPoints = new G1Point[](1);
        spec.dataPoints[0] = G1Point(1, 2);
        spec.winners = 1;
        spec.split = split;
        spec.maxProvers = uint16(PROVERS);
        spec.sampleCount = type(uint32).max;
        spec.minCorrect = minCorrect;
        spec.commitDeadline = uint48(block.timestamp + 1);
        spec.proveDeadline = uint48(block.timestamp + 2);
        CHEATS.deal(POSTER, rewardWei);
        CHEATS.prank(POSTER);
        taskId = _market.post{value: rewardWei}(spec);
        Proof[] memory proofs = new Proof[](1);
        proofs[0].a.x = 1;
        ShardCount[] memory claimed = new ShardCount[](1);
        for (uint256 i = 0; i < PROVERS; ++i) {
            CHEATS.prank(_prover(i));
            _market.commit(taskId, 1);
        }
        for (uint256 i = 0; i < PROVERS; ++i) {
            counts[i] = uint32(bound(counts[i], minCorrect, type(uint32).max));
            CHEATS.prank(_prover(i));
            claimed[0].correct = counts[i];
            _market.prove(taskId, claimed, proofs);
        }
        _market.settle(taskId);
    }

    function test_proRataSharesAreProportionalAndAddUp(
        uint96 rewardWei,
        uint32 minCorrect,
        uint32[PROVERS] memory counts
    ) public {
        rewardWei = uint96(bound(rewardWei, 1, type(uint96).max));
        minCorrect = uint32(bound(minCorrect, 1, type(uint32).max));
        uint256 taskId = _play(RewardSplit.ProRata, rewardWei, minCorrect, counts);
        uint256 totalWeight;
        for (uint256 i = 0; i < PROVERS; ++i) totalWeight += uint256(counts[i]) - minCorrect + 1;
        uint256 paidWei;
        for (uint256 i = 0; i < PROVERS; ++i) {
            _market.claim(taskId, _prover(i));
            uint256 weight = uint256(counts[i]) - minCorrect + 1;
            uint256 shareWei = (uint256(rewardWei) * weight) / totalWeight;
            assertEqual(_market.creditOf(_prover(i), NATIVE), shareWei, "share");
            paidWei += shareWei;
        }
        uint256 remainderWei = _market.creditOf(POSTER, NATIVE);
        assertEqual(paidWei + remainderWei, rewardWei, "shares and remainder");
        assertAtMost(remainderWei, PROVERS - 1, "remainder");
    }

    function test_bestScoreTakesAllAndEarliestWinsTies(
        uint96 rewardWei,
        uint32 minCorrect,
        uint32[PROVERS] memory counts
    ) public {
        rewardWei = uint96(bound(rewardWei, 1, type(uint96).max));
        // Few different counts, so that ties are common.
        minCorrect = uint32(bound(minCorrect, type(uint32).max - 3, type(uint32).max));
        _play(RewardSplit.BestScore, rewardWei, minCorrect, counts);
        uint256 winner;
        for (uint256 i = 1; i < PROVERS; ++i) {
            if (counts[i] > counts[winner]) winner = i;
        }
        for (uint256 i = 0; i < PROVERS; ++i) {
            uint256 creditWei = _market.creditOf(_prover(i), NATIVE);
            assertEqual(creditWei, i == winner ? rewardWei : 0, "credit");
        }
    }

    function test_contextsDiffer(
        uint256 taskId,
        uint256 otherTaskId,
        address prover,
        address other
    ) public view {
        bool isSame = taskId == otherTaskId && prover == other;
        bool isSameContext = _market.proofContext(taskId, prover) == _market.proofContext(otherTaskId, other);
        assertTrue(isSame == isSameContext, "contexts");
    }
}
