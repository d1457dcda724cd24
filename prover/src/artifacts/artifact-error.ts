import { ProverError } from "../errors.ts";

/** An artifact that cannot be named, found, trusted or kept; codes start with `artifact.`. */
export class ArtifactError extends ProverError {}
