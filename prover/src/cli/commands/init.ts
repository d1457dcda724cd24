import { writeFileSync } from "node:fs";
import path from "node:path";

import type { Command } from "commander";

import { CONFIG_FILE, ConfigError, DEFAULT_CONFIG } from "../../config.ts";
import { handle } from "../command.ts";
import type { CommonOptions } from "../shared-options.ts";

interface InitOptions extends CommonOptions {
  readonly force?: boolean;
}

/** `zkpot init`: writes a configuration file into the working directory. */
export function registerInit(program: Command): void {
  const command = program
    .command("init")
    .description(`write ${CONFIG_FILE} for a local node into the working directory`)
    .option("--json", "print exactly one JSON document on stdout, for errors too")
    .option("--force", "replace an existing file");
  handle<InitOptions, []>(command, ({ options }) => {
    const file = path.resolve(CONFIG_FILE);
    try {
      writeFileSync(file, `${JSON.stringify(DEFAULT_CONFIG, null, 2)}\n`, {
        flag: options.force === true ? "w" : "wx",
      });
    } catch (cause) {
      const exists = (cause as NodeJS.ErrnoException).code === "EEXIST";
      throw new ConfigError(
        exists ? "config.exists" : "config.not-written",
        exists ? `there is a ${file} already` : `cannot write ${file}: ${String(cause)}`,
        exists ? "Edit it, or replace it with --force." : "Check that the folder is writable.",
        { file },
        { cause },
      );
    }
    return Promise.resolve({
      data: { file, config: DEFAULT_CONFIG },
      text: `wrote ${file}\nnext: start a node (\`npx anvil\`), then \`zkpot deploy\``,
    });
  });
}
