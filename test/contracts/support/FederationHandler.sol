// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFederatedRounds} from "../../../contracts/interfaces/IFederatedRounds.sol";
import {IFederations} from "../../../contracts/interfaces/IFederations.sol";
import {
    Contribution,
    Federation,
    FederationMember,
    FederationSpec,
    FederationTiming,
    MaskKey,
    Round,
    RoundState
} from "../../../contracts/types/Federation.sol";
import {G1Point} from "../../../contracts/types/Proof.sol";
import {MaskKeys} from "./MaskKeys.sol";
import {RoundHandler} from "./RoundHandler.sol";

/// @title FederationHandler
/// @notice Federations, their members and their money, around the rounds.
abstract contract FederationHandler is RoundHandler {
    uint256 private constant MAX_FEDERATIONS = 3;

    // By token: what went into the pools, and what came out.
    mapping(address token => uint256) public fundedWei;
    mapping(address token => uint256) public withdrawnWei;
    /// @notice By account and token: stake that went into the vault, less what was withdrawn.
    mapping(address account => mapping(address token => uint256)) public stakedWei;

    /// @dev A federation that can start at once.
    constructor() {
        _create(0, 0, 1, 1);
        fund(0, 0, MAX_AMOUNT_WEI);
        joinTogether(0, 1);
    }

    function create(uint256 who, uint256 what, uint256 money, uint256 shape) public action {
        if (rounds.federationCount() == MAX_FEDERATIONS) return;
        _create(who, what, money, shape);
        joinTogether(rounds.federationCount() - 1, money);
    }

    function fund(uint256 which, uint256 who, uint256 amount) public action {
        (uint256 id, , ) = _last(which);
        Federation memory f = rounds.federation(id);
        amount = bound(amount, 1, MAX_AMOUNT_WEI);
        address account = _accountOf(who);
        CHEATS.deal(account, FUNDS_WEI);
        uint256 valueWei = f.rewardToken == address(0) ? amount : 0;
        CHEATS.prank(account);
        (bool success, ) = address(rounds).call{value: valueWei}(
            abi.encodeCall(IFederations.fund, (id, amount))
        );
        assertTrue(success != f.isClosed, "all that is open can be funded");
        if (success) fundedWei[f.rewardToken] += amount;
    }

    function join(uint256 which, uint256 who, uint256 stake) public action {
        (uint256 id, , ) = _last(which);
        Federation memory f = rounds.federation(id);
        who = who % ACTORS;
        address account = _accountOf(who);
        uint256 stakeWei = bound(stake, f.minStakeWei, uint256(f.capWei) * 2);
        (MaskKey memory key, MaskKey memory eighth) = MaskKeys.at(who);
        bytes memory call = abi.encodeCall(IFederations.join, (id, stakeWei, key, eighth));
        uint256 freeWei = vault.balanceOf(account, f.stakeToken).freeWei;
        _consent(account, address(rounds), f.stakeToken, f.capWei);
        stakedWei[account][f.stakeToken] += vault.balanceOf(account, f.stakeToken).freeWei - freeWei;
        if (!f.isClosed && rounds.memberOf(id, account).lockId == 0) {
            _mustSucceed(account, address(rounds), call);
        }
        _mustRevert(account, address(rounds), call);
    }

    /// @notice Everybody joins that has not.
    function joinTogether(uint256 which, uint256 stake) public action {
        for (uint256 i = 0; i < ACTORS; ++i) join(which, i, stake >> (8 * i));
    }

    function leave(uint256 which, uint256 who) public action {
        (uint256 id, uint256 round, RoundState state) = _last(which);
        address account = _accountOf(who);
        FederationMember memory m = rounds.memberOf(id, account);
        bytes memory call = abi.encodeCall(IFederations.leave, (id));
        bool isRunning = state != RoundState.None && state < RoundState.Final;
        bool isBusy = isRunning && m.lastRound == round;
        if (m.lockId != 0 && !isBusy) _mustSucceed(account, address(rounds), call);
        else _mustRevert(account, address(rounds), call);
    }

    function close(uint256 which, bool isPatient) public action {
        (uint256 id, , RoundState state) = _last(which);
        Federation memory f = rounds.federation(id);
        bytes memory call = abi.encodeCall(IFederations.close, (id));
        _mustRevert(STRANGER, address(rounds), call);
        if (isPatient) CHEATS.warp(block.timestamp + rounds.IDLE_SECONDS());
        bool isOver = f.round == f.maxRounds || block.timestamp > f.lastEndedAt + rounds.IDLE_SECONDS();
        bool isRunning = state != RoundState.None && state < RoundState.Final;
        if (!f.isClosed && isOver && !isRunning) _mustSucceed(f.sponsor, address(rounds), call);
        _mustRevert(f.sponsor, address(rounds), call);
    }

    function claim(uint256 which, uint256 round, uint256 who) public action {
        (uint256 id, uint256 last, ) = _last(which);
        if (last != 0) _claim(id, bound(round, 1, last), _accountOf(who));
    }

    /// @notice Everybody claims all it can, the last account first.
    function claimTogether(uint256 which) public action {
        (uint256 id, uint256 last, ) = _last(which);
        for (uint256 i = ACTORS; i > 0; --i) {
            for (uint256 round = 1; round <= last; ++round) _claim(id, round, _accountOf(i - 1));
        }
    }

    function withdraw(uint256 who, uint256 what) public action {
        (address account, address token) = (_accountOf(who), _tokenOf(what));
        uint256 creditWei = rounds.creditOf(account, token);
        bytes memory call = abi.encodeCall(IFederations.withdraw, (token));
        if (creditWei != 0) {
            uint256 heldWei = balanceOf(token, account);
            _mustSucceed(account, address(rounds), call);
            assertEqual(balanceOf(token, account) - heldWei, creditWei, "a withdrawal pays the credit");
            withdrawnWei[token] += creditWei;
        }
        _mustRevert(account, address(rounds), call);
    }

    function withdrawStake(uint256 who, uint256 what, uint256 amount) public action {
        (address account, address token) = (_accountOf(who), _tokenOf(what));
        uint256 freeWei = vault.balanceOf(account, token).freeWei;
        if (freeWei == 0) return;
        amount = bound(amount, 1, freeWei);
        CHEATS.prank(account);
        vault.requestUnbonding(token, amount);
        CHEATS.warp(block.timestamp + UNBONDING_SECONDS);
        CHEATS.prank(account);
        vault.withdraw(token);
        stakedWei[account][token] -= amount;
    }

    function _create(uint256 who, uint256 what, uint256 money, uint256 shape) private {
        (money, shape) = (_mix(money), _mix(shape));
        FederationSpec memory spec;
        spec.scoreKeyId = SCORE_KEY;
        spec.maskKeyId = MASK_KEY;
        spec.aggregateKeyId = AGGREGATE_KEY;
        spec.architectureId = 7;
        spec.emptyVectorDigest = EMPTY_DIGEST;
        spec.places = uint8(bound(shape, 3, VECTORS));
        spec.maxFactorSum = uint32(bound(shape >> 8, spec.places, 2000));
        spec.dataPoints = new G1Point[](1);
        spec.dataPoints[0] = _dataPoint();
        spec.sampleCount = uint32(SAMPLES);
        spec.toleranceCount = uint32(bound(shape >> 32, 0, SAMPLES));
        spec.bandCount = uint32(bound(shape >> 64, 0, 20));
        spec.keepBetter = shape % 2 == 0;
        spec.maxRounds = uint32(bound(shape >> 96, 2, 12));
        spec.timing = FederationTiming(600, 600, 600, 600, 600, 600);
        spec.stakeToken = _tokenOf(what);
        spec.rewardToken = _tokenOf(what >> 1);
        spec.bondWei = uint96(bound(money, 1, MAX_AMOUNT_WEI / 4));
        spec.minStakeWei = uint96(bound(money >> 64, spec.bondWei, MAX_AMOUNT_WEI / 2));
        spec.capWei = uint96(bound(money >> 128, spec.minStakeWei, MAX_AMOUNT_WEI));
        spec.rewardWei = uint96(bound(money >> 192, 0, money % 3 == 0 ? 7 : MAX_AMOUNT_WEI));
        spec.globalCommitment = 11;
        spec.globalCorrect = uint32(bound(shape >> 160, 0, SAMPLES));
        spec.globalUri = "ipfs://start";
        address sponsor = _accountOf(who);
        CHEATS.prank(sponsor);
        uint256 id = rounds.create(spec);
        recordHashes[id] = keccak256(
            abi.encode(
                bytes32(0),
                0,
                spec.globalCommitment,
                keccak256(bytes(spec.globalUri)),
                sponsor,
                spec.globalCorrect
            )
        );
    }

    /// @dev Who improved on the last global model, and is part of the average, is paid once.
    function _claim(uint256 id, uint256 round, address account) private {
        Round memory r = rounds.roundOf(id, round);
        Contribution memory c = rounds.contributionOf(id, round, account);
        bool isPeer = c.place != 0 && (r.peerSet >> (c.place - 1)) & 1 != 0;
        bool isDue = r.state == RoundState.Final && isPeer && c.correct > r.baseCorrect;
        bytes memory call = abi.encodeCall(IFederatedRounds.claim, (id, round, account));
        if (isDue && r.rewardWei != 0 && !c.isClaimed) {
            address token = rounds.federation(id).rewardToken;
            uint256 creditWei = rounds.creditOf(account, token);
            _mustSucceed(STRANGER, address(rounds), call);
            creditWei = rounds.creditOf(account, token) - creditWei;
            uint256 shareWei = (uint256(r.rewardWei) * (c.correct - r.baseCorrect)) / r.improvementSum;
            assertTrue(creditWei == shareWei || creditWei == shareWei + 1, "a part is pro rata to one unit");
        }
        _mustRevert(STRANGER, address(rounds), call);
    }
}
