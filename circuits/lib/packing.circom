pragma circom 2.2.0;

// The word with 1 in every slot: adding v times it adds v to every slot.
function unitWord(SLOTS, SLOT_BITS) {
    var word = 0;
    for (var m = 0; m < SLOTS; m++) {
        word += 1 << (SLOT_BITS * m);
    }
    return word;
}

// One word of SLOTS numbers: word = Σ_m slots[m]·2^(SLOT_BITS·m).
// Parameters   SLOTS > 0, SLOTS·SLOT_BITS ≤ 252
// Assumes      nothing; numbers may be negative
// Constrains   the word. Two packings of numbers whose slots differ by less than 2^SLOT_BITS in
//              magnitude are equal in the field only if they are equal slot by slot
// Cost         0 non-linear constraints
template PackWord(SLOTS, SLOT_BITS) {
    assert(SLOTS > 0 && SLOTS * SLOT_BITS <= 252);
    signal input slots[SLOTS];
    signal output word;

    var linear = 0;
    for (var m = 0; m < SLOTS; m++) {
        linear += slots[m] * (1 << (SLOT_BITS * m));
    }
    word <== linear;
}
