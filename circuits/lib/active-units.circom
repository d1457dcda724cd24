pragma circom 2.2.0;

include "hidden-unit.circom";
include "limbs.circom";

// ReLU and rescale of COUNT hidden units, with the bit that tells whether a unit is active:
// activation = max(floor(z / 2^SHIFT), 0), isActive = [activation > 0]. The accumulators z are outputs, linear in
// what the prover committed, to be tied to the matrix product by the caller.
// Parameters   0 < MAGNITUDE_BITS ≤ TABLE_BITS, SHIFT ≥ 0
// Assumes      each lookup is constrained to 0 … 2^TABLE_BITS − 1 by a RangeLookup
// Constrains   z == (excess + isActive − deficit)·2^SHIFT + remainder,  0 ≤ remainder < 2^SHIFT;
//              an active unit has no deficit, another no excess, and both are below 2^MAGNITUDE_BITS:
//              so activation = excess + isActive is floor(z / 2^SHIFT) where that is positive, else 0
// Cost         3·COUNT non-linear constraints, unitLookupCount lookups per unit
template ActiveUnits(COUNT, SHIFT, MAGNITUDE_BITS, TABLE_BITS) {
    assert(0 < MAGNITUDE_BITS && MAGNITUDE_BITS <= TABLE_BITS && SHIFT >= 0);
    var LIMBS = limbCount(SHIFT, TABLE_BITS);
    var MAGNITUDE_LOOKUPS = COUNT * lookupCount(MAGNITUDE_BITS, TABLE_BITS);
    signal input excesses[COUNT];
    signal input isActive[COUNT];
    signal input deficits[COUNT];
    signal input remainderLimbs[COUNT][LIMBS];
    signal output activations[COUNT];
    signal output accumulators[COUNT];
    signal output lookups[COUNT * unitLookupCount(MAGNITUDE_BITS, SHIFT, TABLE_BITS)];

    component magnitude = Limbs(COUNT, MAGNITUDE_BITS, TABLE_BITS);
    component remainder = Limbs(COUNT, SHIFT, TABLE_BITS);
    remainder.limbs <== remainderLimbs;
    for (var i = 0; i < COUNT; i++) {
        isActive[i] * (isActive[i] - 1) === 0;
        excesses[i] * (1 - isActive[i]) === 0;
        deficits[i] * isActive[i] === 0;
        magnitude.limbs[i][0] <== excesses[i] + deficits[i];
    }
    for (var i = 0; i < MAGNITUDE_LOOKUPS; i++) {
        lookups[i] <== magnitude.lookups[i];
    }
    for (var i = 0; i < COUNT * lookupCount(SHIFT, TABLE_BITS); i++) {
        lookups[MAGNITUDE_LOOKUPS + i] <== remainder.lookups[i];
    }
    for (var i = 0; i < COUNT; i++) {
        activations[i] <== excesses[i] + isActive[i];
        accumulators[i] <== (activations[i] - deficits[i]) * (1 << SHIFT) + remainder.values[i];
    }
}
