import { dirname, join, resolve } from 'node:path';
import type { Logger } from '../base/index.ts';
import { type Configuration, type LocatedIssue, loadConfiguration } from '../config/index.ts';
import { checkConfiguration, type GatewayParts } from '../gateway/index.ts';
import { siteCatalogue } from './package.ts';

/** What the configuration of a site, and the catalogue beside it, say now. */
export interface SiteReading {
  /** With the catalogue as it was read. */
  readonly parts: GatewayParts;
  /** Absent where there is an error. */
  readonly configuration?: Configuration;
  /** Everything that is wrong, by position; warnings too. */
  readonly issues: readonly LocatedIssue[];
  /** Files of the configuration without a byte in them. */
  readonly empty: readonly string[];
}

/** Reads and checks a configuration: the file itself, and then each device with its model, driver and tasks. */
export function readSite(file: string, given: GatewayParts, log: Logger): SiteReading {
  const { configuration, sound, issues, empty, withFurther, concealed } = loadConfiguration(file, {
    sections: Object.keys(given.drivers),
  });
  const parts = { ...given, models: siteCatalogue(file, log) };
  const all = sound ? withFurther(checkConfiguration(sound, parts, log, concealed)) : issues;
  const usable = configuration && !all.some(({ severity }) => severity === 'error');
  return { parts, issues: all, empty, ...(usable && { configuration }) };
}

/** Where a site has its journal: relative to its configuration. */
export function journalFileOf(file: string, { journal }: Configuration): string {
  return resolve(dirname(resolve(file)), journal.path ?? join('labwire-data', 'journal.db'));
}

/** Settings that were changed at run time lie beside the journal. */
export function stateFileOf(file: string, configuration: Configuration): string {
  return join(dirname(journalFileOf(file, configuration)), 'state.json');
}

/** So do the access tokens, unless the configuration says otherwise. */
export function tokenFileOf(file: string, configuration: Configuration): string {
  return configuration.server.tokens ?? join(dirname(journalFileOf(file, configuration)), 'tokens.json');
}
