import { expect } from "chai";

import { type Failure, Workspace } from "../../support/zkpot.ts";

const COMMANDS = [
  "init",
  "doctor",
  "account",
  "deploy",
  "circuit",
  "keys",
  "stake",
  "task",
  "data",
  "artifact",
  "bid",
  "enrol",
  "draw",
  "leave",
  "train",
  "quantize",
  "commit",
  "audit",
  "quote",
  "prove",
  "verify",
  "submit",
  "claim",
  "round",
];

describe("zkpot", () => {
  let workspace: Workspace;

  before(() => {
    workspace = new Workspace();
  });

  after(() => {
    workspace.remove();
  });

  it("lists every command in its help, on stdout", async () => {
    const { code, stdout, stderr } = await workspace.run("--help");
    expect(code).to.equal(0);
    expect(stderr).to.equal("");
    for (const command of COMMANDS) expect(stdout).to.match(new RegExp(`^  ${command}\\b`, "m"));
  });

  for (const command of COMMANDS) {
    it(`explains ${command}`, async () => {
      const { code, stdout } = await workspace.run(command, "--help");
      expect(code).to.equal(0);
      expect(stdout).to.match(new RegExp(`^Usage: zkpot ${command}`));
    });
  }

  it("prints its version", async () => {
    const { code, stdout } = await workspace.run("--version");
    expect(code).to.equal(0);
    expect(stdout).to.match(/^\d+\.\d+\.\d+\n$/);
  });

  it("answers --help without loading what proving and training need", async () => {
    const started = performance.now();
    await workspace.run("--help");
    // Half a second on an idle machine; tests share theirs.
    expect(performance.now() - started).to.be.below(2_500);
  });

  const mistakes: readonly (readonly [string, string[]])[] = [
    ["no command", []],
    ["an unknown command", ["fly"]],
    ["an unknown subcommand", ["task", "fly"]],
    ["an unknown option", ["init", "--fly"]],
    ["a missing argument", ["claim"]],
    ["a missing required option", ["quantize"]],
    ["an argument too many", ["init", "here"]],
  ];
  for (const [what, parameters] of mistakes) {
    it(`refuses ${what} with exit code 2 and one JSON document`, async () => {
      const error = await workspace.failure(...parameters);
      expect(error.exitCode).to.equal(2);
      expect(error.code).to.equal("cli.usage");
      expect(error.nextStep).to.include("--help");
    });
  }

  it("refuses an option without its value", async () => {
    const { code, stdout } = await workspace.run("train", "--json", "--epochs");
    expect(code).to.equal(2);
    expect((JSON.parse(stdout) as Failure).error.message).to.include("--epochs");
  });

  it("prints one JSON document even when an option has swallowed --json", async () => {
    const error = await workspace.failure("train", "--data", "digits", "--epochs");
    expect(error.exitCode).to.equal(2);
    expect(error.code).to.equal("cli.invalid-value");
  });

  it("prints errors on stderr and nothing on stdout without --json", async () => {
    const { code, stdout, stderr } = await workspace.run("fly");
    expect(code).to.equal(2);
    expect(stdout).to.equal("");
    expect(stderr).to.match(/^error: unknown command 'fly'/);
    expect(stderr).to.match(/^next: /m);
    expect(stderr).not.to.match(/\n\s+at /);
  });

  it("reads a .env file in the working directory", async () => {
    const other = new Workspace();
    try {
      other.write(".env", "ZKPOT_CONFIG=elsewhere.json\n");
      const error = await other.failure("task", "list");
      expect(error.code).to.equal("config.unreadable");
      expect(error.details.file).to.equal("elsewhere.json");
    } finally {
      other.remove();
    }
  });
});
