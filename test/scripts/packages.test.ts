import { readFileSync } from "node:fs";
import path from "node:path";

import { expect } from "chai";

const ROOT = path.join(import.meta.dirname, "..", "..");

interface LockedPackage {
  readonly link?: boolean;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
  readonly optional?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const read = (file: string): unknown => JSON.parse(readFileSync(path.join(ROOT, file), "utf8"));
const { packages } = read("package-lock.json") as { packages: Record<string, LockedPackage> };
const manifest = read("package.json") as {
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  optionalDependencies: Record<string, string>;
  allowScripts: Record<string, boolean>;
};
const workspace = read("prover/package.json") as Pick<
  typeof manifest,
  "dependencies" | "optionalDependencies"
>;
const installed = Object.entries(packages).filter(([place]) => place.includes("node_modules/"));
const nameOf = (place: string): string =>
  place.slice(place.lastIndexOf("node_modules/") + "node_modules/".length);

describe("package-lock.json", () => {
  it("names no host that packages come from", () => {
    for (const [place, { resolved, link }] of installed) {
      if (link !== true) expect(resolved, place).to.equal(undefined);
    }
  });

  it("has an entry for every optional package of every platform, so that npm ci works everywhere", () => {
    for (const [place, { optionalDependencies = {} }] of installed) {
      for (const name of Object.keys(optionalDependencies)) {
        const found = installed.some(([candidate]) => nameOf(candidate) === name);
        expect(found, `${name}, wanted by ${place}`).to.equal(true);
      }
    }
  });

  it("has the digest of every package but those of other platforms", () => {
    const without = installed.filter(([, { integrity, link }]) => integrity === undefined && link !== true);
    for (const [place, { optional, os, cpu }] of without) {
      expect(optional, place).to.equal(true);
      expect(os?.concat(cpu ?? []), place).to.have.length(2);
    }
  });

  it("decides for every package with an install script whether it may run", () => {
    const names = installed
      .filter(([, { hasInstallScript }]) => hasInstallScript)
      .map(([place]) => nameOf(place));
    expect(Object.keys(manifest.allowScripts).sort()).to.deep.equal([...new Set(names)].sort());
  });
});

describe("package.json", () => {
  it("pins every version exactly", () => {
    const all = [manifest.dependencies, manifest.devDependencies, manifest.optionalDependencies];
    for (const versions of [...all, workspace.dependencies, workspace.optionalDependencies]) {
      for (const [name, version] of Object.entries(versions))
        expect(version, name).to.match(/^\d+\.\d+\.\d+$/);
    }
  });

  it("keeps what does not install everywhere optional", () => {
    expect(manifest.optionalDependencies).to.have.property("node");
    expect(workspace.optionalDependencies).to.have.property("@tensorflow/tfjs-node");
  });
});
