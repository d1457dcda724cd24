pragma circom 2.2.0;

include "lib/active-units.circom";
include "lib/commitment.circom";
include "lib/freivalds.circom";
include "lib/layers.circom";
include "lib/limbs.circom";
include "lib/logistic-errors.circom";
include "lib/lookup.circom";
include "lib/pair-lookup.circom";

// Checkpoint after is one step of integer SGD from checkpoint before, on the committed batch.
//
// The rule is integer-sgd.v1 (prover/src/verifiable): forward as the integer model, one-vs-all logistic loss from a
// sigmoid table, backward through at most one hidden layer, updates rounded half up. Every product of matrices is a
// Freivalds check, every rescale and every range a lookup.
//
// Parameters   ARCHITECTURE_ID  field element naming the integer model's shape and ranges
//              LAYERS, SIZES    1 or 2 dense layers; SIZES[0] features … SIZES[LAYERS] classes
//              INPUT_BITS, WEIGHT_BITS, BIAS_BITS, QUOTIENT_BITS, SHIFT  ranges of the integer model;
//                               SHIFT of the hidden layer, unused for a linear model
//              LOGIT_SHIFT      logits are rescaled by it before the sigmoid table
//              BACK_SHIFT, BACK_BITS  rescale of the back-propagated sums, and signed bits of the result
//              UPDATE_SHIFTS    per layer: weight −= floor((factor·gradient + half) / 2^shift)
//              BIAS_RATES       per layer: bias −= floor((factor·gradient·2^rate + half) / 2^shift)
//              SIGMOID          the sigmoid table
//              BATCH            samples
//              TABLE_BITS, FINE_TABLE_BITS  range tables; the fine one holds features
// Assumes      alpha and rho are the hash of statement and block commitment, recomputed by the verifier
// Constrains   the statement: both checkpoints are commitments to models in range, the batch is the one behind
//              batchCommitment, and the weights are those that the rule gives
// Cost         see circuits/README.md (generated)
template TrainStep(
    ARCHITECTURE_ID, LAYERS, SIZES,
    INPUT_BITS, WEIGHT_BITS, BIAS_BITS, QUOTIENT_BITS, SHIFT,
    LOGIT_SHIFT, BACK_SHIFT, BACK_BITS, UPDATE_SHIFTS, BIAS_RATES, SIGMOID,
    BATCH, TABLE_BITS, FINE_TABLE_BITS
) {
    assert(LAYERS == 1 || LAYERS == 2);
    assert(QUOTIENT_BITS - 1 <= TABLE_BITS && BACK_BITS <= TABLE_BITS);
    var FEATURES = SIZES[0];
    var CLASSES = SIZES[LAYERS];
    var HIDDEN = LAYERS == 2 ? SIZES[1] : 0;
    var MAGNITUDE_BITS = QUOTIENT_BITS - 1;
    var WEIGHTS = weightCount(LAYERS, SIZES);
    var BIASES = unitCount(1, LAYERS + 1, SIZES);
    var WEIGHT_LIMBS = limbCount(WEIGHT_BITS, TABLE_BITS);
    var BIAS_LIMBS = limbCount(BIAS_BITS, TABLE_BITS);
    var UNITS = HIDDEN * BATCH;
    var LOGITS = CLASSES * BATCH;

    // --- statement ---
    signal input context;
    signal input checkpointBefore;
    signal input checkpointAfter;
    signal input batchCommitment;
    signal input learningRateFactor;
    // --- challenges ---
    signal input alpha;
    signal input rho;
    // --- committed block ---
    signal input featureLimbs[FEATURES * BATCH][limbCount(INPUT_BITS, FINE_TABLE_BITS)]; // by feature, sample
    signal input labels[CLASSES][BATCH];                       // one-hot
    signal input weightLimbsBefore[WEIGHTS][WEIGHT_LIMBS];     // offset form
    signal input biasLimbsBefore[BIASES][BIAS_LIMBS];          // offset form
    signal input weightLimbsAfter[WEIGHTS][WEIGHT_LIMBS];
    signal input biasLimbsAfter[BIASES][BIAS_LIMBS];
    signal input updateRemainderLimbs[updateLimbCount(LAYERS, SIZES, UPDATE_SHIFTS, TABLE_BITS)];
    signal input excesses[UNITS];                              // by unit, sample
    signal input isActive[UNITS];
    signal input deficits[UNITS];
    signal input activationRemainderLimbs[UNITS][limbCount(SHIFT, TABLE_BITS)];
    signal input indices[LOGITS];                              // by class, sample
    signal input above[LOGITS];
    signal input below[LOGITS];
    signal input logitRemainderLimbs[LOGITS][limbCount(LOGIT_SHIFT, TABLE_BITS)];
    signal input probabilities[LOGITS];
    signal input backQuotients[UNITS];                         // offset form: d + 2^(BACK_BITS − 1)
    signal input backRemainderLimbs[UNITS][limbCount(BACK_SHIFT, TABLE_BITS)];
    signal input multiplicities[1 << TABLE_BITS];
    signal input fineMultiplicities[1 << FINE_TABLE_BITS];
    signal input sigmoidMultiplicities[sigmoidEntries()];
    signal input blockMask;
    // --- private ---
    signal input saltBefore;
    signal input saltAfter;
    signal input batchSalt;

    // The context binds the proof by being public; a dummy square keeps the wire.
    signal contextSquare <== context * context;
    // The mask makes the block commitment hide; -O1 and above drop a signal used only linearly.
    signal blockMaskSquare <== blockMask * blockMask;

    var WEIGHT_LOOKUPS = WEIGHTS * lookupCount(WEIGHT_BITS, TABLE_BITS);
    var BIAS_LOOKUPS = BIASES * lookupCount(BIAS_BITS, TABLE_BITS);
    var UNIT_LOOKUPS = UNITS * unitLookupCount(MAGNITUDE_BITS, SHIFT, TABLE_BITS);
    var LOGIT_LOOKUPS = LOGITS * logitLookupCount(LOGIT_SHIFT, TABLE_BITS);
    var BACK_LOOKUPS = UNITS * (lookupCount(BACK_BITS, TABLE_BITS) + lookupCount(BACK_SHIFT, TABLE_BITS));
    var LOOKUPS = 2 * WEIGHT_LOOKUPS + 2 * BIAS_LOOKUPS + UNIT_LOOKUPS + LOGIT_LOOKUPS + BACK_LOOKUPS;
    for (var l = 0; l < LAYERS; l++) {
        LOOKUPS += (SIZES[l] + 1) * SIZES[l + 1] * lookupCount(UPDATE_SHIFTS[l], TABLE_BITS);
    }
    signal lookups[LOOKUPS];
    var next = 0;

    // --- batch ---
    component feature = Limbs(FEATURES * BATCH, INPUT_BITS, FINE_TABLE_BITS);
    feature.limbs <== featureLimbs;
    component batch = BatchCommitment(BATCH, FEATURES, INPUT_BITS, CLASSES);
    batch.salt <== batchSalt;
    for (var n = 0; n < BATCH; n++) {
        var one = 0;
        for (var c = 0; c < CLASSES; c++) {
            labels[c][n] * (labels[c][n] - 1) === 0;
            one += labels[c][n];
            batch.labels[n][c] <== labels[c][n];
        }
        one === 1;
        for (var j = 0; j < FEATURES; j++) {
            batch.features[n][j] <== feature.values[j * BATCH + n];
        }
    }
    batch.digest === batchCommitment;

    // --- checkpoints ---
    component weight[2];
    component bias[2];
    component checkpoint[2];
    for (var side = 0; side < 2; side++) {
        weight[side] = Limbs(WEIGHTS, WEIGHT_BITS, TABLE_BITS);
        bias[side] = Limbs(BIASES, BIAS_BITS, TABLE_BITS);
        checkpoint[side] = ModelCommitment(ARCHITECTURE_ID, WEIGHTS, WEIGHT_BITS, BIASES, BIAS_BITS);
    }
    weight[0].limbs <== weightLimbsBefore;
    weight[1].limbs <== weightLimbsAfter;
    bias[0].limbs <== biasLimbsBefore;
    bias[1].limbs <== biasLimbsAfter;
    checkpoint[0].salt <== saltBefore;
    checkpoint[1].salt <== saltAfter;
    for (var side = 0; side < 2; side++) {
        checkpoint[side].weights <== weight[side].values;
        checkpoint[side].biases <== bias[side].values;
        for (var i = 0; i < WEIGHT_LOOKUPS; i++) {
            lookups[next] <== weight[side].lookups[i];
            next++;
        }
        for (var i = 0; i < BIAS_LOOKUPS; i++) {
            lookups[next] <== bias[side].lookups[i];
            next++;
        }
    }
    checkpoint[0].commitment === checkpointBefore;
    checkpoint[1].commitment === checkpointAfter;

    // --- forward ---
    component units;
    if (HIDDEN > 0) {
        units = ActiveUnits(UNITS, SHIFT, MAGNITUDE_BITS, TABLE_BITS);
        units.excesses <== excesses;
        units.isActive <== isActive;
        units.deficits <== deficits;
        units.remainderLimbs <== activationRemainderLimbs;
        for (var i = 0; i < UNIT_LOOKUPS; i++) {
            lookups[next] <== units.lookups[i];
            next++;
        }
    }
    component logistic = LogisticErrors(LOGITS, LOGIT_SHIFT, TABLE_BITS);
    logistic.indices <== indices;
    logistic.above <== above;
    logistic.below <== below;
    logistic.remainderLimbs <== logitRemainderLimbs;
    logistic.probabilities <== probabilities;
    for (var c = 0; c < CLASSES; c++) {
        for (var n = 0; n < BATCH; n++) {
            logistic.labels[c * BATCH + n] <== labels[c][n];
        }
    }
    for (var i = 0; i < LOGIT_LOOKUPS; i++) {
        lookups[next] <== logistic.lookups[i];
        next++;
    }

    // --- backward ---
    component backRemainder;
    if (HIDDEN > 0) {
        component backQuotient = Limbs(UNITS, BACK_BITS, TABLE_BITS);
        backRemainder = Limbs(UNITS, BACK_SHIFT, TABLE_BITS);
        backRemainder.limbs <== backRemainderLimbs;
        for (var i = 0; i < UNITS; i++) {
            backQuotient.limbs[i][0] <== backQuotients[i];
        }
        for (var i = 0; i < UNITS * lookupCount(BACK_BITS, TABLE_BITS); i++) {
            lookups[next] <== backQuotient.lookups[i];
            next++;
        }
        for (var i = 0; i < UNITS * lookupCount(BACK_SHIFT, TABLE_BITS); i++) {
            lookups[next] <== backRemainder.lookups[i];
            next++;
        }
    }
    signal hiddenErrors[UNITS];
    for (var i = 0; i < UNITS; i++) {
        hiddenErrors[i] <== isActive[i] * (backQuotients[i] - (1 << (BACK_BITS - 1)));
    }

    // --- matrix products: forward, backward, gradients ---
    var ones[BATCH];
    for (var n = 0; n < BATCH; n++) { ones[n] = 1; }
    signal powerSum <== Evaluate(BATCH)(ones, rho);
    component forward[LAYERS];
    component gradient[LAYERS];
    component updateRemainder[LAYERS];
    var weightIndex = 0;
    var biasIndex = 0;
    var limbIndex = 0;
    for (var l = 0; l < LAYERS; l++) {
        var INPUTS = SIZES[l];
        var OUTPUTS = SIZES[l + 1];
        var isLast = l == LAYERS - 1;
        var LIMBS = limbCount(UPDATE_SHIFTS[l], TABLE_BITS);
        forward[l] = DenseCheck(BATCH, INPUTS, OUTPUTS);
        forward[l].rho <== rho;
        forward[l].powerSum <== powerSum;
        gradient[l] = GradientCheck(INPUTS, BATCH, OUTPUTS);
        gradient[l].rho <== rho;
        gradient[l].factor <== learningRateFactor;
        updateRemainder[l] = Limbs((INPUTS + 1) * OUTPUTS, UPDATE_SHIFTS[l], TABLE_BITS);
        for (var n = 0; n < BATCH; n++) {
            for (var j = 0; j < INPUTS; j++) {
                if (l == 0) {
                    forward[l].inputs[j][n] <== feature.values[j * BATCH + n];
                    gradient[l].inputs[n][j] <== feature.values[j * BATCH + n];
                } else {
                    forward[l].inputs[j][n] <== units.activations[j * BATCH + n];
                    gradient[l].inputs[n][j] <== units.activations[j * BATCH + n];
                }
            }
            for (var h = 0; h < OUTPUTS; h++) {
                if (isLast) {
                    forward[l].outputs[h][n] <== logistic.logits[h * BATCH + n];
                    gradient[l].errors[n][h] <== logistic.errors[h * BATCH + n];
                } else {
                    forward[l].outputs[h][n] <== units.accumulators[h * BATCH + n];
                    gradient[l].errors[n][h] <== hiddenErrors[h * BATCH + n];
                }
            }
        }
        for (var i = 0; i < (INPUTS + 1) * OUTPUTS; i++) {
            for (var k = 0; k < LIMBS; k++) {
                updateRemainder[l].limbs[i][k] <== updateRemainderLimbs[limbIndex];
                limbIndex++;
            }
        }
        for (var i = 0; i < (INPUTS + 1) * OUTPUTS * lookupCount(UPDATE_SHIFTS[l], TABLE_BITS); i++) {
            lookups[next] <== updateRemainder[l].lookups[i];
            next++;
        }
        // factor·gradient + half == (before − after)·2^shift + remainder, for weights, then for biases
        var half = UPDATE_SHIFTS[l] > 0 ? 1 << (UPDATE_SHIFTS[l] - 1) : 0;
        for (var j = 0; j < INPUTS; j++) {
            for (var h = 0; h < OUTPUTS; h++) {
                forward[l].weights[j][h] <== weight[0].values[weightIndex] - (1 << (WEIGHT_BITS - 1));
                gradient[l].outputs[h][j] <==
                    (weight[0].values[weightIndex] - weight[1].values[weightIndex]) * (1 << UPDATE_SHIFTS[l])
                    + updateRemainder[l].values[j * OUTPUTS + h] - half;
                weightIndex++;
            }
        }
        for (var h = 0; h < OUTPUTS; h++) {
            forward[l].biases[h] <== bias[0].values[biasIndex] - (1 << (BIAS_BITS - 1));
            var errorSum = 0;
            for (var n = 0; n < BATCH; n++) {
                if (isLast) {
                    errorSum += logistic.errors[h * BATCH + n];
                } else {
                    errorSum += hiddenErrors[h * BATCH + n];
                }
            }
            (bias[0].values[biasIndex] - bias[1].values[biasIndex]) * (1 << UPDATE_SHIFTS[l])
                + updateRemainder[l].values[INPUTS * OUTPUTS + h] - half
                === learningRateFactor * errorSum * (1 << BIAS_RATES[l]);
            biasIndex++;
        }
    }

    // Back-propagated sums: Σ_c errors·weights, before rescaling.
    if (HIDDEN > 0) {
        component backward = DenseCheck(BATCH, CLASSES, HIDDEN);
        backward.rho <== rho;
        backward.powerSum <== powerSum;
        for (var c = 0; c < CLASSES; c++) {
            for (var n = 0; n < BATCH; n++) {
                backward.inputs[c][n] <== logistic.errors[c * BATCH + n];
            }
            for (var h = 0; h < HIDDEN; h++) {
                backward.weights[c][h] <==
                    weight[0].values[FEATURES * HIDDEN + h * CLASSES + c] - (1 << (WEIGHT_BITS - 1));
            }
        }
        for (var h = 0; h < HIDDEN; h++) {
            backward.biases[h] <== 0;
            for (var n = 0; n < BATCH; n++) {
                backward.outputs[h][n] <==
                    (backQuotients[h * BATCH + n] - (1 << (BACK_BITS - 1))) * (1 << BACK_SHIFT)
                    + backRemainder.values[h * BATCH + n];
            }
        }
    }

    component range = RangeLookup(TABLE_BITS, LOOKUPS);
    range.alpha <== alpha;
    range.values <== lookups;
    range.multiplicities <== multiplicities;
    component fineRange = RangeLookup(FINE_TABLE_BITS, FEATURES * BATCH * lookupCount(INPUT_BITS, FINE_TABLE_BITS));
    fineRange.alpha <== alpha;
    fineRange.values <== feature.lookups;
    fineRange.multiplicities <== fineMultiplicities;
    component sigmoid = PairLookup(sigmoidEntries(), SIGMOID, LOGITS);
    sigmoid.alpha <== alpha;
    sigmoid.beta <== rho;
    sigmoid.keys <== indices;
    sigmoid.values <== probabilities;
    sigmoid.multiplicities <== sigmoidMultiplicities;
}
