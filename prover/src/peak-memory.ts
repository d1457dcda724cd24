import { readFileSync } from "node:fs";

/**
 * The most memory that this process has held at a time, in bytes.
 *
 * Linux counts the memory of the parent at the start of a process in `maxRSS`, so its own high-water mark is read there.
 */
export function peakMemoryBytes(): number {
  const kilobytes =
    process.platform === "linux"
      ? /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1]
      : undefined;
  return 1024 * (kilobytes === undefined ? process.resourceUsage().maxRSS : Number(kilobytes));
}
