/**
 * Writes circuits/README.md from the parameters in circuits.json; with `--check` it only tells, by its exit
 * code, whether the file is what it would write: `node scripts/circuits-readme.ts [--check]`.
 */
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";

import * as prettier from "prettier";

import { type AccuracyShape, accuracyDimensions, accuracyLayout } from "../prover/src/circuits/accuracy.ts";
import { accuracyCost, accuracyRowParts } from "../prover/src/circuits/cost.ts";
import type { CircuitInstance } from "../prover/src/circuits/instance.ts";
import { loadCircuitInstances } from "../prover/src/circuits/instances.ts";
import { slotBitsNeeded } from "../prover/src/circuits/plan-accuracy.ts";
import { worstCaseSum } from "../prover/src/model/architecture.ts";
import { aggregateSection, maskedUpdateSection, vectorSumSection } from "./federation-sections.ts";
import { signalTable, table } from "./readme-tables.ts";
import { trainInitSection, trainStepSection } from "./training-sections.ts";

const FILE = path.join(path.dirname(import.meta.dirname), "circuits", "README.md");

const STATEMENT = `# Circuits

<!-- Written by scripts/circuits-readme.ts; change that and run it. -->

## What is proved

\`accuracy.circom\` proves of a public \`modelCommitment\`, a public number \`correct\` and a test set:

> I know weights, biases and a salt behind \`modelCommitment\`, all in their ranges, such that the quantised
> multi-layer perceptron with these weights puts the label first on at least \`correct\` samples of the test set.

The arithmetic is that of \`prover/src/model/architecture.ts\`, bit for bit: sums of integers, a right shift that
rounds down, ReLU, and the first maximum of the logits. Ties go to the lower class. \`correct\` may be fewer than
achieved, so a threshold can be met without telling the score.

\`train-init.circom\` proves of a public \`checkpoint\` and a public \`seed\`:

> I know a salt with which \`checkpoint\` commits to the initial weights that the training rule draws from \`seed\`.

\`train-step.circom\` proves of public commitments \`checkpointBefore\`, \`checkpointAfter\`, \`batchCommitment\` and a public
\`learningRateFactor\`:

> I know two models in their ranges, a batch of labelled samples and salts behind the three commitments, such that one
> step of the rule with this factor, on this batch, leads from the first model to the second.

The arithmetic of both is that of \`prover/src/verifiable\`, bit for bit. Checkpoints are model commitments of the accuracy
circuit: the last one of a run is the \`modelCommitment\` that is scored.

\`accuracy.circom\` of a federation's round proves of the public words \`roundStatement\` (federation, round, nullifier) besides:

> \`nullifier\` is Poseidon over federation, round and the digest of the model that is scored.

The same weights have the same nullifier in a round, whatever their salt. \`masked-update.circom\` proves of public
\`modelCommitment\`, \`weightFactor\`, \`maskedDigest\`, \`ownKey\`, \`peersDigest\`, \`peerSet\`, \`federation\` and \`round\`:

> I know the model behind \`modelCommitment\`, in its ranges, and the private key of \`ownKey\`, which is on the roster behind
> \`peersDigest\`, and the vector behind \`maskedDigest\` is that model's parameters times \`weightFactor\` plus the masks that
> this key has in this round towards the members of \`peerSet\`.

\`aggregate.circom\` proves of public \`factorSum\`, \`globalCommitment\` and \`vectorDigests\`:

> The model behind \`globalCommitment\` with salt 0 is the sum of the vectors behind the digests, divided by \`factorSum\` and
> rounded half up, parameter by parameter.

\`vector-sum.circom\` proves that the vector behind \`sumDigest\` is the sum of those behind \`vectorDigests\`: a node of the tree
that aggregates more vectors than one proof takes. The arithmetic of all three is that of \`prover/src/federation\`.

## What the circuits do not enforce

- **That the dataset block is a test set.** Words of features in range, one-hot labels, mask bits: all of it is
  public, enters verification as one point (\`dataPoint\`), and is sound because everybody recomputes that point from
  the published samples. A block with a mask bit on padding would let padding count.
- **That challenges were drawn last.** \`alpha\` and \`rho\` must be the hash of statement, dataset point and block
  commitment; the verifier recomputes them. A prover who knew them before committing could satisfy the lookup and
  product checks with any numbers.
- **That \`context\` means something.** It is only bound to the proof; the contract computes it from chain, market,
  task, round and prover.
- **That the model is useful, was trained, or by whom.** A model that has seen the test set passes the accuracy circuit.
- **That a step is one of a run, that its batch is the right one, that its factor is the schedule's.** \`train-step\` knows
  one step between two checkpoints. \`TrainingAudit\` ties checkpoints and batch to their Merkle roots and computes place,
  batch index and factor.
- **That a batch is honest.** Features in range and one-hot labels are all that is asked: wrong labels, repeated or
  invented samples, and samples of the test set train like others.
- **That masks cancel.** A vector is masked towards the set that its statement names. Whoever accepts statements checks that
  all of a sum name the same set and roster, which is all their members, and the factors that add up to \`factorSum\`. A sum
  in which some mask is left has no proof that it averages to a model, except with negligible probability.
- **That a roster is one.** Keys must differ, and be points of the curve; empty places hold (0, 1).
- **That one model is masked once.** A member that masks two models, or one with two factors, for one set in one round gives
  their difference away.
- **That initial weights are secret.** Everybody who knows the seed knows them; \`train-init\` hides only the salt.

## Why it is sound

r is the order of the BN254 scalar field, about 2^253.6. Each check of a random point errs with the probability of
hitting a root of a polynomial fixed before the point was drawn.

| gadget                       | what it gives                              | why                                                                                                                                                                                                                                                                                          | error           |
| ---------------------------- | ------------------------------------------ | -------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------- | --------------- |
| \`lib/lookup.circom\`          | every looked-up value is in 0 … 2^T − 1    | Σ 1/(alpha − value) = Σ multiplicity/(alpha − entry) as rational functions only if each value is an entry (fewer than r lookups, so none cancels). Values and multiplicities are committed before alpha                                                                                        | (lookups + 2^T)/r |
| \`lib/limbs.circom\`           | values of any width from limbs             | a partial top limb f of b bits is looked up as f and as f·2^(T−b): the first keeps the second from wrapping                                                                                                                                                                                  | 0               |
| \`lib/hidden-unit.circom\`     | activation = max(floor(z / 2^shift), 0)    | activation·deficit = 0 and activation + deficit looked up: one is zero, the other a magnitude. The remainder is below 2^shift, so quotient and remainder of z are unique                                                                                                                      | 0               |
| \`lib/packing.circom\`         | equal words have equal slots               | slots of what is compared differ by less than 2^slotBits, and words stay below 2^252 < r, so no slot can borrow from its neighbour                                                                                                                                                           | 0               |
| \`lib/freivalds.circom\`       | all products of a layer                    | a wrong product makes a non-zero polynomial in rho of degree below the number of groups, for one of the outputs                                                                                                                                                                              | outputs·groups/r |
| \`lib/accuracy-count.circom\`  | isCorrect = 1 only for a right prediction  | margins z_y − z_c − [c < y] are range-checked to be non-negative; isCorrect = 0 adds 2^(marginBits − 1), which leaves the sample free and its slot bounded. isCorrect is a bit, and 0 on padding                                                                                              | 0               |
| \`lib/freivalds.circom\`, GradientCheck | all entries of a gradient, times the factor | the same over the inputs of the layer: degree below inputs, for one of the outputs | outputs·inputs/r |
| \`lib/active-units.circom\` | activation and the bit that tells whether it is positive | excess + isActive − deficit is the quotient; an active unit has no deficit, another no excess, both are looked up: one reading of each accumulator | 0 |
| \`lib/logistic-errors.circom\` | index of the sigmoid table = clamped floor(z / 2^shift); error = probability − 256·label | what exceeds the table is above 0 only at its last index, or below 0 only at its first; both are looked up | 0 |
| \`lib/pair-lookup.circom\` | (index, probability) is a row of the sigmoid table | as the lookups, over index + rho·probability: two pairs collide for one rho at most | (lookups + entries)(lookups + 1)/r |
| \`lib/commitment.circom\`      | one model per commitment                   | weights and biases in range make packing injective; Poseidon over architecture id and words, then over that digest and salt, is collision-resistant and hides behind a uniform salt                                                                                                                                       | Poseidon        |
| \`lib/commitment.circom\`, RoundNullifier | one nullifier per model, round and federation | Poseidon over the digest, which has no salt, is collision-resistant | Poseidon |
| \`lib/pair-masks.circom\`, PairSecret | the secret of two keys | a key on the curve times 8 is in the subgroup of prime order, where only the neutral point has x = 0; the scalar's bits are unique, so the multiplication meets no exception of its formulas | 0 |
| \`lib/pair-masks.circom\`, PairMaskSums | masks with the sign that makes them cancel | the one-hot place decides for each peer its key, its bit of the set and its sign | 0 |
| \`lib/parameter-vector.circom\` | equal sums have equal slots | twice a slot of the sum, and what it is compared with, differ by less than 2^slotBits | 0 |
| \`aggregate.circom\` | average = floor((2·sum + factorSum) / (2·factorSum)) | the remainder and 2·factorSum − 1 − remainder are looked up, so quotient and remainder are unique | 0 |
| \`lib/commitment.circom\`, BatchCommitment | one batch per commitment | features in range and labels of one bit make packing injective; the same chain over words and salt | Poseidon |

Three squares, of \`context\`, \`dataBlinding\` and \`blockMask\`, tie nothing: they keep signals that only the proof system uses from
being simplified away; \`train-init\`, which draws nothing at random, has two more for \`alpha\` and \`rho\`. Without any other
row of the accuracy circuit some false statement has a witness (\`test/circuits/accuracy-wires.test.ts\` finds one for
each). No wire of a valid witness of a small training circuit can be changed alone (\`test/circuits/train-step.test.ts\`,
\`train-init.test.ts\`).

Products hold in the field; they hold over the integers because everything committed is range-checked and no sum of
products comes near r. The one factor that the circuit does not bound is \`learningRateFactor\`; \`TrainingAudit\` computes it
and keeps it at or below 2^32.

Static analysis (\`circom --inspect\`, circomspect) of the accuracy circuit reports the following, all intended:
\`magnitude.values\` is not used (only its lookups are); the two \`<--\` of \`lib/lookup.circom\` are constrained on the next
line, and a divisor of zero there makes the row unsatisfiable or has the probability above. \`lib/pair-lookup.circom\` has
the same two.

## Instances

Parameters are in \`circuits.json\`; \`zkpot circuit plan\` chooses those of the accuracy circuit, and of a federation's three, for other shapes.
`;

