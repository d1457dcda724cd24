import { CommanderError } from "commander";

import { fail } from "./command.ts";
import { EXIT_CODES } from "./output.ts";
import { buildProgram } from "./program.ts";
import { UsageError } from "./usage-error.ts";

const json = process.argv.includes("--json");

// Settings that hold secrets or differ between machines may lie in a .env file beside the configuration.
try {
  process.loadEnvFile();
} catch (error) {
  if ((error as NodeJS.ErrnoException).code !== "ENOENT") fail(error, json);
}

try {
  await buildProgram().parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) fail(error, json);
  // Help and version were asked for and are printed already.
  if (error.exitCode === 0) process.exit(EXIT_CODES.ok);
  const isHelp = error.code === "commander.help";
  const message = isHelp ? "no command was named" : error.message.replace(/^error: /, "");
  fail(new UsageError("cli.usage", message, "See `zkpot --help`, or `zkpot <command> --help`."), json);
}
