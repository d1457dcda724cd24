/** Markup that may be put into a page as it is; everything else is escaped. */
export class Html {
  readonly markup: string;

  constructor(markup: string) {
    this.markup = markup;
  }
}

type Part = Html | string | number | readonly Html[];

/** Builds markup: strings and numbers put into it are escaped, markup and lists of markup are not. */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(texts.reduce((built, text, index) => built + insert(parts[index - 1]!) + text));
}

/** Text safe between tags and inside quoted attributes. */
export function escapeText(text: string): string {
  const ENTITIES: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}

function insert(part: Part): string {
  if (part instanceof Html) return part.markup;
  if (typeof part === "string" || typeof part === "number") return escapeText(String(part));
  return part.map(({ markup }) => markup).join("\n");
}
