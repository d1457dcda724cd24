import type { FederationDemoRecord } from "../federation/record.ts";
import { count } from "./format.ts";
import type { Html } from "./html.ts";
import { type Sight, visibilityTable } from "./visibility.ts";

const EVERYBODY: Sight = [true, true, true, true];
const MEMBER_ONLY: Sight = [true, false, false, false];

/** What a member, the others, the leader and the chain saw of one member's round. */
export function federationVisibilitySection(record: FederationDemoRecord): Html {
  const { dataset, layerSizes, parameters, rounds, members } = record;
  const models = rounds.reduce((sum, { scores }) => sum + scores.length, 0);
  return visibilityTable(
    [
      {
        what: "Test set: features and labels",
        here: `${dataset.testSamples} samples of ${dataset.featureCount} features`,
        sight: EVERYBODY,
      },
      { what: "Global models", here: `${layerSizes.join("-")}, one a round`, sight: EVERYBODY },
      { what: "Commitment to its model", here: "Poseidon hash with a secret salt", sight: EVERYBODY },
      { what: "Its proven count and its factor", here: `${models} counts in all`, sight: EVERYBODY },
      { what: "Nullifier of its weights", here: "another one every round", sight: EVERYBODY },
      { what: "Public part of its mask key", here: "one for the federation", sight: EVERYBODY },
      {
        what: "Its masked vector",
        here: "uniform in the field for whoever lacks the pairs' secrets",
        sight: [true, "once all have masked", "once all have masked", "its digest only"],
      },
      {
        what: "Sum of all masked vectors",
        here: "the weighted sum of the models, from which the average follows",
        sight: [true, true, true, "commitment to the average"],
      },
      { what: "Its proofs", here: "a score and a masked vector each round", sight: EVERYBODY },
      {
        what: "Its training samples",
        here: `${count(dataset.trainSamples)} in ${members.filter(({ sampleCount }) => sampleCount > 0).length} parts`,
        sight: MEMBER_ONLY,
      },
      { what: "Its weights and biases", here: `${count(parameters)} integers a round`, sight: MEMBER_ONLY },
      {
        what: "Salts, and its private mask key",
        here: "random, or derived from its account",
        sight: MEMBER_ONLY,
      },
      {
        what: "Its predictions: which samples are right",
        here: `${dataset.testSamples} a round`,
        sight: MEMBER_ONLY,
      },
    ],
    {
      parties: ["the member", "other members", "the leader", "the chain"],
      intro:
        "What is seen of one member in one round. The leader sees what all members see, and nothing more.",
      note: record.rounds.some(({ isLeadersOwn }) => isLeadersOwn)
        ? "A leader that put its own model in place of an average published that model of its own accord."
        : "The average is public: it tells what all models have in common. With few members it tells something of each; all but one of them together can tell that one's model.",
    },
  );
}
