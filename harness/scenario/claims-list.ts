/** One row of CLAIMS.md: a sentence of an article, and the claims that test it or why none does. */
export interface Sentence {
  article: string;
  section: string;
  /** Line of the file, from 1. */
  line: number;
  says: string;
  /** Ids of the claims that test it; empty where none does, and where the row is in no form that is known. */
  claims: readonly string[];
  /** Why nothing tests it. */
  why?: string;
  /** Every id that the row names, those in its `why` too. */
  names: readonly string[];
}

const CLAIMS = /^`[a-z0-9-]+`(, `[a-z0-9-]+`)*$/;
const NOT_TESTABLE = /^not testable: (.+)$/;

/** Reads the tables of CLAIMS.md. An article's part begins with `## its-id`, a section of it with `### title`. */
export function parseClaimsList(text: string): Sentence[] {
  let article = '';
  let section = '';
  return text.split('\n').flatMap((row, index) => {
    const [, id] = /^## (\S+)/.exec(row) ?? [];
    if (id !== undefined) [article, section] = [id, ''];
    section = /^### (.+)/.exec(row)?.[1] ?? section;
    const isRule = /^\|[\s:|-]+\|$/.test(row);
    if (!row.startsWith('|') || isRule || row.startsWith('| what the article says |')) return [];
    const [, says = '', cell = ''] = /^\| (.+) \| (.+) \|$/.exec(row) ?? [];
    const names = [...cell.matchAll(/`([^`]*)`/g)].map(([, name = '']) => name);
    const why = NOT_TESTABLE.exec(cell)?.[1];
    const claims = CLAIMS.test(cell) ? names : [];
    return [{ article, section, line: index + 1, says, claims, ...(why === undefined ? {} : { why }), names }];
  });
}
