import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import { expect } from "chai";

import { AnswerStore } from "../../../prover/src/audit/answer-store.ts";
import { proveInit, type StageProver } from "../../../prover/src/audit/prove-stage.ts";
import { type AuditPlace, initStage, initStatement } from "../../../prover/src/audit/stages.ts";
import { commitBatches, finishRun, type TrainedRun } from "../../../prover/src/audit/trained-run.ts";
import { buildCircuit } from "../../../prover/src/circuits/build.ts";
import { loadCircuitInstance } from "../../../prover/src/circuits/instances.ts";
import type { TrainInitInstance } from "../../../prover/src/circuits/train-init.ts";
import { modelCommitment } from "../../../prover/src/model/commitment.ts";
import type { Groth16Proof } from "../../../prover/src/proof/challenge.ts";
import { makeDevelopmentKeys } from "../../../prover/src/proof/keys/development.ts";
import { releaseCurve } from "../../../prover/src/proof/multi-exponentiation.ts";
import { initialModel } from "../../../prover/src/verifiable/initial-model.ts";
import { derivedSalt } from "../../../prover/src/verifiable/salts.ts";
import { expectError } from "../support/expect-error.ts";
import { tinySamples } from "../support/training-rules.ts";

const BUILD = path.join(import.meta.dirname, "..", "..", "..", "build");
const SEED = 77n;
const PLACE: AuditPlace = {
  chainId: 31_337n,
  market: "0x00000000000000000000000000000000000000a1",
  taskId: 3n,
  prover: "0x00000000000000000000000000000000000000b2",
};

describe("AnswerStore", function () {
  this.timeout(120_000);

  let folder: string;
  let store: AnswerStore;
  let prover: StageProver<TrainInitInstance>;
  let run: TrainedRun;
  let made: number;

  before(async () => {
    const circuit = await buildCircuit(
      await loadCircuitInstance("train-init", "train-init-4-3-3"),
      path.join(BUILD, "circuits"),
    );
    prover = {
      circuit,
      keys: await makeDevelopmentKeys(circuit, path.join(BUILD, "keys", circuit.instance.id)),
    };
    const { rule } = circuit.instance;
    const runKey = new Uint8Array(32).fill(1);
    const first = modelCommitment(initialModel(rule, SEED), derivedSalt(runKey, "checkpoint", 0));
    const checkpoint = (): ReturnType<typeof initialModel> => initialModel(rule, SEED);
    run = finishRun(commitBatches(rule, tinySamples(), runKey), {
      seed: SEED,
      checkpoints: [first, 5n],
      checkpoint,
    });
  });

  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), "zkpot-answers-"));
    store = new AnswerStore(folder);
    made = 0;
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  after(async () => {
    await releaseCurve();
  });

  async function proofFor(place = PLACE): Promise<Groth16Proof> {
    const { context, checkpoint, seed } = initStatement(place, initStage(run), SEED);
    return await store.proofOf("init", prover.keys, [context[0], checkpoint[0], seed[0]], async () => {
      made++;
      return await proveInit(prover, run, place);
    });
  }

  it("proves a statement once", async () => {
    const proof = await proofFor();
    expect(await proofFor()).to.deep.equal(proof);
    expect(made).to.equal(1);
  });

  it("proves again for another statement", async () => {
    await proofFor();
    await proofFor({ ...PLACE, taskId: 4n });
    expect(made).to.equal(2);
  });

  it("holds nothing secret", async () => {
    await proofFor();
    const text = readFileSync(path.join(folder, "init.json"), "utf8");
    for (const secret of [derivedSalt(run.runKey, "checkpoint", 0), derivedSalt(run.runKey, "batch", 0)]) {
      expect(text).to.not.include(secret.toString());
      expect(text).to.not.include(secret.toString(16));
    }
  });

  it("names a file that was changed", async () => {
    await proofFor();
    const file = path.join(folder, "init.json");
    const text = readFileSync(file, "utf8");
    writeFileSync(
      file,
      text.replace(/(?<="a":\[")\d/, (digit) => (digit === "1" ? "2" : "1")),
    );
    await expectError(() => proofFor(), "document.damaged", /init\.json/);
  });

  it("keeps nothing of a proof that failed", async () => {
    const refused = { ...run, seed: SEED + 1n };
    await expectError(
      () => store.proofOf("init", prover.keys, [1n, 2n, 3n], () => proveInit(prover, refused, PLACE)),
      "audit.not-in-trace",
      /checkpoint 0/,
    );
    await proofFor();
    expect(made).to.equal(1);
  });
});
