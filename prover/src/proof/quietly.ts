/**
 * Runs an action without what it writes to console.error: circom's runtime prints there what it also throws.
 * Only for actions that nothing else runs beside.
 */
export async function quietly<T>(action: () => Promise<T>): Promise<T> {
  const output: Pick<Console, "error"> = globalThis.console;
  const { error } = output;
  output.error = () => {};
  try {
    return await action();
  } finally {
    output.error = error;
  }
}
