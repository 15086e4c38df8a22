import { didYouMean, LabwireError } from '../../base/index.ts';
import { type Catalogue, type ChannelFacts, type Model, modelChannels } from '../../instrument/index.ts';
import type { CliIo } from '../io.ts';
import { createLogger } from '../log.ts';
import { siteCatalogue, siteParts } from '../package.ts';
import { table } from '../table.ts';

export interface ModelsOptions {
  readonly json?: boolean;
  /** Beside it lies `models.d`. */
  readonly config: string;
}

/** Prints the catalogue, or all that is known of one model. */
export async function modelsCommand(name: string | undefined, options: ModelsOptions, io: CliIo): Promise<number> {
  const log = createLogger({ pretty: io.terminal, env: io.env });
  const catalogue = siteCatalogue(options.config, log);
  if (name !== undefined) {
    const { drivers } = await siteParts(options.config, log);
    const model = modelNamed(name, catalogue);
    const channels = modelChannels(model, drivers[model.driver]);
    io.print(options.json ? JSON.stringify({ ...model, channels }, null, 2) : describe(model, channels));
    return 0;
  }
  const models = catalogue.ids.flatMap((id) => catalogue.get(id) ?? []);
  if (options.json) io.print(JSON.stringify(models, null, 2));
  else io.print(table(['ID', 'MANUFACTURER', 'MODEL', 'DRIVER'], models.map(row)));
  return 0;
}

const row = (model: Model): string[] => [model.id, model.manufacturer ?? '', model.model ?? '', model.driver];

export function modelNamed(name: string, catalogue: Catalogue): Model {
  const model = catalogue.get(name);
  if (model) return model;
  const hint = didYouMean(name, catalogue.ids) || ' `labwire models` lists them.';
  throw new LabwireError('USAGE', `There is no model "${name}".${hint}`);
}

function describe(model: Model, channels: Readonly<Record<string, ChannelFacts>>): string {
  const { serial = {}, source } = model;
  const channelRows = Object.entries(channels).map(([id, { unit, type, range, quantity, label }]) => [
    id,
    unit ?? '',
    type ?? 'number',
    range?.join(' … ') ?? '',
    label ?? quantity ?? '',
  ]);
  return [
    [model.id, model.manufacturer, model.model].filter(Boolean).join('  '),
    `driver   ${model.driver}`,
    `serial   ${serialInWords(serial)}`,
    ...(source === undefined ? [] : [`source   ${source}`]),
    '',
    channelRows.length === 0
      ? `Its channels are described in the configuration, under "${model.driver}".`
      : table(['CHANNEL', 'UNIT', 'TYPE', 'RANGE', 'WHAT'], channelRows),
  ].join('\n');
}

/** As it is written on instruments: `9600 baud, 7-O-1`. */
export function serialInWords(serial: NonNullable<Model['serial']>): string {
  const { baudRate = 9600, dataBits = 8, parity = 'none', stopBits = 1 } = serial;
  return `${baudRate} baud, ${dataBits}-${parity.charAt(0).toUpperCase()}-${stopBits}`;
}
