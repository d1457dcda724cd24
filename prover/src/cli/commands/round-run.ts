import type { Command } from "commander";

import type { RoundHistory } from "../../chain/round-history.ts";
import type { Member } from "../../federation/member.ts";
import type { StageInputs } from "../../federation/member-stages.ts";
import type { ChainView } from "../../federation/round-chain.ts";
import type { TrainingBackend } from "../../training/backend.ts";
import { parseBackend } from "../backend-option.ts";
import { handle, type Invocation } from "../command.ts";
import { type RoundKeyFlags, withRoundKeyOptions } from "../federation-session.ts";
import { type MemberSampleFlags, openMemberSamples, withMemberSampleOptions } from "../member-samples.ts";
import { note, type Report } from "../output.ts";
import { STEP_NAMES } from "../proving-steps.ts";
import { openSignSession, type SignSession } from "../session.ts";
import { type AccountOptions, type NetworkOptions, withAccountOptions } from "../shared-options.ts";
import { parseDuration, parseFederationId, parseInteger } from "../units.ts";
import { UsageError } from "../usage-error.ts";

/** Longest pause that can be asked for. */
const MOST_POLL_SECONDS = 3_600;

interface RunOptions extends NetworkOptions, AccountOptions, RoundKeyFlags, MemberSampleFlags {
  readonly rounds?: string;
  readonly publishOwn?: boolean;
  readonly backend: string;
  readonly poll: string;
}

/** `zkpot round run`: an unattended member. */
export function registerRoundRun(round: Command): void {
  const command = withMemberSampleOptions(
    withRoundKeyOptions(
      withAccountOptions(
        round
          .command("run")
          .argument("<federation id>", "a federation that the account has joined")
          .description(
            "take part unattended: train, commit, prove, mask, lead, claim; goes on where it was stopped or killed",
          ),
      ),
    ),
  )
    .option("--rounds <count>", "stop after so many rounds, the running one included (default: at the end)")
    .option("--publish-own", "as a leader, publish the own model where it may replace a worse average")
    .option("--backend <name>", "auto, node (TensorFlow's native library) or wasm", "auto")
    .option("--poll <duration>", "longest pause between two looks at the chain, up to 1h", "5s");
  handle<RunOptions, [string]>(command, run, { stopsItself: true });
}

async function run({ options, signal }: Invocation<RunOptions>, id: string): Promise<Report> {
  const federationId = parseFederationId(id);
  const rounds =
    options.rounds === undefined ? undefined : parseInteger(options.rounds, "--rounds", 1, 2 ** 32 - 1);
  const pollMs = parsePoll(options.poll);
  const backend = parseBackend(options.backend);
  const session = await openSignSession(options);
  const first = await firstRound(session, federationId);
  const { leaveOutRounds } = await import("../../federation/leave-out.ts");
  const { longestPollMs, runMember } = await import("../../federation/run-member.ts");
  const { actionText } = await import("../round-text.ts");
  const lastRound = rounds === undefined ? undefined : first + BigInt(rounds) - 1n;
  const opened = await openMember(session, federationId, options, { backend, signal, lastRound });
  const { chain } = opened;
  let view = await chain.read();
  const read = async (): Promise<ChainView> => (view = await chain.read());
  const member = { ...opened, chain: { ...chain, read } };
  let told = "";
  /** Says nothing twice in a row: looks at the chain are many. */
  const tell = (text: string): void => {
    if (text !== told) note(text);
    told = text;
  };
  let why = "";
  await runMember({
    signal,
    pollMs: Math.min(pollMs, longestPollMs(view.federation.timing)),
    step: leaveOutRounds(member),
    onAction: (action) => {
      tell(actionText(view, action));
      if (action.kind === "finished") ({ why } = action);
    },
    onSetback: ({ message }) => {
      tell(`${message}; looking again`);
    },
  });
  if (signal.aborted) await throwInterrupted(view);
  return await report(session, view, { first, why });
}

