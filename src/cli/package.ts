import { dirname, join, resolve } from 'node:path';
import { drivers, models } from '../../drivers/index.ts';
import { emulatedSections, emulators } from '../../mocks/index.ts';
import type { Logger } from '../base/index.ts';
import type { GatewayParts } from '../gateway/index.ts';
import { Catalogue } from '../instrument/index.ts';
import { loadUserDrivers, userModels } from './user-parts.ts';

/** What the package itself brings along. */
export { drivers, emulatedSections, emulators, models };

/** The folder of catalogue entries beside a configuration. */
export const MODELS_FOLDER = 'models.d';

/** What a gateway is composed of at a site: the package's own parts, and over them those beside the configuration. */
export async function siteParts(configurationFile: string, log: Logger): Promise<GatewayParts> {
  const own = await loadUserDrivers(beside(configurationFile, 'drivers.d'), log);
  return { drivers: { ...drivers, ...own }, models: modelFolders(configurationFile), emulators };
}

/** The package's catalogue, and over it that beside the configuration. */
export function siteCatalogue(configurationFile: string, log: Logger): Catalogue {
  const catalogue = new Catalogue();
  for (const folder of modelFolders(configurationFile)) catalogue.addFolder(folder, log);
  return catalogue;
}

function modelFolders(configurationFile: string): string[] {
  return [models, ...userModels(beside(configurationFile, MODELS_FOLDER))];
}

function beside(configurationFile: string, name: string): string {
  return join(dirname(resolve(configurationFile)), name);
}
