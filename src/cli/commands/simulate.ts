import { stringify } from 'yaml';
import { didYouMean, LabwireError, silentLogger } from '../../base/index.ts';
import { type Emulator, serveEmulator } from '../../port/index.ts';
import type { CliIo } from '../io.ts';
import { emulatedSections, emulators, siteCatalogue } from '../package.ts';
import { serialInWords } from './models.ts';

export interface SimulateOptions {
  /** Where a link to the pseudo-terminal is to be. */
  readonly pty?: string;
  readonly tcp?: number;
}

/** Puts an emulated instrument on a pseudo-terminal or a TCP port until Ctrl-C. */
export async function simulateCommand(model: string, options: SimulateOptions, io: CliIo): Promise<number> {
  const emulator: Emulator | undefined = Object.hasOwn(emulators, model) ? emulators[model] : undefined;
  if (!emulator) {
    const known = Object.keys(emulators).sort();
    const hint = didYouMean(model, known) || ` There are ${known.join(', ')}.`;
    throw new LabwireError('USAGE', `There is no emulator of "${model}".${hint}`);
  }
  const served = await serveEmulator(emulator, options.tcp === undefined ? { pty: options.pty } : { tcp: options.tcp });
  const stopped = io.untilStopped();
  const serial = siteCatalogue('.', silentLogger).get(model)?.serial ?? {};
  const port =
    options.tcp === undefined
      ? `{ path: ${options.pty ?? served.address} }`
      : `{ tcp: "${served.address.replace('tcp://', '')}" }`;
  io.print(`An emulated ${model} (${serialInWords(serial)}) is at ${options.pty ?? served.address}
In labwire.yaml:
  devices:
    ${model.replace(/[^a-z0-9]+/g, '_')}: { model: ${model}, port: ${port}${section(model)} }
Ctrl-C ends it.`);
  await stopped;
  await served.stop();
  return 0;
}

/** What the configuration has to say besides, where the model leaves it to that. */
function section(model: string): string {
  const said = emulatedSections[model];
  return said === undefined ? '' : `, ${model}: ${stringify(said, { collectionStyle: 'flow', lineWidth: 0 }).trim()}`;
}