/** The whole README for these instances. */
export async function circuitsReadme(instances: readonly CircuitInstance[]): Promise<string> {
  const text = [STATEMENT, ...instances.map(instanceSection)].join("\n");
  const options = await prettier.resolveConfig(FILE);
  return prettier.format(text, { ...options, parser: "markdown" });
}

function instanceSection(instance: CircuitInstance): string {
  switch (instance.template) {
    case "accuracy":
    case "round-accuracy":
      return accuracySection(instance);
    case "train-init":
      return trainInitSection(instance);
    case "train-step":
      return trainStepSection(instance);
    case "masked-update":
      return maskedUpdateSection(instance);
    case "aggregate":
      return aggregateSection(instance);
    case "vector-sum":
      return vectorSumSection(instance);
  }
}

function accuracySection(instance: AccuracyShape): string {
  const { architecture, tableBits, groups, slots, slotBits, id } = instance;
  const { layerSizes } = architecture;
  const cost = accuracyCost(instance);
  const counts = accuracyDimensions(instance);
  const hidden = layerSizes.length - 2;
  const network =
    hidden === 0 ? "a linear model" : hidden === 1 ? "one hidden layer" : `${hidden} hidden layers`;
  return `
### ${id}

${layerSizes.join("-")} (${network}), up to ${counts.slotsTotal} samples with padding: ${groups} groups of ${slots} slots of
${slotBits} bits (${slots * slotBits} of 252 used); table of 2^${tableBits}. ${cost.rows} rows, domain 2^${cost.domainPower}.

Bit budget: the worst that any weights in range can do. Slots need room for the difference of an accumulator, or of
two logits, and the largest value it is compared with.

${table(
  [
    "layer",
    "input bits",
    "weight bits",
    "bias bits",
    "fan-in",
    "shift",
    "result",
    "accumulator bits",
    "slot bits needed",
    "headroom",
  ],
  layerSizes.slice(1).map((_, layer) => budgetRow(instance, layer)),
)}

Rows:

${table(
  ["part", "rows"],
  [
    ...accuracyRowParts(instance).map(({ part, rows }) => [part, String(rows)]),
    ["public signals and the constant one", String(cost.publicSignals + 1)],
    ["**total**", `**${cost.rows}**`],
  ],
)}

Public signals, in order; the wire is the offset plus one:

${signalTable(accuracyLayout(instance))}
`;
}

