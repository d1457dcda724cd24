import { isError } from "ethers";

/** Whether a contract would take a call that is only simulated; throws what is no refusal. */
export async function isAccepted(call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (cause) {
    if (isError(cause, "CALL_EXCEPTION")) return false;
    throw cause;
  }
}
