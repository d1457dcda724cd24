import type { Command } from "commander";

import type { FederationTerms } from "../../chain/federations.ts";
import type { SentTransaction } from "../../chain/send.ts";
import type { FederationCircuits } from "../../federation/federation-document.ts";
import type { FederationFiles, FederationProvers } from "../../federation/federation-files.ts";
import type { PublishedFederation } from "../../federation/publish-federation.ts";
import { handle, type Invocation } from "../command.ts";
import { openProvers, type RoundKeyFlags, withRoundKeyOptions } from "../federation-session.ts";
import { note, type Report } from "../output.ts";
import { parseAdvice, type TrainingAdviceFlags, withAdviceOptions } from "../round-advice.ts";
import { openStart, type StartFlags, withStartOptions } from "../round-start.ts";
import {
  parseRoundTerms,
  type RoundTermFlags,
  type RoundTerms,
  withRoundTermOptions,
} from "../round-terms.ts";
import { openReadSession, openSignSession, type ReadSession } from "../session.ts";
import { type AccountOptions, type NetworkOptions, withAccountOptions } from "../shared-options.ts";
import { transactionFacts } from "../transaction-facts.ts";
import { parseLabel } from "../units.ts";

interface CreateOptions
  extends NetworkOptions, AccountOptions, RoundKeyFlags, RoundTermFlags, TrainingAdviceFlags, StartFlags {
  readonly testSet: string;
  readonly scoreCircuit: string;
  readonly maskCircuit: string;
  readonly aggregateCircuit: string;
  readonly title?: string;
  readonly licence: string;
  readonly dryRun?: boolean;
}

/** `zkpot round create`: publishes test set, document and model of the start as artifacts, and creates the federation. */
export function registerRoundCreate(round: Command): void {
  const command = withStartOptions(
    withAdviceOptions(
      withRoundTermOptions(
        withRoundKeyOptions(
          withAccountOptions(
            round
              .command("create")
              .description(
                "store test set, document and model of the start as artifacts, and create a federation; uploads nothing",
              ),
          )
            .requiredOption(
              "--test-set <file>",
              "test set of `zkpot data split`; one that is too large for a proof is cut into shards",
            )
            .requiredOption("--score-circuit <id|file>", "circuit of template round-accuracy")
            .requiredOption(
              "--mask-circuit <id|file>",
              "circuit of template masked-update, for the same models",
            )
            .requiredOption(
              "--aggregate-circuit <id|file>",
              "circuit of template aggregate, for the same models",
            )
            .option("--title <text>", "title of the federation (default: the name of the test set)")
            .requiredOption("--licence <text>", "licence of the test set, e.g. CC-BY-4.0"),
        ),
      ),
    ),
  ).option("--dry-run", "make the artifacts and show the terms, but send nothing; needs no account");
  handle<CreateOptions, []>(command, create);
}

async function create({ options }: Invocation<CreateOptions>): Promise<Report> {
  const { loadDocument } = await import("../../data/document.ts");
  const { TEST_SET } = await import("../../data/test-set.ts");
  const { createFederation } = await import("../../chain/federations.ts");
  const { publishFederation } = await import("../../federation/publish-federation.ts");
  const { readFederationFiles } = await import("../../federation/federation-files.ts");
  const { openDocuments } = await import("../artifact-documents.ts");

  const testSet = await loadDocument(options.testSet, TEST_SET);
  const title = parseLabel(options.title ?? testSet.name, "--title");
  const licence = parseLabel(options.licence, "--licence");
  const terms = await parseRoundTerms(options, testSet.samples.sampleCount);
  const circuits = await findCircuits(options);
  const { architecture } = circuits.score;
  const advice = await parseAdvice(options, architecture);
  const start = await openStart(options, architecture, advice.weightScales, testSet);
  const provers = await openProvers(circuits, options);
  const signer = options.dryRun === true ? undefined : await openSignSession(options);
  const session = signer ?? (await openReadSession(options));
  await requireRegistered(session, provers);
  const { put, read } = await openDocuments(session);
  const published = await publishFederation(
    put,
    {
      title,
      licence,
      ...advice,
      start,
      circuits: {
        ...circuits,
        scoreKeyId: provers.score.keys.keyId,
        maskKeyId: provers.mask.keys.keyId,
        aggregateKeyId: provers.aggregate.keys.keyId,
      },
    },
    testSet,
  );
  // What members will read is what is checked and posted.
  const files = await readFederationFiles(read, published.document);
  const federation = await completeTerms(terms, published, files, provers);
  const created =
    signer === undefined ? undefined : await createFederation(signer.sender, signer.contracts, federation);
  return await report(federation, published, files, created);
}

