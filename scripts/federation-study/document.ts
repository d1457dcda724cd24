/** Where the study's tables lie in its documentation. */
import type { Tables } from "./tables.ts";

/** What stands between the marks of a table. */
const MARKED = /(<!-- study:([a-z]+) -->\n<!-- prettier-ignore -->\n)([\s\S]*?)(\n\n<!-- \/study -->)/g;

/** The document with these tables; throws unless it has a place for each and for no other. */
export function replaceTables(text: string, tables: Tables): string {
  const found = Object.keys(markedTables(text)).sort();
  const wanted = Object.keys(tables).sort();
  if (found.join() !== wanted.join()) {
    throw new Error(`the document has places for ${found.join(", ")}, the tables are ${wanted.join(", ")}`);
  }
  return text.replace(
    MARKED,
    (_, before: string, name: string, _old, after: string) => before + tables[name]! + after,
  );
}

/** The tables of a document by their names. */
export function markedTables(text: string): Tables {
  return Object.fromEntries([...text.matchAll(MARKED)].map(([, , name, table]) => [name!, table!]));
}
