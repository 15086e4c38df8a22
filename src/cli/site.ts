import { dirname, join, resolve } from 'node:path';
import type { Logger } from '../base/index.ts';
import { type Configuration, type LocatedIssue, loadConfiguration } from '../config/index.ts';
import { checkConfiguration, type GatewayParts } from '../gateway/index.ts';
import { packageParts } from './package-parts.ts';
import { loadUserDrivers, userModels } from './user-parts.ts';

/** A place where labwire runs: a configuration file and what lies beside it. */
export interface Site {
  readonly file: string;
  readonly parts: GatewayParts;
}

/** What the configuration of a site says now. */
export interface SiteReading {
  /** Absent where there is an error. */
  readonly configuration?: Configuration;
  /** Everything that is wrong, by position; warnings too. */
  readonly issues: readonly LocatedIssue[];
}

/** The package's drivers, models and emulators with the site's own `drivers.d` and `models.d` over them. */
export async function openSite(file: string, log: Logger): Promise<Site> {
  const folder = dirname(resolve(file));
  return {
    file,
    parts: {
      ...packageParts,
      drivers: { ...packageParts.drivers, ...(await loadUserDrivers(join(folder, 'drivers.d'), log)) },
      models: [...packageParts.models, ...userModels(join(folder, 'models.d'))],
    },
  };
}

/** Reads and checks the configuration: the file itself, and then each device with its model, driver and tasks. */
export function readSite({ file, parts }: Site, log: Logger): SiteReading {
  const loaded = loadConfiguration(file, { sections: Object.keys(parts.drivers) });
  const deeper = loaded.sound ? checkConfiguration(loaded.sound, parts, log) : [];
  const issues = loaded.merge(deeper);
  const usable = loaded.configuration && !issues.some(({ severity }) => severity === 'error');
  return { issues, ...(usable && loaded.configuration && { configuration: loaded.configuration }) };
}

/** Settings that were changed at run time lie beside the journal. */
export function stateFileOf(site: Site): string {
  return join(dirname(resolve(site.file)), 'labwire-data', 'state.json');
}
