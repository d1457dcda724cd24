import { expect } from "chai";

import { Market } from "../../support/market.ts";
import { Workspace } from "../../support/zkpot.ts";

interface Findings {
  readonly healthy: boolean;
  readonly findings: readonly {
    readonly check: string;
    readonly status: string;
    readonly nextStep: string | null;
  }[];
}

describe("zkpot doctor", () => {
  it("finds nothing bad beside a deployed market, and gives every note a next step", async () => {
    const market = await Market.start();
    try {
      const { healthy, findings } = await market.workspace.json<Findings>("doctor");
      expect(healthy).to.equal(true);
      const checks = findings.map(({ check }) => check);
      expect(checks).to.include.members(["Node", "memory", "disk", "cores", "circom2", "anvil", "contracts"]);
      expect(checks).to.include.members(["configuration", "Ethereum node", "deployment"]);
      for (const { check, status, nextStep } of findings) {
        expect(nextStep === null, check).to.equal(status === "good");
      }
    } finally {
      await market.stop();
    }
  });

  it("works without a configuration", async () => {
    const workspace = new Workspace();
    try {
      const { findings } = await workspace.json<Findings>("doctor");
      expect(findings.find(({ check }) => check === "configuration")?.status).to.equal("note");
    } finally {
      workspace.remove();
    }
  });

  it("fails, with every finding, when the node does not answer", async () => {
    const workspace = new Workspace();
    try {
      workspace.configure("http://127.0.0.1:9");
      const error = await workspace.failure("doctor");
      expect(error.code).to.equal("cli.unhealthy");
      const { findings } = error.details as unknown as Findings;
      expect(findings.filter(({ status }) => status === "bad").map(({ check }) => check)).to.deep.equal([
        "Ethereum node",
      ]);
    } finally {
      workspace.remove();
    }
  });
});

describe("zkpot verify", () => {
  const refusals: readonly (readonly [string, string, string[], string])[] = [
    ["a file that is not there", "", ["absent.json"], "document.missing"],
    ["text", "hello", ["proof.json"], "document.invalid-json"],
    [
      "another document",
      '{"format":"zkpot.task","version":1,"digest":"0x","content":{}}',
      ["proof.json"],
      "document.wrong-format",
    ],
    [
      "another version",
      '{"format":"zkpot.proof-bundle","version":1,"digest":"0x","content":{}}',
      ["proof.json"],
      "document.unsupported-version",
    ],
    [
      "a damaged bundle",
      '{"format":"zkpot.proof-bundle","version":2,"digest":"0x","content":{}}',
      ["proof.json"],
      "document.damaged",
    ],
    ["a task id that is none", "{}", ["proof.json", "--task", "zero"], "cli.invalid-value"],
  ];
  for (const [what, content, parameters, code] of refusals) {
    it(`refuses ${what} with ${code}`, async () => {
      const workspace = new Workspace();
      try {
        workspace.write("proof.json", content);
        expect((await workspace.failure("verify", ...parameters)).code).to.equal(code);
      } finally {
        workspace.remove();
      }
    });
  }
});
