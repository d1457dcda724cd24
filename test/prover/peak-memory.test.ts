import { expect } from "chai";
import { execFileSync } from "node:child_process";
import path from "node:path";

const MODULE = path.resolve("prover/src/peak-memory.ts");
const PARENT_BYTES = 600e6;
const CHILD_BYTES = 100e6;

/** What a process measures after it held `bytes` and let them go. */
function measureAfter(bytes: number): number {
  const program = `
    import { peakMemoryBytes } from ${JSON.stringify(MODULE)};
    Buffer.alloc(${bytes}, 1);
    process.stdout.write(String(peakMemoryBytes()));
  `;
  return Number(
    execFileSync(process.execPath, ["--input-type=module", "--eval", program], { encoding: "utf8" }),
  );
}

describe("peakMemoryBytes", function () {
  this.timeout(20_000);

  it("counts what a process held, and not what its parent holds", () => {
    const held = Buffer.alloc(PARENT_BYTES, 1);
    const [idle, busy] = [measureAfter(0), measureAfter(CHILD_BYTES)];
    expect(busy - idle).to.be.within(0.9 * CHILD_BYTES, 2 * CHILD_BYTES);
    expect(busy).to.be.below(held.length);
  });
});
