pragma circom 2.0.0;

include "circomlib-ml/circuits/Dense.circom";
include "circomlib-ml/circuits/ReLU.circom";
include "circomlib-ml/circuits/ArgMax.circom";
include "circomlib/circuits/poseidon.circom";

// The accuracy of a private 64-16-10 network with circomlib-ml's layers as they are (their ReLU and ArgMax
// decompose 254 bits without an alias check, which is not sound; they are here to be measured). Data is
// bound by Poseidon over words of 31 bytes, with a range check of 8 bits per element.
template CircomlibMlAccuracy(SAMPLES, FEATURES, HIDDEN, CLASSES) {
    var PER_WORD = 31;
    var VALUES = FEATURES + 1;
    var WORDS = (SAMPLES * VALUES + PER_WORD - 1) \ PER_WORD;
    var CALLS = WORDS <= 16 ? 1 : 1 + (WORDS - 16 + 14) \ 15;

    signal input dataHash;
    signal output correct;
    signal input features[SAMPLES][FEATURES];
    signal input labels[SAMPLES];
    signal input weights1[FEATURES][HIDDEN];
    signal input biases1[HIDDEN];
    signal input weights2[HIDDEN][CLASSES];
    signal input biases2[CLASSES];

    component range[SAMPLES * VALUES];
    component hash[CALLS];
    var word = 0;
    var inWord = 0;
    var call = 0;
    var slot = 0;
    hash[0] = Poseidon(16);
    for (var i = 0; i < SAMPLES * VALUES; i++) {
        var n = i \ VALUES;
        var j = i % VALUES;
        range[i] = Num2Bits(8);
        if (j < FEATURES) {
            range[i].in <== features[n][j];
            word += features[n][j] * (1 << (8 * inWord));
        } else {
            range[i].in <== labels[n];
            word += labels[n] * (1 << (8 * inWord));
        }
        inWord++;
        if (inWord == PER_WORD || i == SAMPLES * VALUES - 1) {
            if (slot == 16) {
                call++;
                hash[call] = Poseidon(16);
                hash[call].inputs[0] <== hash[call - 1].out;
                slot = 1;
            }
            hash[call].inputs[slot] <== word;
            slot++;
            word = 0;
            inWord = 0;
        }
    }
    while (slot < 16) {
        hash[call].inputs[slot] <== 0;
        slot++;
    }
    hash[call].out === dataHash;

    component hidden[SAMPLES];
    component relu[SAMPLES][HIDDEN];
    component logits[SAMPLES];
    component argMax[SAMPLES];
    component isLabel[SAMPLES];
    var count = 0;
    for (var n = 0; n < SAMPLES; n++) {
        hidden[n] = Dense(FEATURES, HIDDEN);
        hidden[n].in <== features[n];
        hidden[n].weights <== weights1;
        hidden[n].bias <== biases1;
        logits[n] = Dense(HIDDEN, CLASSES);
        for (var h = 0; h < HIDDEN; h++) {
            relu[n][h] = ReLU();
            relu[n][h].in <== hidden[n].out[h];
            logits[n].in[h] <== relu[n][h].out;
        }
        logits[n].weights <== weights2;
        logits[n].bias <== biases2;
        argMax[n] = ArgMax(CLASSES);
        argMax[n].in <== logits[n].out;
        isLabel[n] = IsEqual();
        isLabel[n].in[0] <== argMax[n].out;
        isLabel[n].in[1] <== labels[n];
        count += isLabel[n].out;
    }
    correct <== count;
}
