/** What stands for a character that is not printed. */
const REPLACEMENT = "\uFFFD";

/**
 * Text without control characters, line ends included: what others wrote on the chain or in documents may hold sequences that
 * move a terminal's cursor or hide text.
 */
export function printable(text: string): string {
  return text.replace(/\p{C}/gu, REPLACEMENT);
}

/** As printable for text of several lines. */
export function printableLines(text: string): string {
  return text.replace(/[^\P{C}\n\t]/gu, REPLACEMENT);
}
