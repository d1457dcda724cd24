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

// The matrix product inputs·weights, its rows combined with powers of a random point (Freivalds 1977):
// combined[h] = Σ_k rho^k Σ_j inputs[j][k]·weights[j][h].
// Parameters   GROUPS, INPUTS, OUTPUTS > 0
// Assumes      nothing
// Constrains   combined
// Cost         (GROUPS − 1)·INPUTS + INPUTS·OUTPUTS non-linear constraints,
//              instead of GROUPS·INPUTS·OUTPUTS
template CombinedProduct(GROUPS, INPUTS, OUTPUTS) {
    assert(GROUPS > 0 && INPUTS > 0 && OUTPUTS > 0);
    signal input rho;
    signal input inputs[INPUTS][GROUPS];
    signal input weights[INPUTS][OUTPUTS];
    signal output combined[OUTPUTS];

    signal inputAtRho[INPUTS];
    for (var j = 0; j < INPUTS; j++) {
        inputAtRho[j] <== Evaluate(GROUPS)(inputs[j], rho);
    }
    signal products[OUTPUTS][INPUTS];
    for (var h = 0; h < OUTPUTS; h++) {
        for (var j = 0; j < INPUTS; j++) {
            products[h][j] <== inputAtRho[j] * weights[j][h];
        }
        combined[h] <== Sum(INPUTS)(products[h]);
    }
}

// A dense layer, outputs = inputs·weights + biases, over GROUPS samples or packed words of samples, checked at
// a random point instead of computed.
// Parameters   GROUPS, INPUTS, OUTPUTS > 0
// Assumes      rho was drawn after inputs, outputs, weights and biases were fixed;
//              powerSum == UNIT·Σ_k rho^k, where UNIT is 1 for samples and the word of ones for packed words
// Constrains   outputs[h][k] == Σ_j inputs[j][k]·weights[j][h] + biases[h]·UNIT in the field,
//              for all k and h, except with probability OUTPUTS·GROUPS/r over rho
// Cost         (GROUPS − 1)(INPUTS + OUTPUTS) + (INPUTS + 1)·OUTPUTS non-linear constraints
template DenseCheck(GROUPS, INPUTS, OUTPUTS) {
    signal input rho;
    signal input powerSum;
    signal input inputs[INPUTS][GROUPS];
    signal input outputs[OUTPUTS][GROUPS];
    signal input weights[INPUTS][OUTPUTS];
    signal input biases[OUTPUTS];

    signal combined[OUTPUTS] <== CombinedProduct(GROUPS, INPUTS, OUTPUTS)(rho, inputs, weights);
    signal outputAtRho[OUTPUTS];
    for (var h = 0; h < OUTPUTS; h++) {
        outputAtRho[h] <== Evaluate(GROUPS)(outputs[h], rho);
        outputAtRho[h] - combined[h] === powerSum * biases[h];
    }
}

// A gradient, outputs = factor·inputs·errors, checked at a random point instead of computed.
// Parameters   GROUPS, INPUTS, OUTPUTS > 0: rows of the weight matrix, samples, columns
// Assumes      rho was drawn after inputs, outputs and errors were fixed; factor belongs to the statement
// Constrains   outputs[h][k] == factor·Σ_n inputs[n][k]·errors[n][h] in the field, for all k and h, except with
//              probability OUTPUTS·GROUPS/r over rho
// Cost         (GROUPS − 1)(INPUTS + OUTPUTS) + (INPUTS + 1)·OUTPUTS non-linear constraints
template GradientCheck(GROUPS, INPUTS, OUTPUTS) {
    signal input rho;
    signal input factor;
    signal input inputs[INPUTS][GROUPS];
    signal input outputs[OUTPUTS][GROUPS];
    signal input errors[INPUTS][OUTPUTS];

    signal combined[OUTPUTS] <== CombinedProduct(GROUPS, INPUTS, OUTPUTS)(rho, inputs, errors);
    signal outputAtRho[OUTPUTS];
    for (var h = 0; h < OUTPUTS; h++) {
        outputAtRho[h] <== Evaluate(GROUPS)(outputs[h], rho);
        outputAtRho[h] === factor * combined[h];
    }
}
