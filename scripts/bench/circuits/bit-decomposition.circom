pragma circom 2.2.0;

include "circomlib/circuits/bitify.circom";
include "lib/commitment.circom";

// A signed value of BITS from a bit decomposition of its offset form; `isNonNegative` is its top bit.
template SignedBits(BITS) {
    signal input in;
    signal output bits[BITS];
    signal output isNonNegative;
    bits <== Num2Bits(BITS)(in + (1 << (BITS - 1)));
    isNonNegative <== bits[BITS - 1];
}

// The accuracy statement in the usual way, sound but without packing, lookups, Freivalds or a committed
// block: every product is a row, every range a bit decomposition, and the data enters as a Poseidon hash.
// Same integer model and widths as accuracy.circom with one hidden layer and no shift.
template BitAccuracy(SAMPLES, FEATURES, HIDDEN, CLASSES, INPUT_BITS, WEIGHT_BITS, BIAS_BITS, QUOTIENT_BITS, MARGIN_BITS) {
    signal input context;
    signal input modelCommitment;
    signal input dataHash;
    signal output correct;
    signal input features[SAMPLES][FEATURES];
    signal input labels[SAMPLES][CLASSES]; // one-hot
    signal input weights1[FEATURES][HIDDEN];
    signal input biases1[HIDDEN];
    signal input weights2[HIDDEN][CLASSES];
    signal input biases2[CLASSES];
    signal input salt;

    signal contextSquare <== context * context;

    // model: ranges and commitment
    component commitment = ModelCommitment(
        12345, FEATURES * HIDDEN + HIDDEN * CLASSES, WEIGHT_BITS, HIDDEN + CLASSES, BIAS_BITS
    );
    commitment.salt <== salt;
    for (var j = 0; j < FEATURES; j++) {
        for (var h = 0; h < HIDDEN; h++) {
            commitment.weights[j * HIDDEN + h] <== weights1[j][h] + (1 << (WEIGHT_BITS - 1));
            _ <== Num2Bits(WEIGHT_BITS)(weights1[j][h] + (1 << (WEIGHT_BITS - 1)));
        }
    }
    for (var h = 0; h < HIDDEN; h++) {
        commitment.biases[h] <== biases1[h] + (1 << (BIAS_BITS - 1));
        _ <== Num2Bits(BIAS_BITS)(biases1[h] + (1 << (BIAS_BITS - 1)));
        for (var c = 0; c < CLASSES; c++) {
            commitment.weights[FEATURES * HIDDEN + h * CLASSES + c] <== weights2[h][c] + (1 << (WEIGHT_BITS - 1));
            _ <== Num2Bits(WEIGHT_BITS)(weights2[h][c] + (1 << (WEIGHT_BITS - 1)));
        }
    }
    for (var c = 0; c < CLASSES; c++) {
        commitment.biases[HIDDEN + c] <== biases2[c] + (1 << (BIAS_BITS - 1));
        _ <== Num2Bits(BIAS_BITS)(biases2[c] + (1 << (BIAS_BITS - 1)));
    }
    commitment.commitment === modelCommitment;

    // data: as many features and labels per word as fit, hashed
    var PER_WORD = 252 \ INPUT_BITS;
    var WORDS = (FEATURES + CLASSES + PER_WORD - 1) \ PER_WORD;
    signal words[SAMPLES * WORDS];
    for (var n = 0; n < SAMPLES; n++) {
        for (var w = 0; w < WORDS; w++) {
            var word = 0;
            for (var i = w * PER_WORD; i < FEATURES + CLASSES && i < (w + 1) * PER_WORD; i++) {
                word += (i < FEATURES ? features[n][i] : labels[n][i - FEATURES]) * (1 << (INPUT_BITS * (i - w * PER_WORD)));
            }
            words[n * WORDS + w] <== word;
        }
        for (var j = 0; j < FEATURES; j++) {
            _ <== Num2Bits(INPUT_BITS)(features[n][j]);
        }
        var one = 0;
        for (var c = 0; c < CLASSES; c++) {
            labels[n][c] * (labels[n][c] - 1) === 0;
            one += labels[n][c];
        }
        one === 1;
    }
    signal digest <== PoseidonChain(SAMPLES * WORDS)(words);
    digest === dataHash;

    // inference and comparison
    component sign[SAMPLES][HIDDEN];
    component margin[SAMPLES][CLASSES];
    signal products1[SAMPLES][HIDDEN][FEATURES];
    signal products2[SAMPLES][CLASSES][HIDDEN];
    signal activations[SAMPLES][HIDDEN];
    signal labelTerms[SAMPLES][CLASSES];
    signal wins[SAMPLES][CLASSES + 1];
    var count = 0;
    for (var n = 0; n < SAMPLES; n++) {
        for (var h = 0; h < HIDDEN; h++) {
            var z = biases1[h];
            for (var j = 0; j < FEATURES; j++) {
                products1[n][h][j] <== features[n][j] * weights1[j][h];
                z += products1[n][h][j];
            }
            sign[n][h] = SignedBits(QUOTIENT_BITS);
            sign[n][h].in <== z;
            activations[n][h] <== z * sign[n][h].isNonNegative;
        }
        var logits[CLASSES];
        var labelLogit = 0;
        for (var c = 0; c < CLASSES; c++) {
            logits[c] = biases2[c];
            for (var h = 0; h < HIDDEN; h++) {
                products2[n][c][h] <== activations[n][h] * weights2[h][c];
                logits[c] += products2[n][c][h];
            }
            labelTerms[n][c] <== labels[n][c] * logits[c];
            labelLogit += labelTerms[n][c];
        }
        wins[n][0] <== 1;
        var isAfter = 1;
        for (var c = 0; c < CLASSES; c++) {
            isAfter -= labels[n][c];
            margin[n][c] = SignedBits(MARGIN_BITS);
            margin[n][c].in <== labelLogit - logits[c] - isAfter;
            wins[n][c + 1] <== wins[n][c] * margin[n][c].isNonNegative;
        }
        count += wins[n][CLASSES];
    }
    correct <== count;
}
