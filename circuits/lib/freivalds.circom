pragma circom 2.2.0;

include "sum.circom";

// The polynomial with the given coefficients, constant term first, at a point.
// Parameters   COUNT > 0
// Assumes      nothing
// Constrains   value == Σ_k coefficients[k]·point^k
// Cost         COUNT − 1 non-linear constraints (Horner)
template Evaluate(COUNT) {
    assert(COUNT > 0);
    signal input coefficients[COUNT];
    signal input point;
    signal output value;

    signal accumulator[COUNT];
    accumulator[COUNT - 1] <== coefficients[COUNT - 1];
    for (var k = COUNT - 2; k >= 0; k--) {
        accumulator[k] <== accumulator[k + 1] * point + coefficients[k];
    }
    value <== accumulator[0];
}

// The matrix product outputs = inputs·weights + biases over GROUPS packed words, checked at a
// random point instead of computed (Freivalds 1977).
// Parameters   GROUPS, INPUTS, OUTPUTS > 0
// Assumes      rho was drawn after inputs, outputs, weights and biases were fixed;
//              powerSum == UNIT·Σ_k rho^k, where UNIT is the word with 1 in every slot
// Constrains   outputs[h][k] == Σ_j inputs[j][k]·weights[j][h] + biases[h]·UNIT in the field,
//              for all k and h, except with probability OUTPUTS·GROUPS/r over rho
// Cost         (GROUPS − 1)(INPUTS + OUTPUTS) + (INPUTS + 1)·OUTPUTS non-linear constraints,
//              instead of GROUPS·INPUTS·OUTPUTS
template DenseCheck(GROUPS, INPUTS, OUTPUTS) {
    assert(GROUPS > 0 && INPUTS > 0 && OUTPUTS > 0);
    signal input rho;
    signal input powerSum;
    signal input inputs[INPUTS][GROUPS];
    signal input outputs[OUTPUTS][GROUPS];
    signal input weights[INPUTS][OUTPUTS];
    signal input biases[OUTPUTS];

    signal inputAtRho[INPUTS];
    for (var j = 0; j < INPUTS; j++) {
        inputAtRho[j] <== Evaluate(GROUPS)(inputs[j], rho);
    }
    signal outputAtRho[OUTPUTS];
    signal products[OUTPUTS][INPUTS + 1];
    signal expected[OUTPUTS];
    for (var h = 0; h < OUTPUTS; h++) {
        outputAtRho[h] <== Evaluate(GROUPS)(outputs[h], rho);
        for (var j = 0; j < INPUTS; j++) {
            products[h][j] <== inputAtRho[j] * weights[j][h];
        }
        products[h][INPUTS] <== powerSum * biases[h];
        expected[h] <== Sum(INPUTS + 1)(products[h]);
        expected[h] === outputAtRho[h];
    }
}
