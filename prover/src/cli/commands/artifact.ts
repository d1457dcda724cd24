import path from "node:path";

import type { Command } from "commander";

import type { ReadLimits } from "../../artifacts/file-dag.ts";
import { openArtifacts, requireNode } from "../artifact-session.ts";
import { handle } from "../command.ts";
import { note, type Report } from "../output.ts";
import { openConfig } from "../session.ts";
import { type ArtifactOptions, withArtifactOptions, withCommonOptions } from "../shared-options.ts";
import { parseInteger } from "../units.ts";

interface LimitOptions extends ArtifactOptions {
  readonly maxBytes?: string;
}

type AddOptions = LimitOptions & { readonly allowSecret?: boolean };
type GetOptions = LimitOptions & { readonly out: string };
type ExportOptions = LimitOptions & { readonly out?: string };
type ImportOptions = LimitOptions & { readonly cid?: string };

/** `zkpot artifact`: published files under their CIDs, in the working folder and at an IPFS node. */
export function registerArtifact(program: Command): void {
  const artifact = program
    .command("artifact")
    .description("keep, pass on and fetch published files under their CIDs");
  registerAdd(artifact);
  registerGet(artifact);
  registerList(artifact);
  registerExport(artifact);
  registerImport(artifact);
  registerPin(artifact);
}

function registerAdd(artifact: Command): void {
  const command = withLimit(
    withCommonOptions(
      artifact
        .command("add")
        .argument("<file>", "file to keep a copy of")
        .description("keep a file under its CID; it leaves this machine only by export or pin"),
    ),
  ).option("--allow-secret", "add a file that looks private: readable by its owner alone, a model, a key");
  handle<AddOptions, [string]>(command, async ({ options }, file) => {
    const limits = parseLimit(options);
    const { refusePrivate } = await import("../../artifacts/private-file.ts");
    if (options.allowSecret !== true) await refusePrivate(file);
    const { store } = await openArtifacts(openConfig(options));
    const { cid, byteLength } = await store.putFile(file, limits);
    return await reportArtifact({ cid, byteLength, file: path.resolve(file) });
  });
}

function registerGet(artifact: Command): void {
  const command = withLimit(
    withArtifactOptions(
      artifact
        .command("get")
        .argument("<cid>", "CID or ipfs://<CID>")
        .description("write an artifact into a file, every block checked; asks the IPFS node if need be"),
    ),
  ).requiredOption("--out <file>", "file to write");
  handle<GetOptions, [string]>(command, async ({ options }, cid) => {
    const limits = parseLimit(options);
    const { store, from } = await fetchNamed(options, cid, limits);
    const file = path.resolve(options.out);
    return await reportArtifact({ ...(await store.save(cid, file, limits)), from, file });
  });
}

function registerList(artifact: Command): void {
  const command = withCommonOptions(
    artifact.command("list").description("list the artifacts of the working folder"),
  );
  handle<ArtifactOptions, []>(command, async ({ options }) => {
    const { store } = await openArtifacts(openConfig(options));
    const { table } = await import("../text.ts");
    const artifacts = await store.list();
    return {
      data: { folder: store.folder, artifacts },
      text:
        artifacts.length === 0
          ? `no artifacts in ${store.folder}; add one with \`zkpot artifact add <file>\``
          : table(
              ["cid", "bytes"],
              artifacts.map(({ cid, byteLength }) => [
                cid,
                byteLength === null ? "damaged" : String(byteLength),
              ]),
            ),
    };
  });
}

function registerExport(artifact: Command): void {
  const command = withLimit(
    withArtifactOptions(
      artifact
        .command("export")
        .argument("<cid>", "CID or ipfs://<CID>")
        .description("write an artifact into a CAR file, which any IPFS tool reads"),
    ),
  ).option("--out <file>", "CAR file to write (default: the CID with .car)");
  handle<ExportOptions, [string]>(command, async ({ options }, name) => {
    const limits = parseLimit(options);
    const { store, cid } = await fetchNamed(options, name, limits);
    const { exportCar } = await import("../../artifacts/car.ts");
    const file = path.resolve(options.out ?? `${cid}.car`);
    return await reportArtifact({ ...(await exportCar(store, cid, file, limits)), file });
  });
}

function registerImport(artifact: Command): void {
  const command = withLimit(
    withCommonOptions(
      artifact
        .command("import")
        .argument("<file>", "CAR file (version 1) of one artifact")
        .description("keep the artifact of a CAR file, after checking all of it"),
    ),
  ).option("--cid <cid>", "what the file must hold (default: whatever it holds)");
  handle<ImportOptions, [string]>(command, async ({ options }, file) => {
    const limits = parseLimit(options);
    const { importCar } = await import("../../artifacts/car.ts");
    const { parseArtifactUri } = await import("../../artifacts/artifact-uri.ts");
    const root = options.cid === undefined ? {} : { root: parseArtifactUri(options.cid) };
    const { store } = await openArtifacts(openConfig(options));
    return await reportArtifact(await importCar(store, file, { ...limits, ...root }));
  });
}

function registerPin(artifact: Command): void {
  const command = withLimit(
    withArtifactOptions(
      artifact
        .command("pin")
        .argument("<cid>", "CID or ipfs://<CID>")
        .description("publish an artifact of the working folder: the IPFS node stores and pins it"),
    ),
  );
  handle<LimitOptions, [string]>(command, async ({ options }, cid) => {
    const limits = parseLimit(options);
    const sources = await openArtifacts(openConfig(options));
    const node = requireNode(sources);
    note(`sending ${cid} to ${node.name}`);
    return await reportArtifact({ ...(await node.publish(sources.store, cid, limits)), node: node.name });
  });
}

function withLimit(command: Command): Command {
  return command.option("--max-bytes <count>", "most bytes of content (default: 1 GiB)");
}

function parseLimit({ maxBytes }: LimitOptions): ReadLimits {
  if (maxBytes === undefined) return {};
  return { maxBytes: parseInteger(maxBytes, "--max-bytes", 1, 2 ** 36) };
}

async function fetchNamed(options: ArtifactOptions, name: string, limits: ReadLimits) {
  const sources = await openArtifacts(openConfig(options));
  const { fetchArtifact } = await import("../../artifacts/fetch.ts");
  return { store: sources.store, ...(await fetchArtifact(sources, name, limits, note)) };
}

interface ArtifactFacts {
  readonly cid: string;
  readonly byteLength: number;
  readonly blockCount?: number;
  readonly from?: "store" | "node";
  readonly node?: string;
  readonly file?: string;
}

async function reportArtifact(artifact: ArtifactFacts): Promise<Report> {
  const { formatArtifactUri } = await import("../../artifacts/artifact-uri.ts");
  const { facts } = await import("../text.ts");
  const { cid, byteLength, blockCount, from, node, file } = artifact;
  const uri = formatArtifactUri(cid);
  return {
    data: { ...artifact, uri },
    text: facts([
      ["artifact", uri],
      ["content", `${byteLength} bytes${blockCount === undefined ? "" : ` in ${blockCount} blocks`}`],
      ...(from === undefined ? [] : [["from", from === "store" ? "working folder" : "IPFS node"] as const]),
      ...(node === undefined ? [] : [["pinned", node] as const]),
      ...(file === undefined ? [] : [["file", file] as const]),
    ]),
  };
}
