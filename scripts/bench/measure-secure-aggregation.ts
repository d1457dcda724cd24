/**
 * Measures one average of models by one way of secure aggregation, in a process of its own:
 *
 *   node scripts/bench/measure-secure-aggregation.ts masks|encryption INSTANCE
 *
 * All members of a masked-update instance take part, with the same models for both ways. Prints an
 * AggregationMeasurement as JSON.
 */
import { loadCircuitInstance } from "../../prover/src/circuits/instances.ts";
import { SeededRandom } from "../../prover/src/data/random.ts";
import { loadSeal } from "../../prover/src/federation/encrypted-sums.ts";
import { federationSums, homomorphicAggregation } from "../../prover/src/federation/homomorphic.ts";
import { randomPairKey } from "../../prover/src/federation/pair-keys.ts";
import {
  type AggregationRound,
  maskedAggregation,
  type SecureAggregation,
} from "../../prover/src/federation/secure-aggregation.ts";
import { modelCommitment } from "../../prover/src/model/commitment.ts";
import { peakMemoryBytes } from "../../prover/src/peak-memory.ts";
import { randomModel } from "./federation-witness.ts";
import { timed } from "./timed.ts";

/** Seconds and sizes of one average; no proofs. */
export interface AggregationMeasurement {
  /** Before the first round: a member's key pair; for encryption the library, too, and the key holder's key pair. */
  readonly setUpSeconds: number;
  /** Keys that all members need to know: each member's own, and the key holder's. */
  readonly publicKeyBytes: number;
  readonly secretKeyBytes: number;
  /** Median over the members. */
  readonly protectSeconds: number;
  /** What each member publishes; the largest. */
  readonly contributionBytes: number;
  readonly combineSeconds: number;
  readonly combinedBytes: number;
  readonly openSeconds: number;
  readonly peakMemoryBytes: number;
  /** Names the average: its commitment with salt 0. */
  readonly averageCommitment: string;
}

const FACTOR = 100;
/** Of a point's two coordinates, and of a scalar. */
const PAIR_KEY_BYTES = { public: 64, secret: 32 };
const ROLES = { leaderPlace: 0, keyHolderPlace: 1 };

interface SetUp {
  readonly publicKeyBytes: number;
  readonly secretKeyBytes: number;
  readonly sideOf: (round: AggregationRound, place: number) => SecureAggregation;
}

function setUpMasks(): SetUp {
  randomPairKey();
  return {
    publicKeyBytes: PAIR_KEY_BYTES.public,
    secretKeyBytes: PAIR_KEY_BYTES.secret,
    sideOf: maskedAggregation,
  };
}

async function setUpEncryption(maxFactorSum: number): Promise<SetUp> {
  randomPairKey();
  const seal = await loadSeal();
  const keys = federationSums(seal, maxFactorSum).createKeys();
  return {
    publicKeyBytes: PAIR_KEY_BYTES.public + keys.publicKey.length,
    secretKeyBytes: PAIR_KEY_BYTES.secret + keys.secretKey.length,
    sideOf: (round, place) =>
      homomorphicAggregation(
        seal,
        round,
        ROLES,
        place === ROLES.keyHolderPlace ? keys : { publicKey: keys.publicKey },
      ),
  };
}

const [way, instanceId] = process.argv.slice(2) as ["masks" | "encryption", string];
const { architecture, maxFactorSum, members } = await loadCircuitInstance("masked-update", instanceId);
const [setUpSeconds, { publicKeyBytes, secretKeyBytes, sideOf }] = await timed(() =>
  way === "masks" ? setUpMasks() : setUpEncryption(maxFactorSum),
);

const random = new SeededRandom("1", "secure-aggregation");
const models = Array.from({ length: members }, () => randomModel(architecture, random));
const keys = models.map(() => randomPairKey());
const roster = keys.map(({ publicKey }) => publicKey);
const places = [...keys.keys()];
const sides = keys.map((key, place) =>
  sideOf({ architecture, maxFactorSum, member: { federation: 1n, round: 1n, key, roster }, places }, place),
);

const contributions = new Map<number, Uint8Array>();
const protectSeconds: number[] = [];
for (const place of places) {
  const [seconds, contribution] = await timed(() => sides[place]!.protect(models[place]!, FACTOR));
  protectSeconds.push(seconds);
  contributions.set(place, contribution);
}
const [combineSeconds, combined] = await timed(() => sides[ROLES.leaderPlace]!.combine(contributions));
const [openSeconds, average] = await timed(() =>
  sides[ROLES.keyHolderPlace]!.open(combined, members * FACTOR),
);

const measurement: AggregationMeasurement = {
  setUpSeconds,
  publicKeyBytes,
  secretKeyBytes,
  protectSeconds: protectSeconds.sort((a, b) => a - b)[Math.floor(members / 2)]!,
  contributionBytes: Math.max(...[...contributions.values()].map(({ length }) => length)),
  combineSeconds,
  combinedBytes: combined.length,
  openSeconds,
  peakMemoryBytes: peakMemoryBytes(),
  averageCommitment: String(modelCommitment(average.model, 0n)),
};
process.stdout.write(JSON.stringify(measurement));
