pragma circom 2.2.0;

// Every pair (key, value) is a row (t, TABLE[t]) of a constant table, by the logarithmic derivative of the lookup
// relation (logUp, Haböck 2022) over key + beta·value.
// Parameters   ENTRIES, COUNT > 0; TABLE has ENTRIES constants
// Assumes      alpha and beta were drawn after every key, value and multiplicity was fixed
// Constrains   0 ≤ key < ENTRIES and value == TABLE[key], except with probability
//              (COUNT + ENTRIES)·(COUNT + 1)/r over alpha and beta
// Cost         2·COUNT + ENTRIES non-linear constraints
template PairLookup(ENTRIES, TABLE, COUNT) {
    assert(ENTRIES > 0 && COUNT > 0);
    signal input alpha;
    signal input beta;
    signal input keys[COUNT];
    signal input values[COUNT];
    signal input multiplicities[ENTRIES];

    signal weighted[COUNT];
    // Left side minus right side so far, as in lookup.circom.
    signal balance[COUNT + ENTRIES + 1];
    balance[0] <== 0;
    for (var i = 0; i < COUNT; i++) {
        weighted[i] <== beta * values[i];
        balance[i + 1] <-- balance[i] + 1 / (alpha - keys[i] - weighted[i]);
        (balance[i + 1] - balance[i]) * (alpha - keys[i] - weighted[i]) === 1;
    }
    for (var t = 0; t < ENTRIES; t++) {
        balance[COUNT + t + 1] <-- balance[COUNT + t] - multiplicities[t] / (alpha - t - beta * TABLE[t]);
        (balance[COUNT + t] - balance[COUNT + t + 1]) * (alpha - t - beta * TABLE[t]) === multiplicities[t];
    }
    balance[COUNT + ENTRIES] === 0;
}
