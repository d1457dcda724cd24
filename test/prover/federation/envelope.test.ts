import { expect } from "chai";

import { SeededRandom } from "../../../prover/src/data/random.ts";
import { openEnvelope, sealEnvelope } from "../../../prover/src/federation/envelope.ts";
import { members } from "../../circuits/support/federation-case.ts";
import { expectError } from "../support/expect-error.ts";

describe("sealEnvelope and openEnvelope", () => {
  const round = members(4, new SeededRandom("1", "envelope"));
  const [sender, reader, other] = [round[0]!, round[1]!, round[2]!];
  const content = Uint8Array.of(1, 2, 3);

  it("bring bytes from one member to another, and to itself", () => {
    for (const bytes of [content, new Uint8Array(), new Uint8Array(100_000).fill(7)]) {
      const envelope = sealEnvelope(sender, 1, bytes);
      expect(envelope).to.have.lengthOf(bytes.length + 28);
      expect(openEnvelope(reader, 0, envelope)).to.deep.equal(bytes);
    }
    expect(openEnvelope(sender, 0, sealEnvelope(sender, 0, content))).to.deep.equal(content);
    expect(sealEnvelope(sender, 1, content)).not.to.deep.equal(sealEnvelope(sender, 1, content));
  });

  it("open for no other reader, sender, direction, federation or round", async () => {
    const envelope = sealEnvelope(sender, 1, content);
    for (const open of [
      () => openEnvelope(other, 0, envelope),
      () => openEnvelope(reader, 2, envelope),
      () => openEnvelope(sender, 1, envelope),
      () => openEnvelope({ ...reader, round: reader.round + 1n }, 0, envelope),
      () => openEnvelope({ ...reader, federation: reader.federation + 1n }, 0, envelope),
    ]) {
      await expectError(open, "federation.envelope", /place \d .* does not open/);
    }
  });

  it("do not open damaged or cut off, and name places beyond the roster", async () => {
    const envelope = sealEnvelope(sender, 1, content);
    for (let position = 0; position < envelope.length; position++) {
      const damaged = envelope.slice();
      damaged[position]! ^= 1;
      await expectError(() => openEnvelope(reader, 0, damaged), "federation.envelope", /does not open/);
      await expectError(
        () => openEnvelope(reader, 0, envelope.subarray(0, position)),
        "federation.envelope",
        /does not open/,
      );
    }
    await expectError(() => sealEnvelope(sender, 4, content), "federation.roster", /roster of 4/);
    await expectError(() => openEnvelope(reader, 4, envelope), "federation.roster", /roster of 4/);
  });
});