/**
 * The round that runs, or the next one, whichever the account may take part in first. Throws ChainError `chain.not-member` before anything is fetched or computed for who is
 * none.
 */
async function firstRound(
  { contracts, connection, address }: SignSession,
  federationId: bigint,
): Promise<bigint> {
  const { ChainError } = await import("../../chain/chain-error.ts");
  const { chainTime } = await import("../../chain/connect.ts");
  const { readFederation, readMember } = await import("../../chain/federations.ts");
  const { isRunning } = await import("../../chain/round-state.ts");
  const { readRound } = await import("../../chain/rounds.ts");
  const federation = await readFederation(contracts, federationId);
  const member = await readMember(contracts, federation, address);
  if (!member.isMember) {
    throw new ChainError(
      "chain.not-member",
      `${address} is not a member of federation ${federationId}`,
      `Join it first with \`zkpot round join ${federationId}\`.`,
      { federationId, account: address },
    );
  }
  const time = await chainTime(connection);
  const last = await readRound(contracts, federation, federation.round, address, time);
  const next = isRunning(last) ? last.round : last.round + 1n;
  return member.firstRound > next ? member.firstRound : next;
}

/** Opens what a member works with; throws as findMemberSecrets, openCheckedFederation and openMemberSamples. */
async function openMember(
  session: SignSession,
  federationId: bigint,
  options: RunOptions,
  { backend, signal, lastRound }: MemberSettings,
): Promise<Member> {
  const { federationPlace, readMember } = await import("../../chain/federations.ts");
  const { MASKED_VECTOR, maskedVectorBytes } = await import("../../federation/masked-vector.ts");
  const { findMemberSecrets } = await import("../../federation/member-key.ts");
  const { memberStages } = await import("../../federation/member-stages.ts");
  const { vectorShape } = await import("../../federation/parameter-vector.ts");
  const { openRoundChain } = await import("../../federation/round-chain.ts");
  const { openSharedDocuments } = await import("../artifact-documents.ts");
  const { openCheckedFederation } = await import("../federation-session.ts");
  const { config, contracts, sender, address } = session;
  const { key } = await readMember(contracts, { federationId }, address);
  const place = await federationPlace(contracts, federationId);
  const secrets = await findMemberSecrets(sender.wallet, place, key);
  const { federation, files, provers } = await openCheckedFederation(session, federationId, options);
  const samples = await openMemberSamples(options, files);
  const { architecture, maxFactorSum } = files.document.circuits.mask;
  const { words } = vectorShape(architecture, maxFactorSum);
  // A peer may commit to any document: what cannot be a vector is not to fill memory and disk.
  const limits = { [MASKED_VECTOR.format]: maskedVectorBytes(words) };
  return {
    chain: openRoundChain(sender, contracts, federationId),
    artifacts: await openSharedDocuments(session, { limits }),
    files,
    secrets,
    stages: memberStages({
      ...{ federation, files, provers, samples, secrets, signal },
      openBackend: backendOpener(backend),
      ...(await progressNotes(files.shards.length)),
    }),
    sampleCount: samples.sampleCount,
    workingFolder: config.folder,
    lastRound,
    publishesOwnModel: options.publishOwn,
  };
}

/** How a member trains, and until when it takes part. */
interface MemberSettings {
  readonly backend: "auto" | "node" | "wasm";
  readonly signal: AbortSignal;
  readonly lastRound: bigint | undefined;
}

/** Tells of stages and of the steps of their proofs. */
async function progressNotes(
  shardCount: number,
): Promise<Required<Pick<StageInputs, "onStage" | "proving">>> {
  const { stageText } = await import("../round-text.ts");
  let doing = "";
  return {
    onStage: (stage, { place }) => {
      doing = stageText(stage, place);
      note(doing);
    },
    proving: {
      onStep: (step, shard) => {
        note(`${doing}${shardCount > 1 ? `, shard ${shard}` : ""}: ${STEP_NAMES[step]}`);
      },
    },
  };
}

