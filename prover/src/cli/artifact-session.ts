import type { ArtifactSources } from "../artifacts/fetch.ts";
import type { IpfsNode } from "../artifacts/ipfs-node.ts";
import { ArtifactError } from "../artifacts/artifact-error.ts";
import type { ZkpotConfig } from "../config.ts";

/** The artifacts of the working folder, and the IPFS node that the configuration names. */
export async function openArtifacts({ folder, ipfsRpcUrl }: ZkpotConfig): Promise<ArtifactSources> {
  const { ArtifactStore } = await import("../artifacts/store.ts");
  const store = new ArtifactStore(folder);
  if (ipfsRpcUrl === undefined) return { store, node: undefined };
  const { IpfsNode: Node } = await import("../artifacts/ipfs-node.ts");
  return { store, node: new Node(ipfsRpcUrl) };
}

/** The node, for commands that need one; throws ArtifactError `artifact.no-node`. */
export function requireNode({ node }: ArtifactSources): IpfsNode {
  if (node !== undefined) return node;
  throw new ArtifactError(
    "artifact.no-node",
    "no IPFS node is named",
    "Name the RPC interface of one: ipfsRpcUrl in zkpot.config.json, --ipfs-rpc or ZKPOT_IPFS_RPC_URL.",
  );
}
