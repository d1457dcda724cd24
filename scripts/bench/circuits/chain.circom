pragma circom 2.2.0;

// A multiplication chain: one full-size product per row, the usual yardstick for Groth16 provers.
template Chain(LENGTH) {
    signal input start;
    signal output end;
    signal links[LENGTH + 1];
    links[0] <== start;
    for (var i = 0; i < LENGTH; i++) {
        links[i + 1] <== links[i] * links[i] + i;
    }
    end <== links[LENGTH];
}
