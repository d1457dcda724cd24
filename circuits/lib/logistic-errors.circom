pragma circom 2.2.0;

include "limbs.circom";

// Indices of the sigmoid table: t + 512 for −512 ≤ t ≤ 511.
function sigmoidEntries() { return 1024; }

// One as the sigmoid table writes it.
function sigmoidOne() { return 256; }

// Lookups that bound one logit.
function logitLookupCount(SHIFT, TABLE_BITS) {
    return 2 + lookupCount(SHIFT, TABLE_BITS);
}

// The gradient of the one-vs-all logistic loss for COUNT logits z: error = sigmoidTable[index] − 256·label, with
// index − 512 = floor(z / 2^SHIFT) clamped to −512 … 511. The logits are outputs, linear in what the prover
// committed, to be tied to the matrix product by the caller.
// Parameters   SHIFT ≥ 0
// Assumes      (index, probability) is constrained to a row of the table by a PairLookup, each lookup to
//              0 … 2^TABLE_BITS − 1 by a RangeLookup; labels are 0 or 1
// Constrains   z == (index − 512 + above − below)·2^SHIFT + remainder,  0 ≤ remainder < 2^SHIFT,
//              above is 0 unless the index is the last, below unless it is the first: the index is the clamped one
// Cost         2·COUNT non-linear constraints, logitLookupCount lookups per logit
template LogisticErrors(COUNT, SHIFT, TABLE_BITS) {
    var LIMBS = limbCount(SHIFT, TABLE_BITS);
    var REMAINDER_LOOKUPS = COUNT * lookupCount(SHIFT, TABLE_BITS);
    signal input indices[COUNT];
    signal input above[COUNT];
    signal input below[COUNT];
    signal input remainderLimbs[COUNT][LIMBS];
    signal input probabilities[COUNT];
    signal input labels[COUNT];
    signal output logits[COUNT];
    signal output errors[COUNT];
    signal output lookups[COUNT * logitLookupCount(SHIFT, TABLE_BITS)];

    component remainder = Limbs(COUNT, SHIFT, TABLE_BITS);
    remainder.limbs <== remainderLimbs;
    for (var i = 0; i < REMAINDER_LOOKUPS; i++) {
        lookups[i] <== remainder.lookups[i];
    }
    for (var i = 0; i < COUNT; i++) {
        above[i] * (sigmoidEntries() - 1 - indices[i]) === 0;
        below[i] * indices[i] === 0;
        lookups[REMAINDER_LOOKUPS + 2 * i] <== above[i];
        lookups[REMAINDER_LOOKUPS + 2 * i + 1] <== below[i];
        logits[i] <== (indices[i] - sigmoidEntries() \ 2 + above[i] - below[i]) * (1 << SHIFT) + remainder.values[i];
        errors[i] <== probabilities[i] - sigmoidOne() * labels[i];
    }
}
