/**
 * Runs an action without what it writes to console.error: circom's runtime prints there what it also throws.
 * Only for actions that nothing else runs beside.
 */
export async function quietly<T>(action: () => Promise<T>): Promise<T> {
  const { error } = console;
  console.error = () => {};
  try {
    return await action();
  } finally {
    console.error = error;
  }
}
