/** A process that stores a file: `node put-process.ts <working folder> <file>`; prints the CID. */
import { ArtifactStore } from "../../../../prover/src/artifacts/store.ts";

const [folder, file] = process.argv.slice(2);
const { cid } = await new ArtifactStore(folder!).putFile(file!);
process.stdout.write(cid);
