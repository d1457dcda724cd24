pragma circom 2.2.0;

// Every value lies in 0 … 2^BITS − 1, by the logarithmic derivative of the lookup relation
// (logUp, Haböck 2022): Σ 1/(alpha − value_i) = Σ_t multiplicity_t/(alpha − t).
// Parameters   0 < BITS ≤ 20, COUNT > 0
// Assumes      alpha was drawn after every value and multiplicity was fixed: all of them are
//              linear in statement, dataset block and committed block
// Constrains   the multiset of values is covered by the table, except with probability
//              (COUNT + 2^BITS)/r over alpha
// Cost         COUNT + 2^BITS non-linear constraints
template RangeLookup(BITS, COUNT) {
    assert(0 < BITS && BITS <= 20 && COUNT > 0);
    signal input alpha;
    signal input values[COUNT];
    signal input multiplicities[1 << BITS];

    var ENTRIES = 1 << BITS;
    // Left side minus right side so far. A running sum, rather than a sum of all terms, leaves the compiler's
    // simplifier no linear form of hundreds of thousands of terms.
    signal balance[COUNT + ENTRIES + 1];
    balance[0] <== 0;
    for (var i = 0; i < COUNT; i++) {
        balance[i + 1] <-- balance[i] + 1 / (alpha - values[i]);
        (balance[i + 1] - balance[i]) * (alpha - values[i]) === 1;
    }
    for (var t = 0; t < ENTRIES; t++) {
        balance[COUNT + t + 1] <-- balance[COUNT + t] - multiplicities[t] / (alpha - t);
        (balance[COUNT + t] - balance[COUNT + t + 1]) * (alpha - t) === multiplicities[t];
    }
    balance[COUNT + ENTRIES] === 0;
}