async function findCircuits(
  options: CreateOptions,
): Promise<Pick<FederationCircuits, "score" | "mask" | "aggregate">> {
  const { findInstanceOf } = await import("../artifacts.ts");
  return {
    score: await findInstanceOf("round-accuracy", options.scoreCircuit),
    mask: await findInstanceOf("masked-update", options.maskCircuit),
    aggregate: await findInstanceOf("aggregate", options.aggregateCircuit),
  };
}

/** Throws ChainError `chain.key-not-registered` naming the first of the three keys that the registry does not have. */
async function requireRegistered({ contracts }: ReadSession, provers: FederationProvers): Promise<void> {
  const { ChainError } = await import("../../chain/chain-error.ts");
  const { findKey } = await import("../../chain/registry.ts");
  for (const { circuit, keys } of [provers.score, provers.mask, provers.aggregate]) {
    if ((await findKey(contracts, keys.keyId)) !== undefined) continue;
    const { id } = circuit.instance;
    throw new ChainError(
      "chain.key-not-registered",
      `the registry does not have key ${keys.keyId} of ${id}`,
      `Register it with \`zkpot keys register ${id}\`.`,
      { keyId: keys.keyId, instance: id },
    );
  }
}

/** The terms with what follows from the published files. */
async function completeTerms(
  terms: RoundTerms,
  { document, start, startCommitment, startCorrect }: PublishedFederation,
  files: FederationFiles,
  provers: FederationProvers,
): Promise<FederationTerms> {
  const { formatArtifactUri } = await import("../../artifacts/artifact-uri.ts");
  const { checkFederationKeys } = await import("../../federation/federation-files.ts");
  const { architectureId } = await import("../../model/architecture.ts");
  const { taskDataPoints } = await import("../../task/check-task.ts");
  const { emptyVectorDigest } = await import("../../witness/aggregate-witness.ts");
  checkFederationKeys(files, provers);
  const { circuits, sampleCount } = files.document;
  const points = files.shards.length === 1 ? "the data point" : `${files.shards.length} data points`;
  note(`computing ${points} of ${sampleCount} samples`);
  return {
    ...terms,
    scoreKeyId: circuits.scoreKeyId,
    maskKeyId: circuits.maskKeyId,
    aggregateKeyId: circuits.aggregateKeyId,
    architectureId: architectureId(circuits.score.architecture),
    emptyVectorDigest: emptyVectorDigest(circuits.aggregate),
    maxFactorSum: circuits.aggregate.maxFactorSum,
    places: circuits.mask.members,
    dataPoints: await taskDataPoints(circuits.score, files.shards, provers.score.keys),
    sampleCount,
    globalCommitment: startCommitment,
    globalCorrect: startCorrect,
    globalUri: formatArtifactUri(start),
    documentHash: files.documentHash,
    documentUri: formatArtifactUri(document),
  };
}

async function report(
  terms: FederationTerms,
  { document, start, startCorrect }: PublishedFederation,
  { document: { testSet, circuits } }: FederationFiles,
  created: { readonly federationId: bigint; readonly transaction: SentTransaction } | undefined,
): Promise<Report> {
  const { formatAmount } = await import("../addresses.ts");
  const { timesText } = await import("../round-text.ts");
  const { facts } = await import("../text.ts");
  const { rewardToken, rewardWei, stakeToken, maxRounds, sampleCount } = terms;
  const shards = testSet.shards.map(({ cid }) => cid);
  const id = created?.federationId;
  return {
    data: {
      federationId: id,
      ...{ document, start, shards, terms },
      transaction: created === undefined ? undefined : transactionFacts(created.transaction),
    },
    text: facts([
      ["federation", id === undefined ? "not created (--dry-run)" : String(id)],
      ["rounds", `${maxRounds}, ${formatAmount(rewardWei, rewardToken)} each`],
      [
        "stake",
        `${formatAmount(terms.minStakeWei, stakeToken)} at least, bond ${formatAmount(terms.bondWei, stakeToken)}`,
      ],
      ["times", timesText(terms.timing)],
      ["start", `${startCorrect} of ${sampleCount} correct`],
      [
        "publish",
        `the keys of ${circuits.score.id}, ${circuits.mask.id} and ${circuits.aggregate.id}, and these artifacts:`,
      ],
      ["document", document],
      ["model of the start", start],
      ...shards.map((cid, shard) => [`shard ${shard}`, cid] as const),
      ...(id === undefined
        ? []
        : [["next", `zkpot round fund ${id} ${rewardWei * BigInt(maxRounds)}, for all rounds`] as const]),
    ]),
  };
}
