import { readFile } from 'node:fs/promises';
import { transform } from '@swc/core';

/** Of the project alone: whether a user's TypeScript loads is up to the Node that runs it. */
const PROJECT = new URL('../src/', import.meta.url).href;

export async function load(url, context, next) {
  if (!url.startsWith(PROJECT) || !url.endsWith('.ts')) return next(url, context);
  const { code } = await transform(await readFile(new URL(url), 'utf8'), {
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    module: { type: 'es6' },
    sourceMaps: 'inline',
  });
  return { format: 'module', source: code, shortCircuit: true };
}
