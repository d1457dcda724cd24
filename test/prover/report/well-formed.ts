/** HTML elements without an end tag. */
const VOID_ELEMENTS = new Set(["meta", "br"]);
const TAG = /<(\/?)([a-z][a-z0-9]*)((?:\s+[a-z][a-z0-9-]*="[^"<>]*")*)\s*(\/?)>/gi;

/**
 * What keeps a page from being well formed: tags that are not closed or closed out of order, attributes without
 * quotes, and stray angle brackets in its text. Empty for a sound page.
 */
export function malformations(page: string): string[] {
  const problems: string[] = [];
  const body = page.replace(/^<!doctype html>/, "").replace(/<style>[^<]*<\/style>/, "<style></style>");
  const open: string[] = [];
  for (const [, closing, name, , selfClosing] of body.matchAll(TAG)) {
    if (closing === "/") {
      const expected = open.pop();
      if (expected !== name) problems.push(`</${name!}> closes <${expected ?? "nothing"}>`);
    } else if (selfClosing !== "/" && !VOID_ELEMENTS.has(name!)) {
      open.push(name!);
    }
  }
  problems.push(...open.map((name) => `<${name}> is not closed`));
  const text = body.replace(TAG, "");
  const stray = /.{0,20}[<>].{0,20}/.exec(text);
  if (stray !== null) problems.push(`stray bracket: ${stray[0]}`);
  const bare = /.{0,20}&(?!amp;|lt;|gt;|quot;|#39;).{0,20}/.exec(text);
  if (bare !== null) problems.push(`bare ampersand: ${bare[0]}`);
  return problems;
}

/** The text of a page as a reader sees it, on one line. */
export function visibleText(page: string): string {
  return page
    .replace(/<style>[^<]*<\/style>/, "")
    .replace(/<[^>]*>/g, " ")
    .replace(/&lt;/g, "<")
    .replace(/&gt;/g, ">")
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&amp;/g, "&")
    .replace(/\s+/g, " ");
}
