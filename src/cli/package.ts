import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { drivers, models } from '../../drivers/index.ts';
import { emulators } from '../../mocks/index.ts';
import type { Logger } from '../base/index.ts';
import type { GatewayParts } from '../gateway/index.ts';
import { Catalogue } from '../instrument/index.ts';
import { loadUserDrivers } from './user-drivers.ts';

export { version } from '../gateway/index.ts';
/** What the package itself brings along. */
export { drivers, emulators, models };

/** What a gateway is composed of at a site: the package's own parts, and those beside the configuration over them. */
export async function siteParts(configurationFile: string, log: Logger): Promise<GatewayParts> {
  const own = await loadUserDrivers(besides(configurationFile, 'drivers.d'), log);
  return { drivers: { ...drivers, ...own }, models: modelFolders(configurationFile), emulators };
}

/** The package's catalogue and that beside the configuration. */
export function siteCatalogue(configurationFile: string, log: Logger): Catalogue {
  const catalogue = new Catalogue();
  for (const folder of modelFolders(configurationFile)) catalogue.addFolder(folder, log);
  return catalogue;
}

function modelFolders(configurationFile: string): string[] {
  const own = besides(configurationFile, 'models.d');
  return existsSync(own) ? [models, own] : [models];
}

function besides(configurationFile: string, name: string): string {
  return join(dirname(resolve(configurationFile)), name);
}
