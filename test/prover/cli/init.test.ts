import { readFileSync } from "node:fs";

import { expect } from "chai";

import { CONFIG_FILE, DEFAULT_CONFIG } from "../../../prover/src/config.ts";
import { Workspace } from "../../support/zkpot.ts";

describe("zkpot init", () => {
  let workspace: Workspace;

  beforeEach(() => {
    workspace = new Workspace();
  });

  afterEach(() => {
    workspace.remove();
  });

  it("writes the configuration of a local node", async () => {
    const { config } = await workspace.json<{ config: unknown }>("init");
    expect(config).to.deep.equal(DEFAULT_CONFIG);
    expect(JSON.parse(readFileSync(workspace.file(CONFIG_FILE), "utf8"))).to.deep.equal(DEFAULT_CONFIG);
  });

  it("does not replace a file without --force", async () => {
    workspace.write(CONFIG_FILE, "mine");
    const error = await workspace.failure("init");
    expect(error.code).to.equal("config.exists");
    expect(error.exitCode).to.equal(1);
    expect(readFileSync(workspace.file(CONFIG_FILE), "utf8")).to.equal("mine");
  });

  it("replaces a file with --force", async () => {
    workspace.write(CONFIG_FILE, "mine");
    await workspace.json("init", "--force");
    expect(JSON.parse(readFileSync(workspace.file(CONFIG_FILE), "utf8"))).to.deep.equal(DEFAULT_CONFIG);
  });
});
