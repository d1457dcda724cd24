import { mkdir, readFile } from "node:fs/promises";
import path from "node:path";

import type { AccuracyInstance } from "../../prover/src/circuits/accuracy.ts";
import { compileCircom } from "../../prover/src/circuits/build.ts";
import { readR1cs } from "../../prover/src/proof/keys/r1cs.ts";

/** Rows of the same statement written in another way, for one and for four samples. */
export interface RowCount {
  readonly name: string;
  readonly rowsForOne: number;
  readonly rowsForFour: number;
  /** What one more sample costs. */
  readonly rowsPerSample: number;
  /** What does not depend on samples: the model and its commitment, and padding of hashes. */
  readonly fixedRows: number;
}

/** The statement with bit decompositions, direct products and hashed data, for an instance's integer model. */
export async function countBitDecomposition(instance: AccuracyInstance, folder: string): Promise<RowCount> {
  const { layerSizes, inputBits, weightBits, biasBits, quotientBits, marginBits } = instance.architecture;
  const widths = [...layerSizes, inputBits, weightBits, biasBits, quotientBits, marginBits].join(", ");
  return count(
    "bit decompositions, direct products, Poseidon of the data",
    "bit-decomposition",
    (samples) =>
      `component main {public [context, modelCommitment, dataHash]} = BitAccuracy(${samples}, ${widths});`,
    folder,
  );
}

/** The statement with the layers of circomlib-ml 1.4.4. */
export async function countCircomlibMl(instance: AccuracyInstance, folder: string): Promise<RowCount> {
  const sizes = instance.architecture.layerSizes.join(", ");
  return count(
    "circomlib-ml 1.4.4 (Dense, ReLU, ArgMax), packed Poseidon of the data",
    "circomlib-ml",
    (samples) => `component main {public [dataHash]} = CircomlibMlAccuracy(${samples}, ${sizes});`,
    folder,
  );
}

async function count(
  name: string,
  template: string,
  main: (samples: number) => string,
  folder: string,
): Promise<RowCount> {
  const text = await readFile(path.join(import.meta.dirname, "circuits", `${template}.circom`), "utf8");
  const rows = async (samples: number) => {
    process.stderr.write(`[bench] compiling ${template} for ${samples} samples\n`);
    const target = path.join(folder, `${template}-${samples}`);
    await mkdir(target, { recursive: true });
    await compileCircom(template, `${text}\n${main(samples)}\n`, target);
    const r1cs = await readR1cs(path.join(target, "main.r1cs"));
    return r1cs.constraintCount + r1cs.publicCount + 1;
  };
  const [rowsForOne, rowsForFour] = [await rows(1), await rows(4)];
  const rowsPerSample = (rowsForFour - rowsForOne) / 3;
  return { name, rowsForOne, rowsForFour, rowsPerSample, fixedRows: rowsForOne - rowsPerSample };
}
