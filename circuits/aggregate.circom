pragma circom 2.2.0;

include "lib/commitment.circom";
include "lib/limbs.circom";
include "lib/lookup.circom";
include "lib/parameter-vector.circom";

// The model behind globalCommitment, with salt 0, is the average of the vectors behind vectorDigests: the slots of
// their sum, divided by factorSum and rounded half up.
//
// Parameters   ARCHITECTURE_ID, WEIGHTS, WEIGHT_BITS, BIASES, BIAS_BITS, MAX_FACTOR_SUM  as of MaskedUpdate
//              VECTORS          vectors of the sum; unused places hold the vector of zeros
//              TABLE_BITS       range table; 2·MAX_FACTOR_SUM ≤ 2^TABLE_BITS
// Assumes      alpha is the hash of statement and block commitment, recomputed by the verifier; the vectors are models
//              in range times integer factors that add up to factorSum, with masks that cancel in the sum
// Constrains   the statement; 0 < factorSum ≤ MAX_FACTOR_SUM, and the global model is in its ranges
// Cost         see circuits/README.md (generated)
template Aggregate(
    ARCHITECTURE_ID, WEIGHTS, WEIGHT_BITS, BIASES, BIAS_BITS, MAX_FACTOR_SUM, VECTORS, TABLE_BITS
) {
    // Twice a slot of the sum, and what it is compared with, differ by less than 2^slotBits.
    assert(VECTORS > 0 && 0 < MAX_FACTOR_SUM && 2 * MAX_FACTOR_SUM <= 1 << TABLE_BITS);
    assert(2 * MAX_FACTOR_SUM * (1 << WEIGHT_BITS) + MAX_FACTOR_SUM
        <= 1 << vectorSlotBits(WEIGHT_BITS, MAX_FACTOR_SUM));
    assert(2 * MAX_FACTOR_SUM * (1 << BIAS_BITS) + MAX_FACTOR_SUM
        <= 1 << vectorSlotBits(BIAS_BITS, MAX_FACTOR_SUM));
    var WORDS = vectorWordCount(WEIGHTS, WEIGHT_BITS, BIASES, BIAS_BITS, MAX_FACTOR_SUM);

    // --- statement ---
    signal input context;
    signal input factorSum;
    signal input globalCommitment;
    signal input vectorDigests[VECTORS];
    // --- challenges; rho is of no use here ---
    signal input alpha;
    signal input rho;
    // --- committed block ---
    signal input weightLimbs[WEIGHTS][limbCount(WEIGHT_BITS, TABLE_BITS)]; // offset form: w + 2^(WEIGHT_BITS − 1)
    signal input biasLimbs[BIASES][limbCount(BIAS_BITS, TABLE_BITS)];      // offset form: b + 2^(BIAS_BITS − 1)
    signal input weightRemainders[WEIGHTS];
    signal input biasRemainders[BIASES];
    signal input multiplicities[1 << TABLE_BITS];
    signal input blockMask;
    // --- private ---
    signal input vectors[VECTORS][WORDS];

    // Dummy squares keep the wires of what is bound by being public only; the mask makes the block commitment hide.
    signal contextSquare <== context * context;
    signal rhoSquare <== rho * rho;
    signal blockMaskSquare <== blockMask * blockMask;

    // --- the global model ---
    var WEIGHT_LOOKUPS = WEIGHTS * lookupCount(WEIGHT_BITS, TABLE_BITS);
    var BIAS_LOOKUPS = BIASES * lookupCount(BIAS_BITS, TABLE_BITS);
    var LOOKUPS = WEIGHT_LOOKUPS + BIAS_LOOKUPS + 2 * (WEIGHTS + BIASES) + 2;
    signal lookups[LOOKUPS];
    signal weights[WEIGHTS];
    signal weightLookups[WEIGHT_LOOKUPS];
    (weights, weightLookups) <== Limbs(WEIGHTS, WEIGHT_BITS, TABLE_BITS)(weightLimbs);
    signal biases[BIASES];
    signal biasLookups[BIAS_LOOKUPS];
    (biases, biasLookups) <== Limbs(BIASES, BIAS_BITS, TABLE_BITS)(biasLimbs);
    for (var i = 0; i < WEIGHT_LOOKUPS; i++) { lookups[i] <== weightLookups[i]; }
    for (var i = 0; i < BIAS_LOOKUPS; i++) { lookups[WEIGHT_LOOKUPS + i] <== biasLookups[i]; }
    component commitment = ModelCommitment(ARCHITECTURE_ID, WEIGHTS, WEIGHT_BITS, BIASES, BIAS_BITS);
    commitment.weights <== weights;
    commitment.biases <== biases;
    commitment.salt <== 0;
    commitment.commitment === globalCommitment;

    // --- division: 2·sum + factorSum == 2·factorSum·average + remainder, 0 ≤ remainder < 2·factorSum ---
    var next = WEIGHT_LOOKUPS + BIAS_LOOKUPS;
    signal doubledWeights[WEIGHTS];
    for (var i = 0; i < WEIGHTS; i++) {
        doubledWeights[i] <== 2 * factorSum * weights[i] + weightRemainders[i] - factorSum;
        lookups[next] <== weightRemainders[i];
        lookups[next + 1] <== 2 * factorSum - 1 - weightRemainders[i];
        next += 2;
    }
    signal doubledBiases[BIASES];
    for (var i = 0; i < BIASES; i++) {
        doubledBiases[i] <== 2 * factorSum * biases[i] + biasRemainders[i] - factorSum;
        lookups[next] <== biasRemainders[i];
        lookups[next + 1] <== 2 * factorSum - 1 - biasRemainders[i];
        next += 2;
    }
    lookups[next] <== factorSum;
    lookups[next + 1] <== MAX_FACTOR_SUM - factorSum;
    RangeLookup(TABLE_BITS, LOOKUPS)(alpha, lookups, multiplicities);

    // --- the sum of the vectors ---
    signal doubled[WORDS] <==
        ParameterVector(WEIGHTS, WEIGHT_BITS, BIASES, BIAS_BITS, MAX_FACTOR_SUM)(doubledWeights, doubledBiases);
    for (var w = 0; w < WORDS; w++) {
        var sum = 0;
        for (var v = 0; v < VECTORS; v++) { sum += vectors[v][w]; }
        2 * sum === doubled[w];
    }
    signal digests[VECTORS];
    for (var v = 0; v < VECTORS; v++) {
        digests[v] <== PoseidonChain(WORDS)(vectors[v]);
        digests[v] === vectorDigests[v];
    }
}
