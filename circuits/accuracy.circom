pragma circom 2.2.0;

include "lib/accuracy-count.circom";
include "lib/commitment.circom";
include "lib/freivalds.circom";
include "lib/hidden-unit.circom";
include "lib/layers.circom";
include "lib/limbs.circom";
include "lib/lookup.circom";
include "lib/packing.circom";

// Remainder limbs per sample, over all hidden layers.
function remainderLimbCount(LAYERS, SIZES, SHIFTS, TABLE_BITS) {
    var count = 0;
    for (var l = 0; l < LAYERS - 1; l++) { count += SIZES[l + 1] * limbCount(SHIFTS[l], TABLE_BITS); }
    return count;
}

// The private model behind modelCommitment classifies at least `correct` samples of the test set
// in the dataset block correctly.
//
// The model is a quantised multi-layer perceptron (prover/src/model/architecture.ts); samples sit in
// GROUPS words of SLOTS slots, each group holding samples of one label.
//
// Parameters   ARCHITECTURE_ID  field element naming the integer model's shape and ranges
//              LAYERS, SIZES    dense layers; SIZES[0] features … SIZES[LAYERS] classes
//              INPUT_BITS, WEIGHT_BITS, BIAS_BITS, QUOTIENT_BITS, MARGIN_BITS, SHIFTS
//                               ranges of the integer model; SHIFTS has one entry per hidden layer
//                               (a single unused 0 for a linear model)
//              TABLE_BITS       lookup table 0 … 2^TABLE_BITS − 1
//              GROUPS, SLOTS, SLOT_BITS  packing
//              ROUND            1 for a federation's round, whose statement has three more words; 0 otherwise
// Assumes      the dataset block is what everybody recomputes from the published data: words of
//              features below 2^INPUT_BITS, one-hot labels, 0/1 mask, and a blinding word that may be
//              anything. alpha and rho are the hash of statement, dataset point and block commitment,
//              recomputed by the verifier
// Constrains   the statement. `correct` may be fewer than achieved: isCorrect = 0 is always allowed. The nullifier
//              is that of the model in this round of this federation
// Cost         see circuits/README.md (generated)
template Accuracy(
    ARCHITECTURE_ID, LAYERS, SIZES,
    INPUT_BITS, WEIGHT_BITS, BIAS_BITS, QUOTIENT_BITS, MARGIN_BITS, SHIFTS,
    TABLE_BITS, GROUPS, SLOTS, SLOT_BITS, ROUND
) {
    var FEATURES = SIZES[0];
    var CLASSES = SIZES[LAYERS];
    var SAMPLES = GROUPS * SLOTS;
    var WEIGHTS = weightCount(LAYERS, SIZES);
    var BIASES = unitCount(1, LAYERS + 1, SIZES);
    var HIDDEN = unitCount(1, LAYERS, SIZES);
    var MAGNITUDE_BITS = QUOTIENT_BITS - 1;
    var WEIGHT_LIMBS = limbCount(WEIGHT_BITS, TABLE_BITS);
    var BIAS_LIMBS = limbCount(BIAS_BITS, TABLE_BITS);
    var MARGIN_LIMBS = limbCount(MARGIN_BITS, TABLE_BITS);
    var REMAINDER_LIMBS = remainderLimbCount(LAYERS, SIZES, SHIFTS, TABLE_BITS);

    // Slot equality needs room for the largest accumulator the ranges allow beside what it is compared with.
    assert(MAGNITUDE_BITS <= TABLE_BITS && SLOTS * SLOT_BITS <= 252);
    var inputLimit = 1 << INPUT_BITS;
    for (var l = 0; l < LAYERS; l++) {
        var accumulatorLimit = SIZES[l] * inputLimit * (1 << (WEIGHT_BITS - 1)) + (1 << (BIAS_BITS - 1));
        if (l < LAYERS - 1) {
            assert(accumulatorLimit + (1 << (MAGNITUDE_BITS + SHIFTS[l])) <= 1 << SLOT_BITS);
        } else {
            assert(2 * accumulatorLimit + (1 << MARGIN_BITS) + (1 << (MARGIN_BITS - 1)) < 1 << SLOT_BITS);
        }
        inputLimit = 1 << MAGNITUDE_BITS;
    }

    // --- statement ---
    signal input context;
    signal input modelCommitment;
    signal input correct;
    signal input roundStatement[ROUND ? 3 : 0]; // federation, round, nullifier
    // --- challenges ---
    signal input alpha;
    signal input rho;
    // --- dataset block ---
    signal input dataWords[FEATURES][GROUPS];
    signal input labels[CLASSES][GROUPS];
    signal input sampleMask[GROUPS][SLOTS];
    signal input dataBlinding;
    // --- committed block ---
    signal input weightLimbs[WEIGHTS][WEIGHT_LIMBS];        // offset form: w + 2^(WEIGHT_BITS − 1)
    signal input biasLimbs[BIASES][BIAS_LIMBS];             // offset form: b + 2^(BIAS_BITS − 1)
    signal input activations[HIDDEN][GROUPS][SLOTS];        // max(q, 0)
    signal input deficits[HIDDEN][GROUPS][SLOTS];           // max(−q, 0)
    signal input remainderLimbs[REMAINDER_LIMBS * SAMPLES]; // by layer, unit, group, slot, limb
    signal input marginLimbs[CLASSES][GROUPS][SLOTS][MARGIN_LIMBS];
    signal input isCorrect[GROUPS][SLOTS];
    signal input labelLogits[GROUPS];
    signal input multiplicities[1 << TABLE_BITS];
    signal input blockMask;
    // --- private ---
    signal input salt;

    // The context binds the proof to task and prover by being public; a dummy square keeps the wire.
    signal contextSquare <== context * context;
    // The blinding is there for its term in the dataset point, which hides the data while they are sealed.
    signal dataBlindingSquare <== dataBlinding * dataBlinding;
    // The mask makes the block commitment hide; -O1 and above drop a signal used only linearly.
    signal blockMaskSquare <== blockMask * blockMask;

    // --- ranges ---
    var WEIGHT_LOOKUPS = WEIGHTS * lookupCount(WEIGHT_BITS, TABLE_BITS);
    var BIAS_LOOKUPS = BIASES * lookupCount(BIAS_BITS, TABLE_BITS);
    var MARGIN_LOOKUPS = CLASSES * SAMPLES * lookupCount(MARGIN_BITS, TABLE_BITS);
    var LOOKUPS = WEIGHT_LOOKUPS + BIAS_LOOKUPS + MARGIN_LOOKUPS;
    for (var l = 0; l < LAYERS - 1; l++) {
        LOOKUPS += SIZES[l + 1] * SAMPLES * unitLookupCount(MAGNITUDE_BITS, SHIFTS[l], TABLE_BITS);
    }
    signal lookups[LOOKUPS];
    var next = 0;

    // Arrays of components are copied into signals: circom copies the whole component at each access to an element.
    signal weights[WEIGHTS];
    signal weightLookups[WEIGHT_LOOKUPS];
    (weights, weightLookups) <== Limbs(WEIGHTS, WEIGHT_BITS, TABLE_BITS)(weightLimbs);
    for (var i = 0; i < WEIGHT_LOOKUPS; i++) {
        lookups[next] <== weightLookups[i];
        next++;
    }
    signal biases[BIASES];
    signal biasLookups[BIAS_LOOKUPS];
    (biases, biasLookups) <== Limbs(BIASES, BIAS_BITS, TABLE_BITS)(biasLimbs);
    for (var i = 0; i < BIAS_LOOKUPS; i++) {
        lookups[next] <== biasLookups[i];
        next++;
    }
    component commitment = ModelCommitment(ARCHITECTURE_ID, WEIGHTS, WEIGHT_BITS, BIASES, BIAS_BITS);
    commitment.weights <== weights;
    commitment.biases <== biases;
    commitment.salt <== salt;
    commitment.commitment === modelCommitment;
    if (ROUND) {
        component nullifier = RoundNullifier();
        nullifier.federation <== roundStatement[0];
        nullifier.round <== roundStatement[1];
        nullifier.modelDigest <== commitment.digest;
        nullifier.nullifier === roundStatement[2];
    }

    // --- hidden layers ---
    component hidden[HIDDEN];
    var unit = 0;
    var limb = 0;
    for (var l = 0; l < LAYERS - 1; l++) {
        var UNIT_LIMBS = SAMPLES * limbCount(SHIFTS[l], TABLE_BITS);
        for (var h = 0; h < SIZES[l + 1]; h++) {
            hidden[unit] = HiddenUnit(GROUPS, SLOTS, SLOT_BITS, MAGNITUDE_BITS, SHIFTS[l], TABLE_BITS);
            hidden[unit].activations <== activations[unit];
            hidden[unit].deficits <== deficits[unit];
            for (var i = 0; i < UNIT_LIMBS; i++) {
                hidden[unit].remainderLimbs[i] <== remainderLimbs[limb];
                limb++;
            }
            if (UNIT_LIMBS == 0) { hidden[unit].remainderLimbs[0] <== 0; }
            for (var i = 0; i < SAMPLES * unitLookupCount(MAGNITUDE_BITS, SHIFTS[l], TABLE_BITS); i++) {
                lookups[next] <== hidden[unit].lookups[i];
                next++;
            }
            unit++;
        }
    }

    // --- correct predictions ---
    signal slotMarginLimbs[CLASSES * SAMPLES][MARGIN_LIMBS];
    for (var i = 0; i < CLASSES * SAMPLES; i++) {
        slotMarginLimbs[i] <== marginLimbs[i \ SAMPLES][(i % SAMPLES) \ SLOTS][i % SLOTS];
    }
    signal margins[CLASSES * SAMPLES];
    signal marginLookups[MARGIN_LOOKUPS];
    (margins, marginLookups) <== Limbs(CLASSES * SAMPLES, MARGIN_BITS, TABLE_BITS)(slotMarginLimbs);
    for (var i = 0; i < MARGIN_LOOKUPS; i++) {
        lookups[next] <== marginLookups[i];
        next++;
    }
    component count = AccuracyCount(GROUPS, SLOTS, CLASSES, MARGIN_BITS, SLOT_BITS);
    for (var c = 0; c < CLASSES; c++) {
        for (var k = 0; k < GROUPS; k++) {
            var slots[SLOTS];
            for (var m = 0; m < SLOTS; m++) {
                slots[m] = margins[(c * GROUPS + k) * SLOTS + m];
            }
            count.marginWords[c][k] <== PackWord(SLOTS, SLOT_BITS)(slots);
        }
    }
    count.labels <== labels;
    count.sampleMask <== sampleMask;
    count.isCorrect <== isCorrect;
    count.labelLogits <== labelLogits;
    correct === count.correct;

    // --- matrix products ---
    var ones[GROUPS];
    for (var k = 0; k < GROUPS; k++) { ones[k] = unitWord(SLOTS, SLOT_BITS); }
    signal powerSum <== Evaluate(GROUPS)(ones, rho);
    component dense[LAYERS];
    unit = 0;
    var weightIndex = 0;
    var biasIndex = 0;
    for (var l = 0; l < LAYERS; l++) {
        dense[l] = DenseCheck(GROUPS, SIZES[l], SIZES[l + 1]);
        dense[l].rho <== rho;
        dense[l].powerSum <== powerSum;
        if (l == 0) {
            dense[l].inputs <== dataWords;
        } else {
            for (var j = 0; j < SIZES[l]; j++) {
                dense[l].inputs[j] <== hidden[unit + j].activationWords;
            }
            unit += SIZES[l];
        }
        if (l == LAYERS - 1) {
            dense[l].outputs <== count.logitWords;
        } else {
            for (var h = 0; h < SIZES[l + 1]; h++) {
                dense[l].outputs[h] <== hidden[unit + h].accumulatorWords;
            }
        }
        for (var j = 0; j < SIZES[l]; j++) {
            for (var h = 0; h < SIZES[l + 1]; h++) {
                dense[l].weights[j][h] <== weights[weightIndex] - (1 << (WEIGHT_BITS - 1));
                weightIndex++;
            }
        }
        for (var h = 0; h < SIZES[l + 1]; h++) {
            dense[l].biases[h] <== biases[biasIndex] - (1 << (BIAS_BITS - 1));
            biasIndex++;
        }
    }

    component range = RangeLookup(TABLE_BITS, LOOKUPS);
    range.alpha <== alpha;
    range.values <== lookups;
    range.multiplicities <== multiplicities;
}
