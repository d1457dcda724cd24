pragma circom 2.2.0;

include "circomlib/circuits/bitify.circom";
include "circomlib/circuits/poseidon.circom";

include "lib/commitment.circom";
include "lib/layers.circom";

// Checkpoint 0 is a commitment to the initial weights that the rule draws from the seed: 16-bit chunks of
// Poseidon(seed, counter), 15 to a digest, of which the top RANGE_BITS make a weight in ±2^(RANGE_BITS − 1).
//
// The weights are no secret, since everybody knows the seed; the checkpoint hides only its salt.
//
// Parameters   ARCHITECTURE_ID, LAYERS, SIZES, WEIGHT_BITS, BIAS_BITS  as in TrainStep
//              RANGE_BITS       per layer, at most 16 and at most WEIGHT_BITS
//              INITIAL_BIASES   per layer, non-negative
// Assumes      nothing
// Constrains   the statement; digests are cut into bits below the field order, so chunks are unique
// Cost         about 640 non-linear constraints per 15 weights, 610 per 15 words of the commitment
template TrainInit(ARCHITECTURE_ID, LAYERS, SIZES, WEIGHT_BITS, BIAS_BITS, RANGE_BITS, INITIAL_BIASES) {
    var CHUNK_BITS = 16;
    var CHUNKS = 15;
    var WEIGHTS = weightCount(LAYERS, SIZES);
    var BIASES = unitCount(1, LAYERS + 1, SIZES);

    // --- statement ---
    signal input context;
    signal input checkpoint;
    signal input seed;
    // --- challenges, of no use here ---
    signal input alpha;
    signal input rho;
    // --- committed block ---
    signal input blockMask;
    // --- private ---
    signal input salt;

    // Dummy squares keep the wires of what is bound by being public only.
    signal contextSquare <== context * context;
    signal alphaSquare <== alpha * alpha;
    signal rhoSquare <== rho * rho;
    signal blockMaskSquare <== blockMask * blockMask;

    component commitment = ModelCommitment(ARCHITECTURE_ID, WEIGHTS, WEIGHT_BITS, BIASES, BIAS_BITS);
    commitment.salt <== salt;
    component digest[(WEIGHTS + CHUNKS - 1) \ CHUNKS];
    component bits[(WEIGHTS + CHUNKS - 1) \ CHUNKS];
    var weight = 0;
    var bias = 0;
    for (var l = 0; l < LAYERS; l++) {
        assert(RANGE_BITS[l] <= CHUNK_BITS && RANGE_BITS[l] <= WEIGHT_BITS);
        for (var i = 0; i < SIZES[l] * SIZES[l + 1]; i++) {
            var d = weight \ CHUNKS;
            var chunk = weight % CHUNKS;
            if (chunk == 0) {
                digest[d] = Poseidon(2);
                digest[d].inputs[0] <== seed;
                digest[d].inputs[1] <== d;
                bits[d] = Num2Bits_strict();
                bits[d].in <== digest[d].out;
            }
            var value = (1 << (WEIGHT_BITS - 1)) - (1 << (RANGE_BITS[l] - 1));
            for (var b = 0; b < RANGE_BITS[l]; b++) {
                value += bits[d].out[CHUNK_BITS * chunk + CHUNK_BITS - RANGE_BITS[l] + b] * (1 << b);
            }
            commitment.weights[weight] <== value;
            weight++;
        }
        for (var h = 0; h < SIZES[l + 1]; h++) {
            commitment.biases[bias] <== (1 << (BIAS_BITS - 1)) + INITIAL_BIASES[l];
            bias++;
        }
    }
    commitment.commitment === checkpoint;
}
