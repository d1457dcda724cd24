/**
 * The order of a circuit's inputs, which is the order of its public signals:
 * statement, challenges, dataset block, committed block; then private inputs.
 */
export interface CircuitLayout {
  /** What the verifier reads: the first signal is always `context`. */
  readonly statement: readonly SignalShape[];
  /** Drawn by hash after the block commitment: `alpha`, `rho`. */
  readonly challenges: readonly SignalShape[];
  /** Public data, entering verification as one precomputed point. */
  readonly dataset: readonly SignalShape[];
  /** The prover's committed values; the last one is the uniform `blockMask`. */
  readonly committed: readonly SignalShape[];
  /** Inputs that are wires only. */
  readonly private: readonly SignalShape[];
}

/** A circom input signal: `dimensions` is empty for a scalar; arrays are flattened row-major. */
export interface SignalShape {
  readonly name: string;
  readonly dimensions: readonly number[];
}

/** Values of one block by signal name, each flattened row-major. */
export type SignalValues = Readonly<Record<string, readonly bigint[]>>;

/** The public signals of a circuit in order, as `component main` lists them. */
export function publicNames(layout: CircuitLayout): string {
  return [layout.statement, layout.challenges, layout.dataset, layout.committed]
    .flat()
    .map((signal) => signal.name)
    .join(", ");
}

/** A signal that is a single field element. */
export function scalar(name: string): SignalShape {
  return { name, dimensions: [] };
}

/** Number of field elements in a signal. */
export function signalSize(signal: SignalShape): number {
  return signal.dimensions.reduce((product, dimension) => product * dimension, 1);
}

/** Number of field elements in a block. */
export function blockSize(block: readonly SignalShape[]): number {
  return block.reduce((sum, signal) => sum + signalSize(signal), 0);
}

/** Number of public signals of a circuit, the constant one not included. */
export function publicSignalCount(layout: CircuitLayout): number {
  return (
    blockSize(layout.statement) +
    blockSize(layout.challenges) +
    blockSize(layout.dataset) +
    blockSize(layout.committed)
  );
}

/**
 * The values of a block in the circuit's order.
 *
 * Throws RangeError when a signal is missing or has another size than the layout says.
 */
export function flattenBlock(block: readonly SignalShape[], values: SignalValues): bigint[] {
  return block.flatMap((signal) => {
    const elements = values[signal.name];
    if (elements?.length !== signalSize(signal)) {
      throw new RangeError(
        `signal ${signal.name} has ${elements?.length ?? 0} values, its layout ${signalSize(signal)}`,
      );
    }
    return elements;
  });
}
