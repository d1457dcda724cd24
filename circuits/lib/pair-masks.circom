pragma circom 2.2.0;

include "circomlib/circuits/babyjub.circom";
include "circomlib/circuits/bitify.circom";
include "circomlib/circuits/escalarmulany.circom";
include "circomlib/circuits/escalarmulfix.circom";
include "circomlib/circuits/poseidon.circom";

// The public key of a Baby Jubjub scalar, and the scalar's bits.
// Parameters   none
// Assumes      nothing
// Constrains   key == scalar·Base8, bits are those of scalar, which is below 2^253
// Cost         about 780 non-linear constraints
template PublicKey() {
    signal input scalar;
    signal output bits[253];
    signal output key[2];

    var BASE8[2] = [
        5299619240641551281634865583518297030282874472190772894086521144482721001553,
        16950150798460657717958625567821834550301663161624707787222815936182638968203
    ];
    bits <== Num2Bits(253)(scalar);
    key <== EscalarMulFix(253, BASE8)(bits);
}

// The secret that the holder of a scalar shares with the holder of a key: Poseidon over both coordinates of
// scalar·8·key. The factor 8 leads into the subgroup of prime order, where the multiplication has no exceptions.
// Parameters   none
// Assumes      bits are 0 or 1
// Constrains   key is on the curve; secret
// Cost         about 2560 non-linear constraints
template PairSecret() {
    signal input bits[253];
    signal input key[2];
    signal output secret;

    BabyCheck()(key[0], key[1]);
    component double[3];
    for (var i = 0; i < 3; i++) {
        double[i] = BabyDbl();
        double[i].x <== i == 0 ? key[0] : double[i - 1].xout;
        double[i].y <== i == 0 ? key[1] : double[i - 1].yout;
    }
    signal shared[2] <== EscalarMulAny(253)(bits, [double[2].xout, double[2].yout]);
    secret <== Poseidon(2)(shared);
}

// The masks of one pair in one round of a federation: Poseidon as a sponge over secret, federation, round and a
// counter, of which 16 of the 17 elements of the state come out.
// Parameters   WORDS > 0
// Assumes      nothing
// Constrains   masks
// Cost         about 570 non-linear constraints per 16 words
template PairMasks(WORDS) {
    assert(WORDS > 0);
    signal input secret;
    signal input federation;
    signal input round;
    signal output masks[WORDS];

    var CALLS = (WORDS + 15) \ 16;
    component call[CALLS];
    for (var c = 0; c < CALLS; c++) {
        var OUTPUTS = c < CALLS - 1 ? 16 : WORDS - 16 * (CALLS - 1);
        call[c] = PoseidonEx(16, OUTPUTS);
        call[c].initialState <== 0;
        call[c].inputs[0] <== secret;
        call[c].inputs[1] <== federation;
        call[c].inputs[2] <== round;
        call[c].inputs[3] <== c;
        for (var i = 4; i < 16; i++) { call[c].inputs[i] <== 0; }
        for (var i = 0; i < OUTPUTS; i++) { masks[16 * c + i] <== call[c].out[i]; }
    }
}

// The sum of a member's masks towards the peers of a set: plus towards those after it in the roster, minus towards
// those before it, so that a pair's masks cancel in the sum of both members' vectors.
// Parameters   MEMBERS > 1, WORDS > 0
// Assumes      isOwn and isPeer are 0 or 1; isOwn is one-hot
// Constrains   sums. The member's own place in the set is of no effect. Every key is on the curve
// Cost         per peer about 2560 non-linear constraints, 570 per 16 words and 1 per word
template PairMaskSums(MEMBERS, WORDS) {
    assert(MEMBERS > 1);
    signal input bits[253];
    signal input roster[MEMBERS][2];
    signal input isOwn[MEMBERS];
    signal input isPeer[MEMBERS];
    signal input federation;
    signal input round;
    signal output sums[WORDS];

    // Peer p is roster[p] when the member comes after it, roster[p + 1] otherwise.
    var isBefore = 0;
    for (var k = 1; k < MEMBERS; k++) { isBefore += isOwn[k]; }
    signal key[MEMBERS - 1][2];
    signal isChosen[MEMBERS - 1];
    signal sign[MEMBERS - 1];
    signal masks[MEMBERS - 1][WORDS];
    signal partial[MEMBERS][WORDS];
    for (var w = 0; w < WORDS; w++) { partial[0][w] <== 0; }
    for (var p = 0; p < MEMBERS - 1; p++) {
        for (var i = 0; i < 2; i++) {
            key[p][i] <== isBefore * (roster[p][i] - roster[p + 1][i]) + roster[p + 1][i];
        }
        isChosen[p] <== isBefore * (isPeer[p] - isPeer[p + 1]) + isPeer[p + 1];
        sign[p] <== isChosen[p] * (1 - 2 * isBefore);
        masks[p] <== PairMasks(WORDS)(PairSecret()(bits, key[p]), federation, round);
        for (var w = 0; w < WORDS; w++) {
            partial[p + 1][w] <== partial[p][w] + sign[p] * masks[p][w];
        }
        isBefore -= isOwn[p + 1];
    }
    sums <== partial[MEMBERS - 1];
}
