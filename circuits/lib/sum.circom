pragma circom 2.2.0;

// sum of COUNT terms, through partial sums of 64.
// Parameters   COUNT ≥ 0
// Assumes      nothing
// Constrains   sum == terms[0] + … + terms[COUNT − 1]
// Cost         0 non-linear constraints; the partial sums only keep the compiler's
//              simplifier away from linear forms of thousands of terms
template Sum(COUNT) {
    signal input terms[COUNT];
    signal output sum;

    var WIDTH = 64;
    var PARTS = (COUNT + WIDTH - 1) \ WIDTH;
    signal partial[PARTS + 1];
    partial[0] <== 0;
    for (var p = 0; p < PARTS; p++) {
        var linear = partial[p];
        for (var i = p * WIDTH; i < COUNT && i < (p + 1) * WIDTH; i++) {
            linear += terms[i];
        }
        partial[p + 1] <== linear;
    }
    sum <== partial[PARTS];
}
