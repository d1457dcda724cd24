pragma circom 2.2.0;

// Number of limbs of TABLE_BITS that carry a value of BITS (0 for BITS = 0).
function limbCount(BITS, TABLE_BITS) {
    return (BITS + TABLE_BITS - 1) \ TABLE_BITS;
}

// Number of lookups that bound those limbs: one per full limb, two for a partial top limb.
function lookupCount(BITS, TABLE_BITS) {
    return BITS % TABLE_BITS == 0 ? BITS \ TABLE_BITS : BITS \ TABLE_BITS + 2;
}

// COUNT unsigned values of BITS from their limbs, least significant first, together with the
// lookups that bound them.
// Parameters   BITS ≥ 0, TABLE_BITS > 0, BITS + TABLE_BITS ≤ 252
// Assumes      each lookup is constrained to 0 … 2^TABLE_BITS − 1 by a RangeLookup
// Constrains   values[i] == Σ limbs[i][k]·2^(TABLE_BITS·k); with the lookups, 0 ≤ values[i] < 2^BITS.
//              A partial top limb f of b bits is looked up twice, as f and as f·2^(TABLE_BITS − b):
//              the first bounds f far below r, so the second cannot wrap and gives f < 2^b
// Cost         0 non-linear constraints here, lookupCount(BITS, TABLE_BITS) lookups per value
template Limbs(COUNT, BITS, TABLE_BITS) {
    assert(TABLE_BITS > 0 && BITS + TABLE_BITS <= 252);
    var LIMBS = limbCount(BITS, TABLE_BITS);
    var LOOKUPS = lookupCount(BITS, TABLE_BITS);
    signal input limbs[COUNT][LIMBS];
    signal output values[COUNT];
    signal output lookups[COUNT * LOOKUPS];

    for (var i = 0; i < COUNT; i++) {
        var value = 0;
        for (var k = 0; k < LIMBS; k++) {
            value += limbs[i][k] * (1 << (TABLE_BITS * k));
            lookups[i * LOOKUPS + k] <== limbs[i][k];
        }
        if (LOOKUPS > LIMBS) {
            lookups[i * LOOKUPS + LIMBS] <== limbs[i][LIMBS - 1] * (1 << (LIMBS * TABLE_BITS - BITS));
        }
        values[i] <== value;
    }
}