/** Opens the backend when it is first needed, and once. */
function backendOpener(preference: "auto" | "node" | "wasm"): StageInputs["openBackend"] {
  let opened: Promise<TrainingBackend> | undefined;
  return async () => {
    const { openBackend } = await import("../../training/backend.ts");
    return await (opened ??= openBackend(preference));
  };
}

/** Milliseconds; throws UsageError for no pause at all, and for one above MOST_POLL_SECONDS. */
function parsePoll(text: string): number {
  const seconds = parseDuration(text, "--poll");
  if (seconds > 0 && seconds <= MOST_POLL_SECONDS) return seconds * 1000;
  throw new UsageError(
    "cli.invalid-value",
    `--poll: "${text}" is ${seconds === 0 ? "no pause" : `longer than ${MOST_POLL_SECONDS / 3_600} hour`}`,
    "Write 1s to 1h.",
    { option: "--poll", value: text },
  );
}

async function throwInterrupted({ federation, round }: ChainView): Promise<never> {
  const { InterruptedError } = await import("../interrupted-error.ts");
  const { federationId } = federation;
  const state = round?.state ?? "none";
  throw new InterruptedError(
    `interrupted in round ${federation.round} of federation ${federationId} (${state}); what was made is saved`,
    `Go on with \`zkpot round run ${federationId}\` in the same folder, before the round goes on without the account.`,
    { federationId, round: federation.round, state },
  );
}

async function report(
  { contracts, address }: SignSession,
  { federation }: ChainView,
  { first, why }: { readonly first: bigint; readonly why: string },
): Promise<Report> {
  const { readHistory } = await import("../../chain/round-history.ts");
  const { formatAmount } = await import("../addresses.ts");
  const { facts, table } = await import("../text.ts");
  const { federationId, rewardToken, sampleCount } = federation;
  const history = await readHistory(contracts, federation);
  const rounds = history.rounds
    .filter(({ round, endedAtBlock }) => round >= first && endedAtBlock !== null)
    .map((round) => roundOutcome(round, address));
  const paidWei = rounds.reduce((sum, round) => sum + round.paidWei, 0n);
  const rows = rounds.map((round) => [
    String(round.round),
    round.state,
    round.correct === null ? "" : String(round.correct),
    round.globalCorrect === null ? "" : `${round.globalCorrect} of ${sampleCount}`,
    round.isLeader ? "led" : "",
    formatAmount(round.paidWei, rewardToken),
  ]);
  return {
    data: { federationId, account: address, why, rounds, paidWei },
    text: [
      facts([
        ["federation", String(federationId)],
        ["ended", why],
        ["account", address],
        ["earned", `${formatAmount(paidWei, rewardToken)}; zkpot round withdraw ${federationId}`],
      ]),
      ...(rows.length === 0
        ? []
        : [table(["round", "state", "own model", "global model", "role", "paid"], rows)]),
    ].join("\n\n"),
  };
}

/** What a round came to for one account. */
interface RoundOutcome {
  readonly round: bigint;
  readonly state: "final" | "abandoned";
  /** Count that the account proved; null if it did not. */
  readonly correct: number | null;
  /** Place of the roster, from 0; null without one. */
  readonly place: number | null;
  readonly isLeader: boolean;
  /** Of the new global model; null without one. */
  readonly globalCorrect: number | null;
  readonly recordHash: string | null;
  readonly paidWei: bigint;
}

function roundOutcome({ round, record, scores, claims }: RoundHistory, account: string): RoundOutcome {
  const score = scores.find(({ member }) => member === account);
  return {
    round,
    state: record === null ? "abandoned" : "final",
    correct: score?.correct ?? null,
    place: score?.place ?? null,
    isLeader: record?.leader === account,
    globalCorrect: record?.globalCorrect ?? null,
    recordHash: record?.recordHash ?? null,
    paidWei: claims.reduce((sum, { member, amountWei }) => sum + (member === account ? amountWei : 0n), 0n),
  };
}
