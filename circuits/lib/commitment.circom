pragma circom 2.2.0;

include "circomlib/circuits/poseidon.circom";

// Words that hold COUNT unsigned values of BITS, 252 bits at most per word.
function packedWordCount(COUNT, BITS) {
    var PER_WORD = 252 \ BITS;
    return (COUNT + PER_WORD - 1) \ PER_WORD;
}

// Calls of Poseidon over 16 inputs that absorb COUNT values, 16 in the first and 15 in each later one.
function poseidonCalls(COUNT) {
    return COUNT <= 16 ? 1 : 1 + (COUNT - 16 + 14) \ 15;
}

// Poseidon over any fixed number of values: 16 inputs per call, the first of each later call
// being the previous digest, the last call padded with zeros (Grassi et al. 2019; circomlib's instance).
// Parameters   COUNT > 0
// Assumes      COUNT is fixed by the caller's statement, so padding is unambiguous
// Constrains   digest
// Cost         about 610 non-linear constraints per call
template PoseidonChain(COUNT) {
    assert(COUNT > 0);
    signal input values[COUNT];
    signal output digest;

    var CALLS = poseidonCalls(COUNT);
    component call[CALLS];
    var next = 0;
    for (var c = 0; c < CALLS; c++) {
        call[c] = Poseidon(16);
        for (var i = 0; i < 16; i++) {
            if (c > 0 && i == 0) {
                call[c].inputs[i] <== call[c - 1].out;
            } else if (next < COUNT) {
                call[c].inputs[i] <== values[next];
                next++;
            } else {
                call[c].inputs[i] <== 0;
            }
        }
    }
    digest <== call[CALLS - 1].out;
}

// The digest of a model: Poseidon over architecture id, packed weights, packed biases.
// Parameters   ARCHITECTURE_ID a field element that fixes all counts and widths;
//              WEIGHTS, BIASES > 0; WEIGHT_BITS, BIAS_BITS ≤ 252
// Assumes      weights and biases are in offset form and range-checked (0 ≤ v < 2^BITS), which
//              makes packing injective
// Constrains   digest. It binds all weights, and is no secret of a model that somebody can guess
// Cost         about 610 non-linear constraints per 15 words
template ModelDigest(ARCHITECTURE_ID, WEIGHTS, WEIGHT_BITS, BIASES, BIAS_BITS) {
    signal input weights[WEIGHTS];
    signal input biases[BIASES];
    signal output digest;

    var WEIGHT_WORDS = packedWordCount(WEIGHTS, WEIGHT_BITS);
    var BIAS_WORDS = packedWordCount(BIASES, BIAS_BITS);
    signal values[WEIGHT_WORDS + BIAS_WORDS + 1];
    values[0] <== ARCHITECTURE_ID;

    var perWord = 252 \ WEIGHT_BITS;
    for (var w = 0; w < WEIGHT_WORDS; w++) {
        var word = 0;
        for (var i = w * perWord; i < WEIGHTS && i < (w + 1) * perWord; i++) {
            word += weights[i] * (1 << (WEIGHT_BITS * (i - w * perWord)));
        }
        values[1 + w] <== word;
    }
    perWord = 252 \ BIAS_BITS;
    for (var w = 0; w < BIAS_WORDS; w++) {
        var word = 0;
        for (var i = w * perWord; i < BIASES && i < (w + 1) * perWord; i++) {
            word += biases[i] * (1 << (BIAS_BITS * (i - w * perWord)));
        }
        values[1 + WEIGHT_WORDS + w] <== word;
    }
    digest <== PoseidonChain(WEIGHT_WORDS + BIAS_WORDS + 1)(values);
}

// The model commitment: Poseidon over the model's digest and a salt.
// Parameters   as of ModelDigest
// Assumes      as ModelDigest; the salt is a uniform field element
// Constrains   digest, as ModelDigest, and commitment, which binds all weights and hides them behind the salt
// Cost         about 610 non-linear constraints per 15 words and 240 for the salt
template ModelCommitment(ARCHITECTURE_ID, WEIGHTS, WEIGHT_BITS, BIASES, BIAS_BITS) {
    signal input weights[WEIGHTS];
    signal input biases[BIASES];
    signal input salt;
    signal output digest;
    signal output commitment;

    digest <== ModelDigest(ARCHITECTURE_ID, WEIGHTS, WEIGHT_BITS, BIASES, BIAS_BITS)(weights, biases);
    commitment <== Poseidon(2)([digest, salt]);
}

// The nullifier of a model in one round of one federation: the same weights have the same one, whatever their salt.
// Parameters   none
// Assumes      modelDigest is the digest of the model that the round's statement is about
// Constrains   nullifier
// Cost         about 260 non-linear constraints
template RoundNullifier() {
    signal input federation;
    signal input round;
    signal input modelDigest;
    signal output nullifier;

    nullifier <== Poseidon(3)([federation, round, modelDigest]);
}

// The commitment to a training batch: Poseidon over packed features, packed one-hot labels, salt.
// Parameters   SAMPLES, FEATURES, CLASSES > 0; INPUT_BITS ≤ 252
// Assumes      features are range-checked to INPUT_BITS and labels to one bit, which makes packing injective;
//              the salt is a uniform field element
// Constrains   digest
// Cost         about 610 non-linear constraints per 15 words
template BatchCommitment(SAMPLES, FEATURES, INPUT_BITS, CLASSES) {
    signal input features[SAMPLES][FEATURES];
    signal input labels[SAMPLES][CLASSES];
    signal input salt;
    signal output digest;

    var FEATURE_WORDS = packedWordCount(SAMPLES * FEATURES, INPUT_BITS);
    var LABEL_WORDS = packedWordCount(SAMPLES * CLASSES, 1);
    signal values[FEATURE_WORDS + LABEL_WORDS + 1];
    var perWord = 252 \ INPUT_BITS;
    for (var w = 0; w < FEATURE_WORDS; w++) {
        var word = 0;
        for (var i = w * perWord; i < SAMPLES * FEATURES && i < (w + 1) * perWord; i++) {
            word += features[i \ FEATURES][i % FEATURES] * (1 << (INPUT_BITS * (i - w * perWord)));
        }
        values[w] <== word;
    }
    for (var w = 0; w < LABEL_WORDS; w++) {
        var word = 0;
        for (var i = w * 252; i < SAMPLES * CLASSES && i < (w + 1) * 252; i++) {
            word += labels[i \ CLASSES][i % CLASSES] * (1 << (i - w * 252));
        }
        values[FEATURE_WORDS + w] <== word;
    }
    values[FEATURE_WORDS + LABEL_WORDS] <== salt;
    digest <== PoseidonChain(FEATURE_WORDS + LABEL_WORDS + 1)(values);
}
