import { existsSync, readdirSync } from 'node:fs';
import { register } from 'node:module';
import { extname, join, parse } from 'node:path';
import { pathToFileURL } from 'node:url';
import { LabwireError, type Logger, toError } from '../base/index.ts';
import { Instrument, type InstrumentClass } from '../instrument/index.ts';

/** Longest time that a driver file may take to load, in ms. */
const LOAD_LIMIT_MS = 10_000;

/**
 * Loads every `*.js` and `*.ts` of a folder as a driver of the file's name: its default export, or the one exported class
 * that extends `Instrument`. A faulty file is named in the log and left out; a folder that is not there has none.
 *
 * @param stripsTypes whether this Node runs TypeScript
 */
export async function loadUserDrivers(
  folder: string,
  log: Logger,
  stripsTypes = 'typescript' in process.features && Boolean(process.features.typescript),
): Promise<Record<string, InstrumentClass>> {
  const drivers: Record<string, InstrumentClass> = {};
  const faulty = (file: string, message: string): void =>
    log.error({ file }, new LabwireError('DRIVER_INVALID', message).message);
  for (const file of driverFiles(folder, faulty)) {
    try {
      if (extname(file) === '.ts' && !stripsTypes) throw new Error(NEEDS_NODE);
      drivers[parse(file).name] = instrumentClass(await load(join(folder, file)));
    } catch (error) {
      faulty(file, `The driver ${join(folder, file)} is left out: ${toError(error).message}`);
    }
  }
  return drivers;
}

/** A folder of catalogue entries, where it is there. */
export function userModels(folder: string): string[] {
  return existsSync(folder) ? [folder] : [];
}

const NEEDS_NODE = `a driver in TypeScript needs Node 22.18 or newer, and this is ${process.version}; compile it to a .js file, or update Node`;

function driverFiles(folder: string, faulty: (file: string, message: string) => void): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => /^[^.].*(?<!\.d)\.(js|ts)$/.test(name))
      .sort();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') faulty(folder, `The folder of drivers ${folder} cannot be read: ${toError(error).message}`);
    return [];
  }
}

async function load(file: string): Promise<Record<string, unknown>> {
  resolveOwnName();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it has not loaded within ${LOAD_LIMIT_MS / 1000} s`)), LOAD_LIMIT_MS);
  });
  try {
    return await Promise.race([import(pathToFileURL(file).href), late]);
  } finally {
    clearTimeout(timer);
  }
}

function instrumentClass(exported: Record<string, unknown>): InstrumentClass {
  const isInstrument = (value: unknown): value is InstrumentClass =>
    typeof value === 'function' && value.prototype instanceof Instrument;
  if (isInstrument(exported.default)) return exported.default;
  const found = [...new Set(Object.values(exported).filter(isInstrument))];
  if (found.length > 1) throw new Error('it exports several instrument classes; make one of them its default export');
  if (!found[0]) throw new Error("it exports no class that extends labwire's Instrument");
  return found[0];
}

let resolving = false;

/**
 * `labwire` in a user's file means this very package, wherever the file lies and whatever is installed beside it: a
 * second copy would bring a second `Instrument`.
 */
function resolveOwnName(): void {
  if (resolving) return;
  resolving = true;
  const extension = extname(import.meta.url);
  const urls = Object.fromEntries(
    Object.entries({
      labwire: '../index',
      'labwire/drivers': '../../drivers/index',
      'labwire/mocks': '../../mocks/index',
    }).map(([name, path]) => [name, new URL(path + extension, import.meta.url).href]),
  );
  const hook = `const urls = ${JSON.stringify(urls)};
export const resolve = (name, context, next) =>
  Object.hasOwn(urls, name) ? { url: urls[name], shortCircuit: true } : next(name, context);`;
  register(`data:text/javascript,${encodeURIComponent(hook)}`);
}
