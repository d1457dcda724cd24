import { circuitLayout } from "../../../prover/src/circuits/instance.ts";
import { federationWord, ROUND_MASK_PURPOSE, roundContext } from "../../../prover/src/chain/context.ts";
import type { RoundRecord } from "../../../prover/src/chain/rounds.ts";
import type { FloatSamples } from "../../../prover/src/data/dataset.ts";
import { toField } from "../../../prover/src/field.ts";
import { proveLocalCount } from "../../../prover/src/federation/round-proofs.ts";
import { modelCommitment } from "../../../prover/src/model/commitment.ts";
import type { IntegerModel } from "../../../prover/src/model/integer-model.ts";
import { proveCircuit } from "../../../prover/src/proof/prove.ts";
import { maskedUpdateWitness } from "../../../prover/src/witness/masked-update-witness.ts";
import { bestStep, countOf, trainFrom } from "./local-training.ts";
import {
  commit,
  mask,
  maskedUpdate,
  proveCount,
  rosterOf,
  type RoundSetting,
  scoreShards,
  siteOf,
} from "./moves.ts";
import { refusedByContract, refusedByToolkit } from "./refusals.ts";
import type { PoisonerPlan } from "./scenarios.ts";
import type { CommittedModel, Player } from "./setting.ts";

/** How far the poisoner blows its change up. */
const BOOST = 100;
const NO_DATA_POINT = { x: 0n, y: 0n };

/** What the poisoner does in this round. */
export function planOf({ scenario, number }: RoundSetting): PoisonerPlan {
  return scenario.poisoner[number - 1]!;
}

/** The poisoner trains, or makes its model in another way, and commits to it. */
export async function commitPoison(
  setting: RoundSetting,
  player: Player,
  seed: string,
): Promise<CommittedModel> {
  const plan = planOf(setting);
  const test = setting.data.testSet.samples;
  return await commit(setting, player, "preparing its model", async () => {
    if (plan === "signs") {
      const model = turnedSigns(setting.global);
      const correct = countOf(model, test) ?? 0;
      return { model, correct, text: `turns the signs of the global model's last layer: ${correct} correct` };
    }
    const samples = plan === "labels" ? wrongLabels(player.samples!) : player.samples!;
    const training = { document: setting.files.document, test, backend: setting.backend };
    const path = await trainFrom(training, setting.global, samples, seed);
    if (plan === "scaled") {
      const model = path(BOOST);
      return { model, correct: 0, text: `blows its change of the global model up by ${BOOST}` };
    }
    if (plan === "labels") {
      const model = path(1);
      const correct = countOf(model, test) ?? 0;
      return { model, correct, text: `trains on wrong labels: ${correct} correct` };
    }
    const { model, correct } = bestStep(path, test);
    return { model, correct, text: `trains honestly this time: ${correct} correct` };
  });
}

/** The poisoner tries to have its model taken. */
export async function provePoison(
  setting: RoundSetting,
  player: Player,
  committed: CommittedModel,
): Promise<void> {
  const plan = planOf(setting);
  if (plan === "honest" || plan === "swap" || plan === "garbage") {
    await proveCount(setting, player, committed);
    return;
  }
  const { federation, provers, ledger } = setting;
  const proveIt = () =>
    proveLocalCount(provers.score, siteOf(setting, player), committed, scoreShards(setting));
  if (countOf(committed.model, setting.data.testSet.samples) === undefined) {
    await refusedByToolkit(
      setting,
      player,
      "a model with its change blown up",
      "tries to prove its blown up model",
      proveIt,
    );
    return;
  }
  const score = await ledger.work(player.party, "prove", proveIt, true);
  const [correct] = score.counts;
  const what = WHAT[plan];
  await refusedByContract(setting, {
    player,
    title: `${what}, which has ${correct} correct`,
    text: `proves ${correct} with ${what}`,
    method: "prove",
    values: [score],
  });
  const claimed = federation.globalModel.correct;
  await refusedByContract(setting, {
    player,
    title: `the same proof with ${claimed} written over the count`,
    text: `writes ${claimed} over the ${correct} in its proof`,
    method: "prove",
    values: [{ ...score, counts: [claimed, ...score.counts.slice(1)] }],
  });
}

const WHAT = {
  labels: "a model trained on wrong labels",
  signs: "the global model with signs turned",
  scaled: "a model with its change blown up",
} as const;

/** The poisoner masks its model, or another one; returns whether it took part in the masking. */
export async function maskPoison(
  setting: RoundSetting,
  player: Player,
  committed: CommittedModel,
  round: RoundRecord,
): Promise<boolean> {
  const plan = planOf(setting);
  if (plan === "swap") {
    await maskAnother(setting, player, committed, round);
    return false;
  }
  if (plan === "garbage") {
    await mask(setting, player, committed, (vector) => vector.map((word) => toField(word + 1n)));
    return true;
  }
  await mask(setting, player, committed);
  return true;
}

/** Tries to contribute another model than the proven one: no proof exists, and the proof of the other one does not fit. */
async function maskAnother(
  setting: RoundSetting,
  player: Player,
  committed: CommittedModel,
  round: RoundRecord,
): Promise<void> {
  const { circuit, keys } = setting.provers.mask;
  const { place, member } = siteOf(setting, player);
  const poison = { model: turnedSigns(committed.model), salt: committed.salt };
  const { vector: _, ...witness } = maskedUpdateWitness(circuit.instance, {
    context: roundContext(place, member, ROUND_MASK_PURPOSE),
    ...poison,
    weightFactor: player.factor,
    member: {
      federation: federationWord(place),
      round: place.round,
      key: player.maskKey,
      roster: rosterOf(round),
    },
    peerPlaces: round.peers,
  });
  const proven = modelCommitment(committed.model, committed.salt);
  await refusedByToolkit(
    setting,
    player,
    "a vector of another model than the proven one",
    "tries to prove that the vector of a poisoned model is its proven model",
    () =>
      proveCircuit({
        circuit,
        layout: circuitLayout(circuit.instance),
        keys,
        ...witness,
        statement: { ...witness.statement, modelCommitment: [proven] },
        dataset: {},
        dataPoint: NO_DATA_POINT,
      }),
  );
  const { rosterDigest, vectorDigest, proof } = await setting.ledger.work(
    player.party,
    "mask",
    () => maskedUpdate(setting, player, round, poison),
    true,
  );
  await refusedByContract(setting, {
    player,
    title: "a proof about another model than the committed one",
    text: "hands in the vector of a poisoned model with a proof about that one",
    method: "mask",
    values: [rosterDigest, vectorDigest, "ipfs://withheld", proof],
  });
}

/** A model whose last layer says the opposite. */
function turnedSigns({ architecture, layers }: IntegerModel): IntegerModel {
  const last = layers.length - 1;
  const turn = (values: Int32Array, bits: number): Int32Array =>
    values.map((value) => Math.min(-value, 2 ** (bits - 1) - 1));
  return {
    architecture,
    layers: layers.map((layer, index) =>
      index < last
        ? layer
        : {
            weights: turn(layer.weights, architecture.weightBits),
            biases: turn(layer.biases, architecture.biasBits),
          },
    ),
  };
}

/** Samples that are labelled with the next class. */
function wrongLabels(samples: FloatSamples): FloatSamples {
  return { ...samples, labels: samples.labels.map((label) => (label + 1) % samples.classCount) };
}
