pragma circom 2.2.0;

include "limbs.circom";
include "packing.circom";

// Length of a unit's remainderLimbs: circom cannot lay out a component array, as accuracy.circom has of its
// units, in which some elements have an empty input, so a unit without remainders gets one unused element.
function remainderInputCount(LIMBS) {
    return LIMBS > 0 ? LIMBS : 1;
}

// Lookups that bound one unit of a hidden layer for one sample.
function unitLookupCount(MAGNITUDE_BITS, SHIFT, TABLE_BITS) {
    return lookupCount(MAGNITUDE_BITS, TABLE_BITS) + lookupCount(SHIFT, TABLE_BITS);
}

// ReLU and rescale of a unit of a hidden layer: activation = max(floor(z / 2^SHIFT), 0), over
// GROUPS words of SLOTS samples. The accumulators z are outputs, linear in what the prover committed,
// to be tied to the matrix product by the caller.
// Parameters   0 < MAGNITUDE_BITS ≤ TABLE_BITS, SHIFT ≥ 0, SLOTS·SLOT_BITS ≤ 252
// Assumes      each lookup is constrained to 0 … 2^TABLE_BITS − 1 by a RangeLookup
// Constrains   z == (activation − deficit)·2^SHIFT + remainder,  0 ≤ remainder < 2^SHIFT,
//              activation·deficit == 0,  0 ≤ activation + deficit < 2^MAGNITUDE_BITS:
//              one of the two is zero, the other a magnitude, so activation − deficit is
//              floor(z / 2^SHIFT) and activation its positive part
// Cost         GROUPS·SLOTS non-linear constraints, unitLookupCount lookups per sample
template HiddenUnit(GROUPS, SLOTS, SLOT_BITS, MAGNITUDE_BITS, SHIFT, TABLE_BITS) {
    assert(0 < MAGNITUDE_BITS && MAGNITUDE_BITS <= TABLE_BITS && SHIFT >= 0);
    var LIMBS = limbCount(SHIFT, TABLE_BITS);
    var SAMPLES = GROUPS * SLOTS;
    signal input activations[GROUPS][SLOTS];
    signal input deficits[GROUPS][SLOTS];
    signal input remainderLimbs[remainderInputCount(SAMPLES * LIMBS)]; // by group, slot, limb
    signal output activationWords[GROUPS];
    signal output accumulatorWords[GROUPS];
    signal output lookups[SAMPLES * unitLookupCount(MAGNITUDE_BITS, SHIFT, TABLE_BITS)];

    component magnitude = Limbs(SAMPLES, MAGNITUDE_BITS, TABLE_BITS);
    component remainder = Limbs(SAMPLES, SHIFT, TABLE_BITS);
    for (var k = 0; k < GROUPS; k++) {
        for (var m = 0; m < SLOTS; m++) {
            var i = k * SLOTS + m;
            activations[k][m] * deficits[k][m] === 0;
            magnitude.limbs[i][0] <== activations[k][m] + deficits[k][m];
            for (var b = 0; b < LIMBS; b++) {
                remainder.limbs[i][b] <== remainderLimbs[i * LIMBS + b];
            }
        }
    }
    var MAGNITUDE_LOOKUPS = SAMPLES * lookupCount(MAGNITUDE_BITS, TABLE_BITS);
    for (var i = 0; i < MAGNITUDE_LOOKUPS; i++) {
        lookups[i] <== magnitude.lookups[i];
    }
    for (var i = 0; i < SAMPLES * lookupCount(SHIFT, TABLE_BITS); i++) {
        lookups[MAGNITUDE_LOOKUPS + i] <== remainder.lookups[i];
    }

    for (var k = 0; k < GROUPS; k++) {
        var accumulators[SLOTS];
        for (var m = 0; m < SLOTS; m++) {
            accumulators[m] = (activations[k][m] - deficits[k][m]) * (1 << SHIFT) + remainder.values[k * SLOTS + m];
        }
        accumulatorWords[k] <== PackWord(SLOTS, SLOT_BITS)(accumulators);
        activationWords[k] <== PackWord(SLOTS, SLOT_BITS)(activations[k]);
    }
}
