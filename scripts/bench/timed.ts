/** Seconds an action takes, and its result. */
export async function timed<T>(action: () => T | Promise<T>): Promise<[number, T]> {
  const started = performance.now();
  const result = await action();
  return [(performance.now() - started) / 1000, result];
}
