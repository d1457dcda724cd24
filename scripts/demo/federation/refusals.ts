import { contractInterface } from "../../../prover/src/chain/abis.ts";
import { sendOnce } from "../../../prover/src/chain/send.ts";
import { attempt, broadcastAnyway, errorName, refusalOf, revertedReceipt } from "../attacks.ts";
import type { FederationSetting, Player } from "./setting.ts";

/** A call that the contract must refuse. */
export interface RefusedCall {
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
  { stage, federation, ledger }: FederationSetting,
  { party }: Player,
  round: number,
  { title, text, method, values }: RefusedCall,
): Promise<void> {
  const request = {
    to: federation.address,
    data: contractInterface("IFederatedRounds").encodeFunctionData(method, [
      federation.federationId,
      ...values,
    ]),
  };
  const sender = stage.sender(party);
  const purpose = `attempt in round ${round}: ${title}`;
  const refusal = await refusalOf(() => sendOnce(sender, purpose, title, request));
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
  stage.note(party, `round ${round}: ${method}, ${title}`, receipt, errorName(refusal));
  ledger.attempts.push(attempt(party, `round ${round}: ${title}`, "contract", refusal, receipt.gasUsed));
}

/** Asks the toolkit for something that it must refuse, and keeps account of the attempt. */
export async function refusedByToolkit(
  { stage, ledger }: FederationSetting,
  { party }: Player,
  round: number,
  { title, text }: Pick<RefusedCall, "title" | "text">,
  work: () => Promise<unknown>,
): Promise<void> {
  const { result: refusal, seconds } = await stage.story.act(
    party,
    `trying ${title}`,
    () => refusalOf(work),
    ({ message }) => ({ text: `${text}: refused, ${message}`, isRefused: true }),
  );
  ledger.noteWork(round, { party, action: "attempt", seconds, isProof: false });
  ledger.attempts.push(attempt(party, `round ${round}: ${title}`, "toolkit", refusal));
}