function budgetRow(instance: AccuracyShape, layer: number): string[] {
  const { architecture, slotBits } = instance;
  const { layerSizes, inputBits, weightBits, biasBits, quotientBits, marginBits, shiftBits } = architecture;
  const isLast = layer === layerSizes.length - 2;
  const needed = slotBitsNeeded(architecture, layer);
  return [
    `${layer + 1}`,
    `${layer === 0 ? inputBits : quotientBits - 1}`,
    `${weightBits}`,
    `${biasBits}`,
    `${layerSizes[layer]!}`,
    isLast ? "–" : `${shiftBits[layer]!}`,
    isLast ? `margin of ${marginBits} bits` : `quotient of ${quotientBits} bits`,
    // Signed: one bit more than the magnitude.
    `${Math.ceil(Math.log2(worstCaseSum(architecture, layer) + 1)) + 1}`,
    `${needed}`,
    `${slotBits - needed}`,
  ];
}

if (import.meta.main) {
  const wanted = await circuitsReadme(await loadCircuitInstances());
  if (process.argv.includes("--check")) {
    if ((await readFile(FILE, "utf8").catch(() => "")) !== wanted) {
      console.error("circuits/README.md is out of date. Run: node scripts/circuits-readme.ts");
      process.exitCode = 1;
    }
  } else {
    await writeFile(FILE, wanted);
    console.log("circuits/README.md written");
  }
}
