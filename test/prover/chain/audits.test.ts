import { expect } from "chai";

import { openAudit } from "../../../prover/src/chain/audits.ts";
import { decodeRevert } from "../../../prover/src/chain/decode-error.ts";
import { contractInterface } from "../../../prover/src/chain/abis.ts";
import { Market } from "../../support/market.ts";
import { expectError } from "../support/expect-error.ts";

describe("the adapter of training audits", function () {
  this.timeout(60_000);

  it("says so for a task that asks for no training proof", async () => {
    const market = await Market.start();
    try {
      const taskId = await market.post();
      await expectError(
        () => openAudit(market.connection, market.contracts, taskId),
        "chain.no-audit",
        /task 1 asks for no training proof/,
      );
    } finally {
      await market.stop();
    }
  });

  it("reads refusals of the audit contract with their values", () => {
    const data = contractInterface("ITrainingAudit").encodeErrorResult("TrainingAuditUnknownTask", [7n]);
    const found = decodeRevert(data);
    expect(found?.name).to.equal("TrainingAuditUnknownTask");
    expect(found?.args.getValue("taskId")).to.equal(7n);
  });
});
