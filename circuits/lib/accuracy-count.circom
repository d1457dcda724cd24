pragma circom 2.2.0;

include "packing.circom";

// The number of samples that a model classifies correctly, from packed margins.
//
// For group k (all samples of one label y) and class c the margin word holds, per slot,
//   margin_c = z_y − z_c − [c < y] + (1 − isCorrect)·2^(MARGIN_BITS − 1)   ≥ 0
// so isCorrect = 1 proves that y is the first maximum of the logits z, and isCorrect = 0 leaves
// the sample free but still bounded. The logit words are outputs, linear in what was committed, to be
// tied to the last matrix product by the caller.
//
// Parameters   GROUPS, SLOTS, CLASSES > 0; MARGIN_BITS > 1; SLOTS·SLOT_BITS ≤ 252
// Assumes      labels[c][k] is one-hot per group and sampleMask is 0 or 1: public data that everybody
//              recomputes. Every slot of a margin word is range-checked to 0 … 2^MARGIN_BITS − 1.
//              2·max|z| + 1 + 2^(MARGIN_BITS − 1) + 2^MARGIN_BITS ≤ 2^SLOT_BITS, so that equal
//              words mean equal slots
// Constrains   isCorrect is 0 or 1, and 0 where sampleMask is 0; the label's own margin is
//              (1 − isCorrect)·2^(MARGIN_BITS − 1), so labelLogits is the word of z_y;
//              correct == Σ isCorrect
// Cost         GROUPS·(SLOTS + CLASSES) non-linear constraints
template AccuracyCount(GROUPS, SLOTS, CLASSES, MARGIN_BITS, SLOT_BITS) {
    assert(GROUPS > 0 && SLOTS > 0 && CLASSES > 0 && MARGIN_BITS > 1 && SLOTS * SLOT_BITS <= 252);
    signal input labels[CLASSES][GROUPS];
    signal input sampleMask[GROUPS][SLOTS];
    signal input isCorrect[GROUPS][SLOTS];
    signal input marginWords[CLASSES][GROUPS];
    signal input labelLogits[GROUPS];
    signal output logitWords[CLASSES][GROUPS];
    signal output correct;

    var UNIT = unitWord(SLOTS, SLOT_BITS);
    var count = 0;
    signal labelMargins[GROUPS][CLASSES];
    for (var k = 0; k < GROUPS; k++) {
        var slack = 0;
        for (var m = 0; m < SLOTS; m++) {
            isCorrect[k][m] * (isCorrect[k][m] - sampleMask[k][m]) === 0;
            count += isCorrect[k][m];
            slack += (1 - isCorrect[k][m]) * (1 << (SLOT_BITS * m + MARGIN_BITS - 1));
        }
        var labelMargin = 0;
        var isAfter = 1;
        for (var c = 0; c < CLASSES; c++) {
            isAfter -= labels[c][k];  // [c < y]: the label is none of 0 … c
            logitWords[c][k] <== labelLogits[k] - marginWords[c][k] - isAfter * UNIT + slack;
            labelMargins[k][c] <== labels[c][k] * marginWords[c][k];
            labelMargin += labelMargins[k][c];
        }
        labelMargin === slack;
    }
    correct <== count;
}
