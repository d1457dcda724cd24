import type { Contracts } from "../chain/contracts.ts";
import type { ContractAddresses } from "../config.ts";
import { UsageError } from "./usage-error.ts";

/** The zero address as token. */
export const NATIVE_COIN = "0x0000000000000000000000000000000000000000";

/** An address with its checksum; throws UsageError for anything else. */
export async function parseAddress(text: string, option: string): Promise<string> {
  const { getAddress } = await import("ethers");
  try {
    return getAddress(text);
  } catch {
    throw new UsageError(
      "cli.invalid-value",
      `${option}: "${text}" is not an address`,
      "Write 0x and 40 hexadecimal digits; mixed upper and lower case must match the checksum.",
      { option, value: text },
    );
  }
}

/** The address of a token; the native coin when none is named. */
export async function parseToken(text: string | undefined, option: string): Promise<string> {
  return text === undefined ? NATIVE_COIN : await parseAddress(text, option);
}

/** The address of a contract that not every network has; throws UsageError `cli.no-contract`. */
export function contractAddress({ addresses }: Contracts, name: keyof ContractAddresses): string {
  const address = addresses[name];
  if (address !== undefined) return address;
  throw new UsageError(
    "cli.no-contract",
    `no contract ${name} is known on this network`,
    `Write ${name} into the network's addresses.`,
    { name },
  );
}

/** An amount for people: ether for the native coin, the smallest unit for tokens. */
export function formatAmount(wei: bigint, token: string): string {
  if (token !== NATIVE_COIN) return `${wei} (smallest unit of ${token})`;
  const text = wei.toString().padStart(19, "0");
  const fraction = text.slice(-18).replace(/0+$/, "");
  return `${text.slice(0, -18)}${fraction === "" ? "" : `.${fraction}`} ether`;
}
