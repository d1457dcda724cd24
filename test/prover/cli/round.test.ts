import { rmSync } from "node:fs";
import path from "node:path";

import { expect } from "chai";
import { Wallet, ZeroAddress } from "ethers";

import { parseCid } from "../../../prover/src/artifacts/artifact-uri.ts";
import { BlockFolder } from "../../../prover/src/artifacts/block-folder.ts";
import { getDocument } from "../../../prover/src/artifacts/documents.ts";
import { ArtifactStore } from "../../../prover/src/artifacts/store.ts";
import { type Connection, connect } from "../../../prover/src/chain/connect.ts";
import { type Contracts, openContracts } from "../../../prover/src/chain/contracts.ts";
import {
  createFederation,
  type FederationTerms,
  joinFederation,
  leaveFederation,
  readFederation,
} from "../../../prover/src/chain/federations.ts";
import { TransactionJournal } from "../../../prover/src/chain/journal.ts";
import type { Sender } from "../../../prover/src/chain/send.ts";
import { depositStake } from "../../../prover/src/chain/stake.ts";
import { loadDocument } from "../../../prover/src/data/document.ts";
import { TEST_SET } from "../../../prover/src/data/test-set.ts";
import { FEDERATION_DOCUMENT } from "../../../prover/src/federation/federation-document.ts";
import { GLOBAL_MODEL } from "../../../prover/src/federation/global-model.ts";
import { deriveMemberSecrets } from "../../../prover/src/federation/member-key.ts";
import { randomPairKey } from "../../../prover/src/federation/pair-keys.ts";
import { trainedStartModel } from "../../../prover/src/federation/start-model.ts";
import { modelCommitment } from "../../../prover/src/model/commitment.ts";
import { runReference } from "../../../prover/src/model/reference.ts";
import { FLOAT_MODEL } from "../../../prover/src/training/training-documents.ts";
import { g1 } from "../../contracts/support/trapdoor-key.ts";
import { ANVIL_ADDRESSES, ANVIL_KEYS } from "../../support/anvil.ts";
import { FaultyNode, forward } from "../../support/faulty-node.ts";
import {
  createCommand,
  createTinyFederation,
  newTinyMember,
  startTinyFederations,
  TINY_CIRCUITS,
  type TinyFederations,
} from "../../support/tiny-federation.ts";
import { TINY_CLUSTERS } from "../../support/tiny-task.ts";
import { type Failure, type Run, Workspace } from "../../support/zkpot.ts";

const ETHER = 10n ** 18n;

interface Created {
  readonly federationId?: string;
  readonly document: string;
  readonly start: string;
  readonly shards: readonly string[];
  readonly terms: Readonly<Record<string, unknown>>;
}

interface Status {
  readonly federation: Readonly<Record<string, unknown>>;
  readonly round: Readonly<Record<string, unknown>>;
  readonly member?: Readonly<Record<string, unknown>>;
}

