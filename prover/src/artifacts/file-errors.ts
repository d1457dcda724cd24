import { ArtifactError } from "./artifact-error.ts";

/** The error for a file that cannot be read. */
export function unreadable(file: string, cause: unknown): ArtifactError {
  const code = systemCode(cause);
  const problem = code === "ENOENT" ? "there is no such file" : code;
  return new ArtifactError(
    "artifact.unreadable",
    `cannot read ${file}: ${problem}`,
    "Name an existing file that you may read.",
    { file, problem },
    { cause },
  );
}

/** The error for a file that cannot be written. */
export function notWritten(file: string, cause: unknown): ArtifactError {
  const problem = systemCode(cause);
  return new ArtifactError(
    "artifact.not-written",
    `cannot write ${file}: ${problem}`,
    "Make room on the disk or choose a folder that you may write to; nothing was left half written.",
    { file, problem },
    { cause },
  );
}

/** The code of a failed system call, e.g. `ENOSPC`, or the message of what was thrown instead. */
export function systemCode(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return (cause as NodeJS.ErrnoException).code ?? cause.message;
}
