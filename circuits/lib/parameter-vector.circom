pragma circom 2.2.0;

include "commitment.circom";

// The least BITS with VALUE ≤ 2^BITS.
function ceilLog2(VALUE) {
    var BITS = 0;
    while ((1 << BITS) < VALUE) { BITS++; }
    return BITS;
}

// Bits of a slot that holds twice the weighted sum of values of BITS, with factors that sum to MAX_FACTOR_SUM.
function vectorSlotBits(BITS, MAX_FACTOR_SUM) {
    return BITS + ceilLog2(MAX_FACTOR_SUM) + 1;
}

// Words of a model's parameter vector: those of the weights, then those of the biases.
function vectorWordCount(WEIGHTS, WEIGHT_BITS, BIASES, BIAS_BITS, MAX_FACTOR_SUM) {
    return packedWordCount(WEIGHTS, vectorSlotBits(WEIGHT_BITS, MAX_FACTOR_SUM))
        + packedWordCount(BIASES, vectorSlotBits(BIAS_BITS, MAX_FACTOR_SUM));
}

// The parameters of a model packed into words whose slots leave room for weighted sums.
// Parameters   WEIGHTS, BIASES > 0; MAX_FACTOR_SUM > 0; a slot of biases has at most 252 bits
// Assumes      nothing
// Constrains   words: slot i of the weights' words, then of the biases', is parameter i
// Cost         0 non-linear constraints
template ParameterVector(WEIGHTS, WEIGHT_BITS, BIASES, BIAS_BITS, MAX_FACTOR_SUM) {
    var WORDS = vectorWordCount(WEIGHTS, WEIGHT_BITS, BIASES, BIAS_BITS, MAX_FACTOR_SUM);
    signal input weights[WEIGHTS];
    signal input biases[BIASES];
    signal output words[WORDS];

    var WEIGHT_SLOT = vectorSlotBits(WEIGHT_BITS, MAX_FACTOR_SUM);
    var BIAS_SLOT = vectorSlotBits(BIAS_BITS, MAX_FACTOR_SUM);
    assert(WEIGHT_SLOT <= 252 && BIAS_SLOT <= 252);
    var WEIGHT_WORDS = packedWordCount(WEIGHTS, WEIGHT_SLOT);
    var perWord = 252 \ WEIGHT_SLOT;
    for (var w = 0; w < WEIGHT_WORDS; w++) {
        var word = 0;
        for (var i = w * perWord; i < WEIGHTS && i < (w + 1) * perWord; i++) {
            word += weights[i] * (1 << (WEIGHT_SLOT * (i - w * perWord)));
        }
        words[w] <== word;
    }
    perWord = 252 \ BIAS_SLOT;
    for (var w = 0; w < WORDS - WEIGHT_WORDS; w++) {
        var word = 0;
        for (var i = w * perWord; i < BIASES && i < (w + 1) * perWord; i++) {
            word += biases[i] * (1 << (BIAS_SLOT * (i - w * perWord)));
        }
        words[WEIGHT_WORDS + w] <== word;
    }
}