describe("zkpot round", () => {
  let stage: TinyFederations;
  let sponsor: Workspace;
  let member: Workspace;
  let connection: Connection;
  let contracts: Contracts;
  let sender: Sender;

  before(async () => {
    stage = await startTinyFederations();
    ({ sponsor } = stage);
    member = await newTinyMember(stage, 1);
    const { rpcUrl } = stage.anvil;
    const profile = { name: "localhost", rpcUrl, chainId: 31337, isLocal: true, confirmations: 1 };
    connection = await connect(profile);
    contracts = await openContracts(connection, sponsor.folder);
    const wallet = new Wallet(ANVIL_KEYS[2], connection.provider);
    const journal = TransactionJournal.of(sponsor.folder, 31337n, wallet.address);
    sender = { wallet, connection, journal };
  });

  after(async () => {
    connection.provider.destroy();
    await stage.anvil.stop();
    sponsor.remove();
    member.remove();
  });

  async function federationCount(): Promise<number> {
    const { federations } = await sponsor.json<{ federations: unknown[] }>("round", "status");
    return federations.length;
  }

  async function failureOf(
    workspace: Workspace,
    parameters: readonly string[],
    code: string,
  ): Promise<string> {
    const error = await workspace.failure(...parameters);
    expect(error.code, error.message).to.equal(code);
    expect(error.nextStep).to.match(/\.$/);
    return error.message;
  }

  describe("create", () => {
    it("makes document, test set and model of the start artifacts, and posts what they say", async () => {
      const options = { "--train": "90s", "--epochs": "7", "--seed": "beginning", "--tolerance": "2" };
      const created = await sponsor.json<Created>(...createCommand(options));
      const store = new ArtifactStore(sponsor.folder);
      const document = await getDocument(store, created.document, FEDERATION_DOCUMENT);
      const start = await getDocument(store, created.start, GLOBAL_MODEL);
      const testSet = await loadDocument(sponsor.file("test-set.json"), TEST_SET);
      expect(document).to.deep.include({
        title: "clusters",
        licence: "CC0-1.0",
        sampleCount: 10,
        start: { kind: "random", seed: "beginning" },
        samplesPerFactor: 10,
      });
      expect(document.training).to.include({ kind: "float", epochs: 7 });
      expect(Object.values(TINY_CIRCUITS)).to.deep.equal([
        document.circuits.score.id,
        document.circuits.mask.id,
        document.circuits.aggregate.id,
      ]);
      const federation = await readFederation(contracts, BigInt(created.federationId!));
      expect(federation).to.deep.include({
        sponsor: ANVIL_ADDRESSES[0],
        documentUri: `ipfs://${created.document}`,
        sampleCount: 10,
        toleranceCount: 2,
        maxRounds: 2,
        places: 4,
        maxFactorSum: 28,
        minStakeWei: ETHER / 10n,
        capWei: ETHER / 10n,
        bondWei: ETHER / 20n,
        rewardWei: ETHER,
        keepBetter: false,
      });
      expect(federation.timing).to.include({ trainSeconds: 90, commitSeconds: 300 });
      expect(federation.globalModel).to.deep.equal({
        round: 0n,
        commitment: modelCommitment(start, 0n),
        correct: runReference(start, testSet.samples).correctCount,
        uri: `ipfs://${created.start}`,
      });
    });

    describe("with a trained start", () => {
      const options = { "--start-model": "start.json" };
      const train = async (out: string, ...more: string[]): Promise<void> => {
        const mapping = ["--input-quantization", "input-quantization.json"];
        await sponsor.json(
          "train",
          "--split",
          "split.json",
          "--epochs",
          "60",
          ...mapping,
          ...more,
          "--out",
          out,
        );
      };

      it("starts from the sponsor's model, which it publishes and says so", async () => {
        await train("start.json", "--hidden", "3");
        const created = await sponsor.json<Created>(...createCommand(options));
        const store = new ArtifactStore(sponsor.folder);
        const document = await getDocument(store, created.document, FEDERATION_DOCUMENT);
        expect(document.start).to.deep.equal({ kind: "trained" });
        const testSet = await loadDocument(sponsor.file("test-set.json"), TEST_SET);
        const { quantized } = trainedStartModel(
          await loadDocument(sponsor.file("start.json"), FLOAT_MODEL),
          document.circuits.score.architecture,
          document.weightScales,
          testSet,
        );
        expect(await getDocument(store, created.start, GLOBAL_MODEL)).to.deep.equal(quantized.model);
        const { globalModel } = await readFederation(contracts, BigInt(created.federationId!));
        expect(globalModel.correct).to.equal(runReference(quantized.model, testSet.samples).correctCount);
        expect(globalModel.correct).to.be.at.least(8);
        const joining = await newTinyMember(stage, 2);
        joining.fetchArtifacts(sponsor);
        await joining.json("round", "join", created.federationId!);
        joining.remove();
      });

      it("refuses a seed beside it, a model of other layers, and one of another mapping", async () => {
        await failureOf(sponsor, createCommand({ ...options, "--seed": "1" }), "cli.stray-option");
        await train("linear.json");
        const linear = createCommand({ "--start-model": "linear.json" });
        expect(await failureOf(sponsor, linear, "quantization.layer-sizes")).to.include("4-3-3");
        await sponsor.json(
          "train",
          "--split",
          "split.json",
          "--hidden",
          "3",
          "--epochs",
          "1",
          "--out",
          "other.json",
        );
        const other = createCommand({ "--start-model": "other.json" });
        expect(await failureOf(sponsor, other, "federation.start-model")).to.include("mapping");
        const circuit = createCommand({ "--start-model": "test-set.json" });
        await failureOf(sponsor, circuit, "document.wrong-format");
      });
    });

    it("has members train by the rule of a circuit, if its models are the federation's", async () => {
      const message = await failureOf(
        sponsor,
        createCommand({ "--train-step": "train-step-4-3-3x4" }),
        "federation.document",
      );
      expect(message).to.include("its training rule is for models of another architecture");
    });

    it("shows the terms with --dry-run, without an account and without sending", async () => {
      const before = await federationCount();
      const { PRIVATE_KEY, ...environment } = sponsor.environment;
      expect(PRIVATE_KEY).to.be.a("string");
      Object.assign(sponsor.environment, { PRIVATE_KEY: "" });
      try {
        const dry = await sponsor.json<Created>(...createCommand(), "--dry-run");
        expect(dry.federationId).to.equal(undefined);
        expect(dry.terms).to.include({ maxRounds: 2, rewardWei: String(ETHER) });
        await failureOf(sponsor, createCommand(), "cli.no-account");
      } finally {
        Object.assign(sponsor.environment, { ...environment, PRIVATE_KEY });
      }
      expect(await federationCount()).to.equal(before);
    });

    const refusals: readonly (readonly [Record<string, string>, string, number])[] = [
      [{ "--train": "0" }, "cli.invalid-value", 2],
      [{ "--tolerance": "11" }, "cli.invalid-value", 2],
      [{ "--bond": "0.2ether" }, "cli.stake-range", 2],
      [{ "--epochs": "0" }, "cli.invalid-value", 2],
      [{ "--learning-rate": "11" }, "cli.invalid-value", 2],
      [{ "--learning-rate": "0" }, "cli.invalid-value", 2],
      [{ "--learning-rate": "1e-400" }, "cli.invalid-value", 2],
      [{ "--title": "" }, "cli.invalid-value", 2],
      [{ "--title": "x".repeat(201) }, "cli.invalid-value", 2],
      [{ "--licence": "" }, "cli.invalid-value", 2],
      [{ "--licence": "x".repeat(201) }, "cli.invalid-value", 2],
      [{ "--samples-per-factor": "0" }, "cli.invalid-value", 2],
      [{ "--weight-scales": "0.1" }, "cli.invalid-value", 2],
      [{ "--weight-scales": "0.1,0" }, "cli.invalid-value", 2],
      [{ "--weight-scales": "0x1,0x1" }, "cli.invalid-value", 2],
      [{ "--weight-scales": "0.1, 0.1" }, "cli.invalid-value", 2],
      [{ "--seed": "x".repeat(201) }, "cli.invalid-value", 2],
      [{ "--train-step": "round-4-3-3x10" }, "cli.other-template", 2],
      [{ "--train-step": "train-step-4-3-3x4", "--batch-size": "8" }, "cli.stray-option", 2],
      [{ "--train-step": "train-step-4-3-3x4", "--weight-scales": "1,1" }, "cli.stray-option", 2],
      [{ "--score-circuit": "unknown" }, "cli.unknown-instance", 2],
      [{ "--score-circuit": "tiny-4-3-3x10" }, "cli.other-template", 2],
      [{ "--mask-circuit": "aggregate-4-3-3x4" }, "cli.other-template", 2],
      [{ "--aggregate-keys": "nowhere" }, "keys.missing", 1],
      [{ "--test-set": "absent.json" }, "document.missing", 1],
      [{ "--test-set": "split.json" }, "document.wrong-format", 1],
      [{ "--mask-circuit": "masked-64-16-10x8" }, "chain.key-not-registered", 1],
    ];
    for (const [changes, code, exitCode] of refusals) {
      const shown = Object.entries(changes).flat().join(" ").slice(0, 60);
      it(`refuses ${shown} with ${code}`, async () => {
        const error = await sponsor.failure(...createCommand(changes));
        expect(error.code, error.message).to.equal(code);
        expect(error.exitCode).to.equal(exitCode);
      });
    }

    it("names the key that has to be registered, and how", async () => {
      const command = createCommand({ "--score-circuit": "round-64-16-10x360" });
      const error = await sponsor.failure(...command);
      expect(error.details.instance).to.equal("round-64-16-10x360");
      expect(error.nextStep).to.include("zkpot keys register round-64-16-10x360");
    });

    it("refuses circuits of different architectures", async () => {
      await sponsor.json("keys", "register", "masked-64-16-10x8");
      const command = createCommand({ "--mask-circuit": "masked-64-16-10x8" });
      expect(await failureOf(sponsor, command, "federation.document")).to.include("several architectures");
    });
  });

  describe("join and leave", () => {
    let federationId: string;

    before(async () => {
      federationId = await createTinyFederation(stage);
      member.fetchArtifacts(sponsor);
    });

    it("checks the published files and locks what counts at most", async () => {
      const joined = await member.json<{ member: Record<string, unknown>; transaction?: unknown }>(
        ...["round", "join", federationId],
      );
      expect(joined.member).to.include({ isMember: true, weightWei: String(ETHER / 10n), firstRound: "1" });
      const { freeWei, lockedWei } = await member.json<Record<string, string>>(
        ...["stake", "show", ANVIL_ADDRESSES[1]],
      );
      expect([freeWei, lockedWei]).to.deep.equal([String((9n * ETHER) / 10n), String(ETHER / 10n)]);
      expect(joined.transaction).to.be.an("object");
    });

    it("sends nothing for a member that joins again", async () => {
      const again = await member.json<{ transaction?: unknown }>("round", "join", federationId);
      expect(again.transaction).to.equal(undefined);
    });

    it("shows the member's part in the status, and the key it derived", async () => {
      const status = await member.json<Status>(
        "round",
        "status",
        federationId,
        "--member",
        ANVIL_ADDRESSES[1],
      );
      expect(status.federation).to.include({ federationId, poolWei: String(2n * ETHER), round: "0" });
      expect(status.round).to.include({ state: "none" });
      expect(status.member).to.include({ account: ANVIL_ADDRESSES[1], isMember: true });
      expect(status.member!.key).to.have.keys("x", "y");
      const stranger = await member.json<Status>("round", "status", federationId);
      expect(stranger.member).to.equal(undefined);
      expect(stranger.round).not.to.have.property("own");
    });

    it("frees the stake of who leaves, who may join again", async () => {
      await member.json("round", "leave", federationId);
      const { lockedWei } = await member.json<Record<string, string>>("stake", "show", ANVIL_ADDRESSES[1]);
      expect(lockedWei).to.equal("0");
      await failureOf(member, ["round", "leave", federationId], "contract.FederationNotMember");
      await member.json("round", "join", federationId, "--stake", "0.5ether");
      const status = await member.json<Status>(
        "round",
        "status",
        federationId,
        "--member",
        ANVIL_ADDRESSES[1],
      );
      expect(status.member).to.include({ weightWei: String(ETHER / 10n) });
    });

    it("refuses stake below the least, and stake that the account does not have", async () => {
      const poor = await newTinyMember(stage, 3);
      try {
        poor.fetchArtifacts(sponsor);
        const message = await failureOf(
          poor,
          ["round", "join", federationId, "--stake", "1gwei"],
          "cli.stake-too-small",
        );
        expect(message)
          .to.include("1000000000")
          .and.include(String(ETHER / 10n));
        const dear = { "--stake": "2ether", "--bond": "2ether" };
        const expensive = await createTinyFederation(stage, dear);
        poor.fetchArtifacts(sponsor);
        await failureOf(poor, ["round", "join", expensive], "chain.insufficient-stake");
      } finally {
        poor.remove();
      }
    });

    it("joins with the account's next key when somebody else has registered the first one", async () => {
      const { federationId: other } = await sponsor.json<Created>(
        ...createCommand({ "--title": "squatted" }),
      );
      const federation = await readFederation(contracts, BigInt(other!));
      const victim = new Wallet(ANVIL_KEYS[3]);
      const { maskKey } = await deriveMemberSecrets(victim, federation);
      await depositStake(sender, contracts, ZeroAddress, ETHER / 10n, 10n ** 20n);
      await joinFederation(sender, contracts, federation, ETHER / 10n, maskKey.publicKey);
      await leaveFederation(sender, federation);
      const late = await newTinyMember(stage, 3);
      try {
        late.fetchArtifacts(sponsor);
        const joined = await late.json<{ member: Record<string, unknown> }>("round", "join", other!);
        expect(joined.member).to.include({ isMember: true });
        const { maskKey: next } = await deriveMemberSecrets(victim, federation, 1);
        expect(joined.member.key).to.deep.equal({
          x: String(next.publicKey.x),
          y: String(next.publicKey.y),
        });
        // It is found again, so only the samples are missing.
        await failureOf(late, ["round", "run", other!], "cli.training-data");
      } finally {
        late.remove();
      }
    });

    it("refuses a federation whose artifacts are not at hand", async () => {
      const empty = new Workspace(member.environment);
      try {
        empty.configure(stage.anvil.rpcUrl, { addresses: stage.addresses });
        const { federationId: other } = await sponsor.json<Created>(
          ...createCommand({ "--title": "elsewhere" }),
        );
        await failureOf(empty, ["round", "join", other!], "artifact.missing");
      } finally {
        empty.remove();
      }
    });

    const lies: readonly (readonly [string, Partial<FederationTerms>, string, string])[] = [
      [
        "a data point of other samples",
        { dataPoints: [g1(7n)] },
        "federation.mismatch",
        "dataPoint of shard 0",
      ],
      ["other sample counts", { sampleCount: 11 }, "federation.mismatch", "sampleCount"],
      [
        "another digest of the empty vector",
        { emptyVectorDigest: 1n },
        "federation.mismatch",
        "emptyVectorDigest",
      ],
      ["fewer places", { places: 3 }, "federation.mismatch", "places"],
      ["another sum of factors", { maxFactorSum: 27 }, "federation.mismatch", "maxFactorSum"],
      ["another architecture", { architectureId: 5n }, "federation.mismatch", "architectureId"],
      [
        "another document hash",
        { documentHash: `0x${"d".repeat(64)}` },
        "federation.mismatch",
        "documentHash",
      ],
      ["a start that is easier to beat", { globalCorrect: 1 }, "federation.global-mismatch", "count"],
      ["another model of the start", { globalCommitment: 5n }, "federation.global-mismatch", "commitment"],
      ["a model of the start nowhere", { globalUri: "nowhere" }, "federation.global-unreadable", "nowhere"],
    ];
    for (const [what, changes, code, name] of lies) {
      it(`refuses a federation with ${what}`, async () => {
        const honest = await readFederation(contracts, BigInt(federationId));
        const { commitment, correct, uri } = honest.globalModel;
        const terms = { ...honest, globalCommitment: commitment, globalCorrect: correct, globalUri: uri };
        const { federationId: lying } = await createFederation(sender, contracts, { ...terms, ...changes });
        const command = ["round", "join", String(lying)];
        expect(await failureOf(member, command, code)).to.include(name);
      });
    }
  });

  describe("run", () => {
    let federationId: string;

    before(async () => {
      federationId = await createTinyFederation(stage, { "--title": "unattended" });
      member.fetchArtifacts(sponsor);
      member.write("mine.csv", TINY_CLUSTERS);
    });

    const run = (...more: string[]): string[] => ["round", "run", federationId, ...more];

    it("refuses who is no member, saying how to become one", async () => {
      const error = await member.failure(...run("--data", "./mine.csv"));
      expect(error.code).to.equal("chain.not-member");
      expect(error.nextStep).to.include(`zkpot round join ${federationId}`);
      await member.json("round", "join", federationId);
    });

    const refusals: readonly (readonly [readonly string[], string])[] = [
      [[], "cli.training-data"],
      [["--data", "./mine.csv", "--split", "split.json"], "cli.training-data"],
      [["--data", "./mine.csv", "--rows", "40-50"], "cli.rows"],
      [["--data", "./mine.csv", "--rows", "5-4"], "cli.invalid-value"],
      [["--data", "breast-cancer"], "data.unknown-class"],
      [["--data", "./mine.csv", "--rounds", "0"], "cli.invalid-value"],
      [["--data", "./mine.csv", "--poll", "0"], "cli.invalid-value"],
      [["--data", "./mine.csv", "--poll", "61m"], "cli.invalid-value"],
      [["--data", "./mine.csv", "--poll", "25d"], "cli.invalid-value"],
      [["--data", "./mine.csv", "--backend", "abacus"], "cli.invalid-value"],
      [["--data", "./mine.csv", "--mask-keys", "nowhere"], "keys.missing"],
    ];
    for (const [options, code] of refusals) {
      it(`refuses ${options.join(" ") || "without samples"} with ${code}`, async () => {
        await failureOf(member, run(...options), code);
        const { round } = await member.json<Status>("round", "status", federationId);
        expect(round).to.include({ state: "none" });
      });
    }

    it("refuses a member whose key is none of the account's", async () => {
      const { federationId: other } = await sponsor.json<Created>(...createCommand({ "--title": "by hand" }));
      const federation = await readFederation(contracts, BigInt(other!));
      await depositStake(sender, contracts, ZeroAddress, ETHER / 10n, 10n ** 20n);
      const { publicKey } = randomPairKey();
      await joinFederation(sender, contracts, federation, ETHER / 10n, publicKey);
      const byHand = new Workspace({ PRIVATE_KEY: ANVIL_KEYS[2] });
      try {
        byHand.configure(stage.anvil.rpcUrl, { addresses: stage.addresses });
        const message = await failureOf(byHand, ["round", "run", other!], "federation.other-key");
        expect(message).to.include(String(publicKey.x));
      } finally {
        byHand.remove();
      }
    });

    /** Runs until others are awaited, and interrupts. */
    async function runUntilWaiting(): Promise<Run> {
      const options = ["--data", "./mine.csv", "--backend", "wasm", "--poll", "1s"];
      const { child, finished } = member.start(...run(...options), "--json");
      child.stderr!.on("data", (chunk: Buffer) => {
        if (chunk.toString().includes("others train") || chunk.toString().includes("not open yet"))
          child.kill("SIGINT");
      });
      return await finished;
    }

    it("ends with 130 when it is interrupted, and goes on with the model that it has saved", async () => {
      const texts: string[] = [];
      for (let attempt = 0; attempt < 2; attempt++) {
        const { code, stdout, stderr } = await runUntilWaiting();
        expect(code, stderr).to.equal(130);
        const { error } = JSON.parse(stdout) as Failure;
        expect(error.code).to.equal("cli.interrupted");
        expect(error.nextStep).to.include(`zkpot round run ${federationId}`);
        expect(error.details).to.include({ federationId, round: "1", state: "training" });
        texts.push(stderr);
      }
      expect(texts[0]).to.match(/round 1: started\n.*round 1: training a model\n.*round 1: trained a model/s);
      expect(texts[1]).not.to.include("training a model").and.not.include("trained a model");
    });

    it("outlives a node that fails for a while", async () => {
      let isAway = false;
      const node = await FaultyNode.start(async (request) =>
        isAway ? { status: 502, body: "" } : await forward(request, stage.anvil.rpcUrl),
      );
      try {
        const options = [
          "--data",
          "./mine.csv",
          "--backend",
          "wasm",
          "--poll",
          "1s",
          "--rpc-url",
          node.rpcUrl,
        ];
        const { child, finished } = member.start(...run(...options), "--json");
        let said = "";
        child.stderr!.on("data", (chunk: Buffer) => {
          said += chunk.toString();
          isAway = said.includes("not open yet") && !said.includes("looking again");
          if (/not open yet.*looking again.*not open yet/s.test(said)) child.kill("SIGINT");
        });
        const { code, stdout, stderr } = await finished;
        expect(code, `${stdout}${stderr}`).to.equal(130);
        expect(stderr).to.match(/the node at .* did not do what it was asked .*502.*; looking again/);
      } finally {
        await node.stop();
      }
    });

    it("counts --rounds from the first round that the account may take part in", async () => {
      const snapshot = await stage.anvil.request("evm_snapshot");
      const late = await newTinyMember(stage, 3);
      try {
        late.fetchArtifacts(sponsor);
        late.write("mine.csv", TINY_CLUSTERS);
        await late.json("round", "join", federationId);
        const command = run("--data", "./mine.csv", "--backend", "wasm", "--poll", "1s", "--rounds", "1");
        const { child, finished } = late.start(...command, "--json");
        child.stderr!.on("data", (chunk: Buffer) => {
          const text = chunk.toString();
          if (text.includes("takes part from round 2 on")) {
            void stage.anvil.request("evm_increaseTime", [86_400]);
          }
          if (text.includes("round 2: started")) child.kill("SIGINT");
        });
        const { code, stdout, stderr } = await finished;
        expect(stderr).to.include("takes part from round 2 on");
        expect(code, `${stdout}${stderr}`).to.equal(130);
      } finally {
        late.remove();
        await stage.anvil.request("evm_revert", [snapshot]);
      }
    });

    it("goes on when the global model that it trained from is published nowhere any more", async () => {
      const { federation } = await member.json<Status>("round", "status", federationId);
      const { uri } = federation.globalModel as { readonly uri: string };
      const blocks = new BlockFolder(member.file(path.join(".zkpot", "artifacts")));
      rmSync(blocks.fileOf(parseCid(uri.slice("ipfs://".length))));
      const { code, stdout } = await runUntilWaiting();
      expect(code, stdout).to.equal(130);
      member.fetchArtifacts(sponsor);
    });
  });

  describe("fund, close and withdraw", () => {
    it("adds to the pool, and says for how many rounds it lasts", async () => {
      const { federationId } = await sponsor.json<Created>(...createCommand());
      const funded = await member.run("round", "fund", federationId!, "1.5ether");
      expect(funded.stdout).to.match(/^pool +1\.5 ether, full reward of 1 rounds$/m);
      await failureOf(member, ["round", "fund", federationId!, "0"], "contract.FederationZeroAmount");
      await failureOf(member, ["round", "fund", federationId!, "some"], "cli.invalid-value");
    });

    it("closes a federation only at its end, and only for its sponsor", async () => {
      const federationId = await createTinyFederation(stage);
      await failureOf(member, ["round", "close", federationId], "contract.FederationNotSponsor");
      await failureOf(sponsor, ["round", "close", federationId], "contract.FederationStillOpen");
      const snapshot = await stage.anvil.request("evm_snapshot");
      await stage.anvil.request("evm_increaseTime", [31 * 86_400]);
      await stage.anvil.request("evm_mine");
      const closed = await sponsor.json<{ withdrawnWei: string; transactions: unknown[] }>(
        ...["round", "close", federationId],
      );
      expect(closed).to.include({ withdrawnWei: String(2n * ETHER) });
      expect(closed.transactions).to.have.length(2);
      await failureOf(member, ["round", "join", federationId], "chain.federation-over");
      await failureOf(member, ["round", "fund", federationId, "1"], "contract.FederationIsClosed");
      await stage.anvil.request("evm_revert", [snapshot]);
    });

    it("says so when there is nothing to withdraw", async () => {
      const federationId = await createTinyFederation(stage);
      const message = await failureOf(member, ["round", "withdraw", federationId], "chain.nothing-to-claim");
      expect(message).to.include(ANVIL_ADDRESSES[1]);
    });
  });

  for (const command of ["join", "leave", "close", "withdraw", "status"]) {
    it(`refuses to ${command} what is no federation`, async () => {
      await failureOf(member, ["round", command, "first"], "cli.invalid-value");
      const message = await failureOf(member, ["round", command, "999"], "chain.no-such-federation");
      expect(message).to.include("999");
    });
  }
});
