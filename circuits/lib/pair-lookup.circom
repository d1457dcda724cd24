pragma circom 2.2.0;

include "sum.circom";

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
    signal reciprocals[COUNT];
    for (var i = 0; i < COUNT; i++) {
        weighted[i] <== beta * values[i];
        reciprocals[i] <-- 1 / (alpha - keys[i] - weighted[i]);
        reciprocals[i] * (alpha - keys[i] - weighted[i]) === 1;
    }
    signal shares[ENTRIES];
    for (var t = 0; t < ENTRIES; t++) {
        shares[t] <-- multiplicities[t] / (alpha - t - beta * TABLE[t]);
        shares[t] * (alpha - t - beta * TABLE[t]) === multiplicities[t];
    }
    signal lookedUp <== Sum(COUNT)(reciprocals);
    signal offered <== Sum(ENTRIES)(shares);
    lookedUp === offered;
}
