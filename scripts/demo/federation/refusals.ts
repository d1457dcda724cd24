import { contractInterface } from "../../../prover/src/chain/abis.ts";
import { sendOnce } from "../../../prover/src/chain/send.ts";
import type { ProverError } from "../../../prover/src/errors.ts";
import { attempt, broadcastAnyway, errorName, refusalOf, revertedReceipt } from "../attacks.ts";
import type { RoundSetting } from "./moves.ts";
import type { Player } from "./setting.ts";

/** A call that the contract must refuse. */
export interface RefusedCall {
  readonly player: Player;
  /** What is tried, for the record. */
  readonly title: string;
  /** What the story says of it, before the refusal. */
  readonly text: string;
  readonly method: "prove" | "mask" | "claim";
  /** After the federation's id. */
  readonly values: readonly unknown[];
}

/** Sends a call that must be reverted, and keeps account of the attempt. */
export async function refusedByContract(
  { stage, federation, ledger, number }: RoundSetting,
  { player, title, text, method, values }: RefusedCall,
): Promise<void> {
  const { party } = player;
  const request = {
    to: federation.address,
    data: contractInterface("IFederatedRounds").encodeFunctionData(method, [
      federation.federationId,
      ...values,
    ]),
  };
  const sender = stage.sender(party);
  const refusal = await refusalOf(() =>
    sendOnce(sender, `attempt in round ${number}: ${title}`, title, request),
  );
  const { result: receipt } = await stage.story.act(
    party,
    "sending it all the same",
    async () => revertedReceipt(stage, await broadcastAnyway(sender, request)),
    ({ gasUsed }) => ({
      text: `${text}: reverted with ${errorName(refusal)}`,
      gas: gasUsed,
      isRefused: true,
    }),
  );
  stage.note(party, `round ${number}: ${method}, ${title}`, receipt, errorName(refusal));
  ledger.attempts.push(attempt(party, `round ${number}: ${title}`, "contract", refusal, receipt.gasUsed));
}

/** Asks the toolkit for something that it must refuse, and keeps account of the attempt. */
export async function refusedByToolkit(
  { stage, ledger, number }: RoundSetting,
  player: Player,
  title: string,
  text: string,
  work: () => Promise<unknown>,
): Promise<ProverError> {
  const { party } = player;
  const { result: refusal } = await stage.story.act(
    party,
    title,
    () => refusalOf(work),
    ({ message }) => ({ text: `${text}: refused, ${message}`, isRefused: true }),
  );
  ledger.attempts.push(attempt(party, `round ${number}: ${title}`, "toolkit", refusal));
  return refusal;
}
