pragma circom 2.2.0;

include "circomlib/circuits/bitify.circom";

include "lib/commitment.circom";
include "lib/limbs.circom";
include "lib/lookup.circom";
include "lib/pair-masks.circom";
include "lib/parameter-vector.circom";

// The vector behind maskedDigest is the model behind modelCommitment, times weightFactor, plus the masks that the
// owner of ownKey has in this round towards the peers of peerSet.
//
// Parameters   ARCHITECTURE_ID  field element naming the integer model's shape and ranges
//              WEIGHTS, WEIGHT_BITS, BIASES, BIAS_BITS  of the integer model
//              MAX_FACTOR_SUM   what the factors of all vectors of a sum may add up to
//              MEMBERS          places of the roster, from 2 to 252
//              TABLE_BITS       range table
// Assumes      alpha is the hash of statement and block commitment, recomputed by the verifier; weightFactor is an
//              integer in the federation's range; the keys of a roster are different, points of the curve, and (0, 1)
//              on empty places; bit k of peerSet names place k of the roster
// Constrains   the statement; bits of peerSet beyond MEMBERS are zero, the member's own bit is of no effect
// Cost         see circuits/README.md (generated)
template MaskedUpdate(
    ARCHITECTURE_ID, WEIGHTS, WEIGHT_BITS, BIASES, BIAS_BITS, MAX_FACTOR_SUM, MEMBERS, TABLE_BITS
) {
    var WORDS = vectorWordCount(WEIGHTS, WEIGHT_BITS, BIASES, BIAS_BITS, MAX_FACTOR_SUM);

    // --- statement ---
    signal input context;
    signal input modelCommitment;
    signal input weightFactor;
    signal input maskedDigest;
    signal input ownKey[2];
    signal input peersDigest;
    signal input peerSet;
    signal input federation;
    signal input round;
    // --- challenges; rho is of no use here ---
    signal input alpha;
    signal input rho;
    // --- committed block ---
    signal input weightLimbs[WEIGHTS][limbCount(WEIGHT_BITS, TABLE_BITS)]; // offset form: w + 2^(WEIGHT_BITS − 1)
    signal input biasLimbs[BIASES][limbCount(BIAS_BITS, TABLE_BITS)];      // offset form: b + 2^(BIAS_BITS − 1)
    signal input multiplicities[1 << TABLE_BITS];
    signal input blockMask;
    // --- private ---
    signal input salt;
    signal input ownScalar;
    signal input isOwn[MEMBERS];      // one-hot: the place of ownKey
    signal input roster[MEMBERS][2];

    // Dummy squares keep the wires of what is bound by being public only; the mask makes the block commitment hide.
    signal contextSquare <== context * context;
    signal rhoSquare <== rho * rho;
    signal blockMaskSquare <== blockMask * blockMask;

    // --- the model ---
    var WEIGHT_LOOKUPS = WEIGHTS * lookupCount(WEIGHT_BITS, TABLE_BITS);
    var BIAS_LOOKUPS = BIASES * lookupCount(BIAS_BITS, TABLE_BITS);
    signal lookups[WEIGHT_LOOKUPS + BIAS_LOOKUPS];
    signal weights[WEIGHTS];
    signal weightLookups[WEIGHT_LOOKUPS];
    (weights, weightLookups) <== Limbs(WEIGHTS, WEIGHT_BITS, TABLE_BITS)(weightLimbs);
    signal biases[BIASES];
    signal biasLookups[BIAS_LOOKUPS];
    (biases, biasLookups) <== Limbs(BIASES, BIAS_BITS, TABLE_BITS)(biasLimbs);
    for (var i = 0; i < WEIGHT_LOOKUPS; i++) { lookups[i] <== weightLookups[i]; }
    for (var i = 0; i < BIAS_LOOKUPS; i++) { lookups[WEIGHT_LOOKUPS + i] <== biasLookups[i]; }
    RangeLookup(TABLE_BITS, WEIGHT_LOOKUPS + BIAS_LOOKUPS)(alpha, lookups, multiplicities);

    component commitment = ModelCommitment(ARCHITECTURE_ID, WEIGHTS, WEIGHT_BITS, BIASES, BIAS_BITS);
    commitment.weights <== weights;
    commitment.biases <== biases;
    commitment.salt <== salt;
    commitment.commitment === modelCommitment;

    // --- own place among the members ---
    signal rosterWords[2 * MEMBERS];
    signal ownTerms[MEMBERS][2];
    var places = 0;
    var own[2] = [0, 0];
    for (var k = 0; k < MEMBERS; k++) {
        isOwn[k] * (isOwn[k] - 1) === 0;
        places += isOwn[k];
        for (var i = 0; i < 2; i++) {
            rosterWords[2 * k + i] <== roster[k][i];
            ownTerms[k][i] <== isOwn[k] * roster[k][i];
            own[i] += ownTerms[k][i];
        }
    }
    places === 1;
    signal rosterDigest <== PoseidonChain(2 * MEMBERS)(rosterWords);
    rosterDigest === peersDigest;
    component owner = PublicKey();
    owner.scalar <== ownScalar;
    for (var i = 0; i < 2; i++) {
        owner.key[i] === ownKey[i];
        own[i] === ownKey[i];
    }

    // --- the vector ---
    component masks = PairMaskSums(MEMBERS, WORDS);
    masks.bits <== owner.bits;
    masks.roster <== roster;
    masks.isOwn <== isOwn;
    masks.isPeer <== Num2Bits(MEMBERS)(peerSet);
    masks.federation <== federation;
    masks.round <== round;
    signal words[WORDS] <== ParameterVector(WEIGHTS, WEIGHT_BITS, BIASES, BIAS_BITS, MAX_FACTOR_SUM)(weights, biases);
    signal masked[WORDS];
    for (var w = 0; w < WORDS; w++) {
        masked[w] <== weightFactor * words[w] + masks.sums[w];
    }
    signal vectorDigest <== PoseidonChain(WORDS)(masked);
    vectorDigest === maskedDigest;
}
