pragma circom 2.2.0;

include "limbs.circom";

// Σ over dense layers of inputs × outputs.
function weightCount(LAYERS, SIZES) {
    var count = 0;
    for (var l = 0; l < LAYERS; l++) { count += SIZES[l] * SIZES[l + 1]; }
    return count;
}

// Units of layers FIRST … LAST − 1.
function unitCount(FIRST, LAST, SIZES) {
    var count = 0;
    for (var l = FIRST; l < LAST; l++) { count += SIZES[l]; }
    return count;
}

// Limbs of the remainders of all updates: a layer's weights, then its biases.
function updateLimbCount(LAYERS, SIZES, SHIFTS, TABLE_BITS) {
    var count = 0;
    for (var l = 0; l < LAYERS; l++) { count += (SIZES[l] + 1) * SIZES[l + 1] * limbCount(SHIFTS[l], TABLE_BITS); }
    return count;
}
