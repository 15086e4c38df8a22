import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The folder of the project. */
export const project = resolve(import.meta.dirname, '../..');

/** A fenced block of a page: `` ```sh stays `` has the language `sh` and the word `stays`. */
export interface Block {
  readonly page: string;
  /** Of its first line of content, from 1. */
  readonly line: number;
  readonly language: string;
  /** What stands after the language: `key=value`, or a key alone with an empty value. */
  readonly words: ReadonlyMap<string, string>;
  readonly text: string;
}

/** Where a block stands, for the message of a failed check. */
export const placeOf = ({ page, line }: Block): string => `${page}:${line}`;

/** README.md, CONTRIBUTING.md and all of docs/. */
export function pages(): string[] {
  const guides = readdirSync(join(project, 'docs'), { recursive: true, encoding: 'utf8' });
  return [
    'README.md',
    'CONTRIBUTING.md',
    ...guides.filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`),
  ];
}

export const textOf = (page: string): string => readFileSync(join(project, page), 'utf8');

/** @throws Error for a fence that is not closed */
export function blocksOf(page: string): Block[] {
  const blocks: Block[] = [];
  let open: { line: number; indent: string; fence: string; info: string; content: string[] } | undefined;
  for (const [index, text] of textOf(page).split('\n').entries()) {
    const [, indent = '', fence = '', info = ''] = /^( *)(`{3,})(.*)$/.exec(text) ?? [];
    if (!open && fence) open = { line: index + 2, indent, fence, info: info.trim(), content: [] };
    else if (open && fence === open.fence && info === '') {
      const [language = '', ...words] = open.info.split(/\s+/);
      blocks.push({
        page,
        line: open.line,
        language,
        words: new Map(words.map((word) => [word.split('=')[0] ?? word, word.split('=').slice(1).join('=')])),
        text: open.content.map((line) => `${line}\n`).join(''),
      });
      open = undefined;
    } else open?.content.push(text.startsWith(open.indent) ? text.slice(open.indent.length) : text.trimStart());
  }
  if (open) throw new Error(`${page}:${open.line} is not closed`);
  return blocks;
}
