pragma circom 2.2.0;

include "lib/commitment.circom";

// The vector behind sumDigest is the sum of the vectors behind vectorDigests: a node of the tree by which more
// vectors are aggregated than one proof takes. Masks need not cancel in it.
//
// Parameters   WORDS            words of a vector
//              VECTORS          vectors of the sum; unused places hold the vector of zeros
// Assumes      nothing
// Constrains   the statement
// Cost         about 610 non-linear constraints per 15 words and vector, the sum included
template VectorSum(WORDS, VECTORS) {
    assert(VECTORS > 0);
    // --- statement ---
    signal input context;
    signal input sumDigest;
    signal input vectorDigests[VECTORS];
    // --- challenges, of no use here ---
    signal input alpha;
    signal input rho;
    // --- committed block ---
    signal input blockMask;
    // --- private ---
    signal input vectors[VECTORS][WORDS];

    // Dummy squares keep the wires of what is bound by being public only.
    signal contextSquare <== context * context;
    signal alphaSquare <== alpha * alpha;
    signal rhoSquare <== rho * rho;
    signal blockMaskSquare <== blockMask * blockMask;

    signal sums[WORDS];
    for (var w = 0; w < WORDS; w++) {
        var sum = 0;
        for (var v = 0; v < VECTORS; v++) { sum += vectors[v][w]; }
        sums[w] <== sum;
    }
    signal digest <== PoseidonChain(WORDS)(sums);
    digest === sumDigest;
    signal digests[VECTORS];
    for (var v = 0; v < VECTORS; v++) {
        digests[v] <== PoseidonChain(WORDS)(vectors[v]);
        digests[v] === vectorDigests[v];
    }
}
