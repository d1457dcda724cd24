import { ProverError } from "../../prover/src/errors.ts";

/** The error users would meet when `work` fails; throws when it succeeds, and any other error. */
export async function errorOf(work: Promise<unknown>): Promise<ProverError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof ProverError) return error;
    throw error;
  }
  throw new Error("no error");
}
