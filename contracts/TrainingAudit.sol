// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICircuitRegistry} from "./interfaces/ICircuitRegistry.sol";
import {ITaskMarket} from "./interfaces/ITaskMarket.sol";
import {ITrainingAudit} from "./interfaces/ITrainingAudit.sol";
import {BlockDraw} from "./libraries/BlockDraw.sol";
import {Bn254} from "./libraries/Bn254.sol";
import {LearningRate} from "./libraries/LearningRate.sol";
import {MerkleVector} from "./libraries/MerkleVector.sol";
import {Statement} from "./libraries/Statement.sol";
import {StepSelection} from "./libraries/StepSelection.sol";
import {SwapOrNot} from "./libraries/SwapOrNot.sol";
import {G1Point, Proof} from "./types/Proof.sol";
import {StepAnswer, TrainingLib, TrainingRun, TrainingTerms} from "./types/Training.sol";

/// @title TrainingAudit
/// @notice Assumptions, guarantees and the life of a run are in `ITrainingAudit`.
contract TrainingAudit is ITrainingAudit {
    /* CONSTANTS */

    /// @inheritdoc ITrainingAudit
    /// @dev Longer than reorganisations usually are: a commitment is settled before its challenge is known.
    uint256 public constant DRAW_DELAY_BLOCKS = 8;

    /// @inheritdoc ITrainingAudit
    /// @dev Two mandatory steps and the initialisation also need a bit of `TrainingRun.answered`, which has 96.
    uint256 public constant MAX_DRAWN_STEPS = 64;

    /// @inheritdoc ITrainingAudit
    uint256 public constant MAX_STEPS = type(uint32).max;

    /// @inheritdoc ITrainingAudit
    uint256 public constant MAX_LEARNING_RATE_EXPONENT = 32;

    /// @inheritdoc ITrainingAudit
    /// @dev Protects provers: with less, a poster could make answers impossible and collect the stake.
    uint256 public constant MIN_ANSWER_SECONDS = 30 minutes;

    /// @dev Separate the two draws of a run from each other and from every other hash.
    bytes32 private constant SEED_DOMAIN = keccak256("zkpot.training-seed.v1");
    bytes32 private constant CHALLENGE_DOMAIN = keccak256("zkpot.training-challenge.v1");

    /// @dev The initialisation has a purpose of its own and needs no number.
    uint256 private constant INIT_ROUND = 0;

    uint256 private constant INIT_BIT = 1;

    /// @dev What answers are checked against, read once a call.
    struct Challenge {
        bytes32 batchRoot;
        bytes32 seed;
        bytes32 traceRoot;
        uint256 batchCount;
        uint256 stepCount;
        /// @dev Levels of the two Merkle vectors.
        uint256 traceDepth;
        uint256 batchDepth;
        uint256 learningRateExponent;
        uint256 halvingSteps;
        /// @dev As in `TrainingRun`.
        uint256 answered;
        /// @dev The steps asked for.
        uint256[] steps;
    }

    /* STORAGE */

    /// @inheritdoc ITrainingAudit
    ITaskMarket public immutable market;

    /// @inheritdoc ITrainingAudit
    ICircuitRegistry public immutable registry;

    mapping(uint256 taskId => TrainingTerms) private _terms;
    mapping(uint256 taskId => mapping(address prover => TrainingRun)) private _runs;

    modifier onlyMarket() {
        if (msg.sender != address(market)) revert TrainingAuditNotMarket(msg.sender);
        _;
    }

    constructor(ITaskMarket market_) {
        if (address(market_) == address(0)) revert TrainingAuditZeroAddress();
        market = market_;
        registry = market_.registry();
    }

    /* MARKET ACTIONS */

    /// @inheritdoc ITrainingAudit
    function open(
        uint256 taskId,
        uint256 commitDeadline,
        uint256 proveDeadline,
        TrainingTerms calldata terms_
    ) external onlyMarket {
        _requireKey(terms_.initKeyId, Statement.TRAIN_INIT_LENGTH);
        _requireKey(terms_.stepKeyId, Statement.TRAIN_STEP_LENGTH);
        uint256 minSteps = uint256(terms_.epochs) * terms_.minBatches;
        if (minSteps == 0) revert TrainingAuditNoSteps();
        if (terms_.halvingSteps == 0 || terms_.learningRateExponent > MAX_LEARNING_RATE_EXPONENT) {
            revert TrainingAuditInvalidSchedule(terms_.learningRateExponent, terms_.halvingSteps);
        }
        uint256 limit = minSteps < MAX_DRAWN_STEPS ? minSteps : MAX_DRAWN_STEPS;
        if (terms_.drawnSteps == 0 || terms_.drawnSteps > limit) {
            revert TrainingAuditInvalidDrawnSteps(terms_.drawnSteps, limit);
        }
        uint256 earliest = commitDeadline + MIN_ANSWER_SECONDS;
        if (terms_.answerDeadline < earliest || terms_.answerDeadline > proveDeadline) {
            revert TrainingAuditInvalidAnswerDeadline(terms_.answerDeadline, earliest, proveDeadline);
        }

        _terms[taskId] = terms_;
        emit AuditOpened(taskId, terms_);
    }

    /// @inheritdoc ITrainingAudit
    /// @dev The market lets a prover commit once.
    function begin(uint256 taskId, address prover, bytes32 traceRoot) external onlyMarket {
        TrainingRun storage r = _runs[taskId][prover];
        if (r.seed == 0) revert TrainingAuditSeedNotDrawn(taskId, prover);

        uint256 challengeBlock = block.number + DRAW_DELAY_BLOCKS;
        r.traceRoot = traceRoot;
        r.challengeBlock = uint48(challengeBlock);
        emit TraceCommitted(taskId, prover, traceRoot, challengeBlock);
    }

    /* PROVER ACTIONS */

    /// @inheritdoc ITrainingAudit
    function register(uint256 taskId, bytes32 batchRoot, uint256 batchCount) external {
        TrainingTerms storage t = _terms[taskId];
        uint256 epochs = t.epochs;
        if (epochs == 0) revert TrainingAuditUnknownTask(taskId);
        TrainingRun storage r = _runs[taskId][msg.sender];
        if (r.batchCount != 0) revert TrainingAuditAlreadyRegistered(taskId, msg.sender);
        uint256 maxBatches = MAX_STEPS / epochs;
        if (batchCount < t.minBatches || batchCount > maxBatches) {
            revert TrainingAuditInvalidBatchCount(batchCount, t.minBatches, maxBatches);
        }

        uint256 seedBlock = block.number + DRAW_DELAY_BLOCKS;
        r.batchRoot = batchRoot;
        r.batchCount = uint32(batchCount);
        r.seedBlock = uint48(seedBlock);
        emit BatchesRegistered(taskId, msg.sender, batchRoot, batchCount, seedBlock);
    }

    /// @inheritdoc ITrainingAudit
    function answerInit(
        uint256 taskId,
        uint256 checkpoint,
        bytes32[] calldata tracePath,
        Proof calldata proof
    ) external {
        TrainingRun storage r = _runs[taskId][msg.sender];
        Challenge memory c = _openChallenge(taskId, r);
        if (c.answered & INIT_BIT != 0) revert TrainingAuditInitAnswered(taskId, msg.sender);
        bytes32 root = MerkleVector.root(0, checkpoint, c.traceDepth, tracePath);
        if (root != c.traceRoot) revert TrainingAuditNotInTrace(taskId, msg.sender, 0);
        uint256[] memory statement = Statement.trainInit(
            initContext(taskId, msg.sender),
            checkpoint,
            uint256(c.seed) % Bn254.SCALAR_FIELD_ORDER
        );
        // Training circuits have no dataset block, so no data point.
        if (!registry.verify(_terms[taskId].initKeyId, statement, G1Point(0, 0), proof)) {
            revert TrainingAuditInvalidProof(taskId, msg.sender);
        }

        c.answered |= INIT_BIT;
        emit InitAnswered(taskId, msg.sender);
        _record(taskId, r, c);
    }

    /// @inheritdoc ITrainingAudit
    function answerSteps(uint256 taskId, StepAnswer[] calldata answers, Proof[] calldata proofs) external {
        uint256 count = answers.length;
        if (count == 0) revert TrainingAuditNoAnswers();
        if (proofs.length != count) revert TrainingAuditProofCount(proofs.length, count);
        TrainingRun storage r = _runs[taskId][msg.sender];
        Challenge memory c = _openChallenge(taskId, r);
        uint256[] memory steps = new uint256[](count);
        uint256[] memory statements = new uint256[](count * Statement.TRAIN_STEP_LENGTH);
        for (uint256 i = 0; i < count; ++i) {
            steps[i] = answers[i].step;
            _takeStep(taskId, c, answers[i], statements, i);
        }
        if (!registry.verifyBatch(_terms[taskId].stepKeyId, statements, new G1Point[](0), proofs)) {
            revert TrainingAuditInvalidProof(taskId, msg.sender);
        }

        emit StepsAnswered(taskId, msg.sender, steps);
        _record(taskId, r, c);
    }

    /* ANYBODY'S ACTIONS */

    /// @inheritdoc ITrainingAudit
    function drawSeed(uint256 taskId, address prover) external {
        TrainingRun storage r = _runs[taskId][prover];
        if (r.batchCount == 0) revert TrainingAuditNotRegistered(taskId, prover);
        if (r.seed != 0) revert TrainingAuditSeedDrawn(taskId, prover);
        (uint256 number, bytes32 hash) = BlockDraw.blockHash(r.seedBlock);

        bytes32 ruleHash = _terms[taskId].ruleHash;
        bytes32 seed = keccak256(
            abi.encode(
                SEED_DOMAIN,
                block.chainid,
                market,
                taskId,
                prover,
                ruleHash,
                r.batchRoot,
                number,
                hash
            )
        );
        r.seed = seed;
        emit SeedDrawn(taskId, prover, seed, number);
    }

    /// @inheritdoc ITrainingAudit
    function drawChallenge(uint256 taskId, address prover) external {
        TrainingRun storage r = _runs[taskId][prover];
        if (r.challengeBlock == 0) revert TrainingAuditNotCommitted(taskId, prover);
        if (r.challengeSeed != 0) revert TrainingAuditChallengeDrawn(taskId, prover);
        (uint256 number, bytes32 hash) = BlockDraw.blockHash(r.challengeBlock);

        // The run's seed stands for chain, market, task and prover.
        bytes32 challengeSeed = keccak256(abi.encode(CHALLENGE_DOMAIN, r.seed, r.traceRoot, number, hash));
        r.challengeSeed = challengeSeed;
        emit ChallengeDrawn(taskId, prover, challengeSeed, number);
    }

    /* VIEWS */

    /// @inheritdoc ITrainingAudit
    function hasPassed(uint256 taskId, address prover) external view returns (bool) {
        return _runs[taskId][prover].passed;
    }

    /// @inheritdoc ITrainingAudit
    function hasFailed(uint256 taskId, address prover) external view returns (bool) {
        return _runs[taskId][prover].hasFailed(_terms[taskId].answerDeadline);
    }

    /// @inheritdoc ITrainingAudit
    function terms(uint256 taskId) external view returns (TrainingTerms memory) {
        return _terms[taskId];
    }

    /// @inheritdoc ITrainingAudit
    function run(uint256 taskId, address prover) external view returns (TrainingRun memory) {
        return _runs[taskId][prover];
    }

    /// @inheritdoc ITrainingAudit
    function stepCount(uint256 taskId, address prover) external view returns (uint256) {
        return _terms[taskId].stepCount(_runs[taskId][prover].batchCount);
    }

    /// @inheritdoc ITrainingAudit
    function challengedSteps(uint256 taskId, address prover) external view returns (uint256[] memory) {
        TrainingTerms storage t = _terms[taskId];
        TrainingRun storage r = _runs[taskId][prover];
        if (r.challengeSeed == 0) revert TrainingAuditChallengeNotDrawn(taskId, prover);
        return StepSelection.challenged(r.challengeSeed, t.stepCount(r.batchCount), t.drawnSteps);
    }

    /// @inheritdoc ITrainingAudit
    function batchIndexAt(uint256 taskId, address prover, uint256 step) external view returns (uint256) {
        TrainingRun storage r = _runs[taskId][prover];
        if (r.seed == 0) revert TrainingAuditSeedNotDrawn(taskId, prover);
        return _batchIndexAt(r.seed, r.batchCount, step);
    }

    /// @inheritdoc ITrainingAudit
    function learningRateFactorAt(uint256 taskId, uint256 step) external view returns (uint256) {
        TrainingTerms storage t = _terms[taskId];
        if (t.epochs == 0) revert TrainingAuditUnknownTask(taskId);
        return LearningRate.factorAt(t.learningRateExponent, t.halvingSteps, step);
    }

    /// @inheritdoc ITrainingAudit
    function initContext(uint256 taskId, address prover) public view returns (uint256) {
        return Statement.context(address(market), taskId, INIT_ROUND, prover, Statement.TRAIN_INIT_PURPOSE);
    }

    /// @inheritdoc ITrainingAudit
    function stepContext(uint256 taskId, address prover, uint256 step) public view returns (uint256) {
        return Statement.context(address(market), taskId, step, prover, Statement.TRAIN_STEP_PURPOSE);
    }

    /* INTERNAL */

    /// @dev The registry reverts for an unknown key.
    function _requireKey(bytes32 keyId, uint256 required) private view {
        uint256 length = registry.statementLengthOf(keyId);
        if (length != required) revert TrainingAuditStatementLength(keyId, length, required);
    }

    /// @dev The caller's challenge, if it may still answer it.
    function _openChallenge(uint256 taskId, TrainingRun storage r) private view returns (Challenge memory c) {
        TrainingTerms storage t = _terms[taskId];
        if (block.timestamp > t.answerDeadline) {
            revert TrainingAuditDeadlinePassed(taskId, t.answerDeadline, block.timestamp);
        }
        bytes32 challengeSeed = r.challengeSeed;
        if (challengeSeed == 0) revert TrainingAuditChallengeNotDrawn(taskId, msg.sender);
        c.batchRoot = r.batchRoot;
        c.seed = r.seed;
        c.traceRoot = r.traceRoot;
        c.batchCount = r.batchCount;
        c.stepCount = t.stepCount(c.batchCount);
        c.traceDepth = MerkleVector.depth(c.stepCount + 1);
        c.batchDepth = MerkleVector.depth(c.batchCount);
        c.learningRateExponent = t.learningRateExponent;
        c.halvingSteps = t.halvingSteps;
        c.answered = r.answered;
        c.steps = StepSelection.challenged(challengeSeed, c.stepCount, t.drawnSteps);
    }

    /// @dev The bit of `TrainingRun.answered` for a step asked for.
    function _bitOf(
        uint256 taskId,
        uint256[] memory challenged,
        uint256 step
    ) private view returns (uint256) {
        for (uint256 i = 0; i < challenged.length; ++i) {
            if (challenged[i] == step) return 1 << (1 + i);
        }
        revert TrainingAuditStepNotChallenged(taskId, msg.sender, step);
    }

    /// @dev Checks everything about an answer but its proof, marks it, and writes the statement of its proof. Context and
    ///      learning rate come from here, the commitments were checked against the roots.
    function _takeStep(
        uint256 taskId,
        Challenge memory c,
        StepAnswer calldata answer,
        uint256[] memory statements,
        uint256 index
    ) private view {
        uint256 step = answer.step;
        uint256 bit = _bitOf(taskId, c.steps, step);
        if (c.answered & bit != 0) revert TrainingAuditStepAnswered(taskId, msg.sender, step);
        c.answered |= bit;
        _requireCommitted(taskId, c, answer);
        uint256 factor = LearningRate.factorAt(c.learningRateExponent, c.halvingSteps, step);
        Statement.setTrainStep(statements, index, stepContext(taskId, msg.sender, step), answer, factor);
    }

    /// @dev The answer's checkpoints and batch are those the caller committed to, at the places the step prescribes.
    function _requireCommitted(uint256 taskId, Challenge memory c, StepAnswer calldata answer) private view {
        uint256 step = answer.step;
        bytes32 root = MerkleVector.rootOfPair(
            step,
            answer.checkpointBefore,
            answer.checkpointAfter,
            c.traceDepth,
            answer.tracePath
        );
        if (root != c.traceRoot) revert TrainingAuditNotInTrace(taskId, msg.sender, step);

        uint256 batchIndex = _batchIndexAt(c.seed, c.batchCount, step);
        root = MerkleVector.root(batchIndex, answer.batchCommitment, c.batchDepth, answer.batchPath);
        if (root != c.batchRoot) revert TrainingAuditNotTheBatch(taskId, msg.sender, step, batchIndex);

        if (step == c.stepCount - 1) _requireTheModel(taskId, answer.checkpointAfter);
    }

    /// @dev The last checkpoint is the caller's commitment in the market.
    function _requireTheModel(uint256 taskId, uint256 checkpoint) private view {
        uint256 modelCommitment = market.submission(taskId, msg.sender).modelCommitment;
        if (checkpoint != modelCommitment) {
            revert TrainingAuditNotTheModel(taskId, msg.sender, checkpoint, modelCommitment);
        }
    }

    function _batchIndexAt(bytes32 seed, uint256 batchCount, uint256 step) private pure returns (uint256) {
        return SwapOrNot.indexAt(seed, step / batchCount, step % batchCount, batchCount);
    }

    function _record(uint256 taskId, TrainingRun storage r, Challenge memory c) private {
        r.answered = uint96(c.answered);
        if (c.answered == TrainingLib.allAnswered(c.steps.length)) {
            r.passed = true;
            emit AuditPassed(taskId, msg.sender);
        }
    }
}
