import { FIELD_ORDER, toField } from "../../../prover/src/field.ts";
import { readR1cs } from "../../../prover/src/proof/keys/r1cs.ts";

/** By how much a broken row fails: of full size, so that no difference that was zero or one stays so by chance. */
const EXCESS = FIELD_ORDER / 3n;

interface Term {
  readonly wire: number;
  readonly coefficient: bigint;
}
/** One row A·w × B·w = C·w. */
type Row = readonly [Term[], Term[], Term[]];

/** A wire together with the row that determines it from the wires known before. */
interface Step {
  readonly row: number;
  readonly wire: number;
}

/**
 * The constraints of a compiled circuit over plain bigints: what a verifier enforces, without the solver that
 * circom generates, so that witnesses no honest prover would make can be tried.
 */
export class ConstraintSystem {
  readonly wireCount: number;
  readonly publicCount: number;
  readonly #rows: readonly Row[];
  readonly #rowsOfWire: readonly (readonly number[])[];

  private constructor(wireCount: number, publicCount: number, rows: readonly Row[]) {
    this.wireCount = wireCount;
    this.publicCount = publicCount;
    this.#rows = rows;
    const rowsOfWire = Array.from({ length: wireCount }, () => new Set<number>());
    rows.forEach((row, index) => row.flat().forEach(({ wire }) => rowsOfWire[wire]!.add(index)));
    this.#rowsOfWire = rowsOfWire.map((set) => [...set]);
  }

  /** Reads a circom r1cs file. */
  static async read(file: string): Promise<ConstraintSystem> {
    const r1cs = await readR1cs(file);
    const rows = Array.from({ length: r1cs.constraintCount }, (): Row => [[], [], []]);
    r1cs.forEachTerm((matrix, row, wire, coefficient) => rows[row]![matrix].push({ wire, coefficient }));
    return new ConstraintSystem(r1cs.wireCount, r1cs.publicCount, rows);
  }

  get rowCount(): number {
    return this.#rows.length;
  }

  /** Whether a row multiplies wires; otherwise it is linear. */
  isProduct(row: number): boolean {
    const [a, b] = this.#rows[row]!;
    return [a, b].every((terms) => terms.some(({ wire }) => wire > 0));
  }

  /** Rows in which a wire occurs. */
  rowsOf(wire: number): readonly number[] {
    return this.#rowsOfWire[wire]!;
  }

  /** Rows, among those given, that a witness violates. */
  violated(witness: readonly bigint[], rows?: readonly number[]): number[] {
    const candidates = rows ?? this.#rows.keys().toArray();
    return candidates.filter((index) => {
      const [a, b, c] = this.#rows[index]!.map((terms) => evaluate(terms, witness)) as [
        bigint,
        bigint,
        bigint,
      ];
      return (a * b - c) % FIELD_ORDER !== 0n;
    });
  }

  /** Rows that a witness violates, given one that violates none: only rows with wires that differ are evaluated. */
  violatedByChanges(valid: readonly bigint[], changed: readonly bigint[]): number[] {
    const rows = new Set<number>();
    changed.forEach((value, wire) => {
      if (value !== valid[wire]) for (const row of this.rowsOf(wire)) rows.add(row);
    });
    return this.violated(changed, [...rows]);
  }

  /**
   * The wires that follow from the known ones: each row with one unknown wire fixes it, unless it holds for
   * every value or for none. Rows without unknowns are not looked at: `violated` tells. On a circuit compiled
   * without simplification, whose rows each define one signal or compare known ones, inputs are enough; and
   * since every wire is forced, inputs whose completion is violated have no valid witness at all.
   */
  complete(known: ReadonlyMap<number, bigint>): bigint[] {
    const witness = new Array<bigint>(this.wireCount).fill(0n);
    witness[0] = 1n;
    for (const [wire, value] of known) witness[wire] = toField(value);
    // Per row: how many wires are unknown, and the exclusive or of their numbers, which is the last one's.
    const counts = new Int32Array(this.rowCount);
    const marks = new Int32Array(this.rowCount);
    const mark = (wire: number, sign: 1 | -1) => {
      for (const row of this.rowsOf(wire)) {
        counts[row]! += sign;
        marks[row]! ^= wire;
      }
    };
    let open = 0;
    for (let wire = 1; wire < this.wireCount; wire++) {
      if (known.has(wire) || this.rowsOf(wire).length === 0) continue;
      open++;
      mark(wire, 1);
    }
    const ready = counts
      .keys()
      .filter((row) => counts[row] === 1)
      .toArray();
    for (let row = ready.pop(); row !== undefined; row = ready.pop()) {
      if (counts[row] !== 1) continue;
      const wire = marks[row]!;
      const value = this.#solve({ row, wire }, witness, 0n);
      if (value === undefined) continue;
      witness[wire] = value;
      open--;
      mark(wire, -1);
      for (const other of this.rowsOf(wire)) if (counts[other] === 1) ready.push(other);
    }
    if (open > 0) throw new Error(`${open} wires do not follow from the known ones`);
    return witness;
  }

  /**
   * An order of all rows in which each has a wire that no earlier row contains and that it determines: in
   * that order any chosen row can be broken and every later one repaired. Rows for which no such wire is
   * found are missing.
   */
  independentOrder(witness: readonly bigint[]): Step[] {
    const counts = this.#rowsOfWire.map((rows) => rows.length);
    const removed = new Set<number>();
    const steps: Step[] = [];
    const loose = [...counts.keys()].filter((wire) => wire > 0 && counts[wire] === 1);
    for (let wire = loose.pop(); wire !== undefined; wire = loose.pop()) {
      const row = this.rowsOf(wire).find((candidate) => !removed.has(candidate));
      if (row === undefined || this.#solve({ row, wire }, witness, 0n) === undefined) continue;
      steps.push({ row, wire });
      removed.add(row);
      for (const other of new Set(this.#rows[row]!.flat().map((term) => term.wire))) {
        counts[other]!--;
        if (counts[other] === 1) loose.push(other);
      }
    }
    return steps.reverse();
  }

  /** A witness that violates exactly one row, made from a valid one with the steps of `independentOrder`. */
  breakRow(steps: readonly Step[], witness: readonly bigint[], broken: number): bigint[] {
    const forged = [...witness];
    const touched = new Set<number>([broken]);
    for (const step of steps) {
      if (!touched.has(step.row)) continue;
      const value = this.#solve(step, forged, step.row === broken ? EXCESS : 0n);
      if (value === undefined) throw new Error(`row ${step.row} cannot be repaired`);
      if (value === forged[step.wire]) continue;
      forged[step.wire] = value;
      for (const row of this.rowsOf(step.wire)) touched.add(row);
    }
    return forged;
  }

  /** The value of a wire with which A·B − C of a row is `excess`; undefined when no value, or any, does. */
  #solve({ row, wire }: Step, witness: readonly bigint[], excess: bigint): bigint | undefined {
    const [a, b, c] = this.#rows[row]!.map((terms) => split(terms, wire, witness)) as [
      Affine,
      Affine,
      Affine,
    ];
    if (a.slope !== 0n && b.slope !== 0n) return undefined;
    const slope = toField(a.slope * b.rest + b.slope * a.rest - c.slope);
    if (slope === 0n) return undefined;
    return toField((excess + c.rest - a.rest * b.rest) * invert(slope));
  }
}

/** A linear form in one wire. */
interface Affine {
  readonly slope: bigint;
  readonly rest: bigint;
}

function evaluate(terms: readonly Term[], witness: readonly bigint[]): bigint {
  let sum = 0n;
  for (const { wire, coefficient } of terms) sum += coefficient * witness[wire]!;
  return sum % FIELD_ORDER;
}

function split(terms: readonly Term[], wire: number, witness: readonly bigint[]): Affine {
  let slope = 0n;
  let rest = 0n;
  for (const term of terms) {
    if (term.wire === wire) slope += term.coefficient;
    else rest += term.coefficient * witness[term.wire]!;
  }
  return { slope: slope % FIELD_ORDER, rest: rest % FIELD_ORDER };
}

/** Extended Euclid: much faster on bigints than Fermat's power. */
function invert(value: bigint): bigint {
  let [low, high] = [toField(value), FIELD_ORDER];
  let [x, y] = [1n, 0n];
  while (low > 1n) {
    const quotient = high / low;
    [low, high] = [high % low, low];
    [x, y] = [y - quotient * x, x];
  }
  return toField(x);
}
