import { hostname } from 'node:os';
import { z } from 'zod';
import { schemaParts } from '../instrument/index.ts';
import { mqtt } from './mqtt-schema.ts';
import { line, port, sharedPort } from './port-schema.ts';
import { server } from './server-schema.ts';
import { files, influx, oneOrMore, repeatedNames } from './sink-schema.ts';

const RESERVED_DEVICES = ['status', 'info', 'events', 'sinks'];
const OWN_TAGS = ['gateway', 'device', 'model', 'simulated', 'time'];
const OWN_MEASUREMENTS = ['labwire_events', 'labwire_channels', 'labwire_devices', 'labwire_tasks', 'labwire_sinks'];

const reserved = (words: readonly string[]): string => `is reserved (${words.join(', ')}); choose another`;

const deviceId = schemaParts.id.refine((text) => !RESERVED_DEVICES.includes(text), reserved(RESERVED_DEVICES));

/** A channel's id is also the name of a database field, and beside it stand those of its quality. */
export const channelId = schemaParts.id.refine(
  (text) => text !== 'time' && !/_(quality|reason)$/.test(text),
  'is reserved (time, and all that ends in _quality or _reason); choose another',
);

const tagName = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_-]{0,62}$/, 'must be a letter followed by letters, digits, _ or - (63 at most)')
  .refine((text) => !OWN_TAGS.includes(text), reserved(OWN_TAGS));

const tags = z.record(tagName, line(200)).describe('Free tags of every InfluxDB point; a number needs quotes.');

const channel = schemaParts.channelFacts
  .extend({
    name: channelId.optional().describe("The channel's id at this site."),
    scale: z
      .number()
      .refine((factor) => factor !== 0, 'must not be 0')
      .optional()
      .describe('Published = measured · scale + offset; default 1.'),
    offset: z.number().optional().describe('In the unit of the channel; default 0.'),
  })
  .describe('What differs from the catalogue at this site.');

const portName = z
  .string()
  .regex(schemaParts.ID_PATTERN, 'must be the name of one of "ports", or a mapping such as { path: /dev/ttyUSB0 }');

const deviceShape = {
  model: schemaParts.modelId.describe('Catalogue id of the model: see labwire models.'),
  label: line(200).optional().describe('For people.'),
  port: z
    .union([portName, port])
    .describe('Where the instrument is connected; or the name of one of `ports`, if it shares a line.'),
  address: schemaParts.address.optional(),
  interval: schemaParts.positiveDuration
    .optional()
    .describe('Time between two polls; of an instrument that talks by itself, at most one sample in this time.'),
  settings: schemaParts.settingValues.optional().describe('Written to the instrument at each connect.'),
  channels: z
    .record(channelId, z.union([z.literal(false), channel]))
    .optional()
    .describe("Changes by the model's channel ids; false switches a channel off."),
  publish: z
    .strictObject({
      deadband: z
        .record(channelId, z.number().min(0))
        .describe('By channel id of this site, in its unit: a message only for a change of more than this.'),
      maxInterval: schemaParts.positiveDuration.describe(
        'Longest time between two messages of such a channel, changed or not.',
      ),
    })
    .optional()
    .describe('Thins the messages on MQTT; the journal and the databases get everything.'),
  tasks: schemaParts.taskOptions.optional(),
  tags: tags.optional(),
  measurement: line(200)
    .refine((text) => !OWN_MEASUREMENTS.includes(text), reserved(OWN_MEASUREMENTS))
    .refine((text) => !text.startsWith('#'), 'must not begin with #, which InfluxDB takes for a comment')
    .optional()
    .describe('InfluxDB measurement, where it is not to be the default.'),
  serial: schemaParts.serialSettings.optional(),
  framing: schemaParts.framing.optional(),
  timing: schemaParts.timing.optional(),
};
const deviceSchema = z.strictObject(deviceShape);

const gateway = z
  .strictObject({
    id: schemaParts.id
      .optional()
      .transform((given) => given ?? defaultGatewayId(hostname()))
      .describe('Default: the host name made to fit.'),
    tags: tags.prefault({}),
    readOnly: z
      .boolean()
      .default(false)
      .describe('Refuse every write, by whatever way and whoever asks. Default false.'),
  })
  .describe('This gateway as a whole.');

const SMALLEST_JOURNAL = 10_000_000;
const journal = z
  .strictObject({
    path: line(4096).optional().describe('The file, relative to this one; default ./labwire-data/journal.db.'),
    maxSize: schemaParts.size
      .refine((bytes) => bytes >= SMALLEST_JOURNAL, 'must be at least 10MB')
      .prefault('2GB')
      .describe('Of the file; beyond it the oldest records are discarded, delivered or not. Default 2GB.'),
    maxAge: schemaParts.positiveDuration
      .prefault('30d')
      .describe('Older records are discarded, delivered or not. Default 30d.'),
  })
  .describe('What was recorded, on disk, until every broker and database has it.');

const shape = {
  gateway: gateway.prefault({}),
  mqtt: oneOrMore(mqtt).optional(),
  influx: oneOrMore(influx).optional(),
  files: oneOrMore(files).optional(),
  journal: journal.prefault({}),
  server: server.prefault({}),
  ports: z.record(schemaParts.id, sharedPort).default({}).describe('Ports that several devices share.'),
};
const devices = <T extends z.ZodType>(device: T) =>
  z.record(deviceId, device).default({}).describe('The instruments, by ids of your own choice.');
const baseSchema = z.strictObject({ ...shape, devices: devices(deviceSchema) });

/** A checked configuration: defaults filled in, every duration in seconds. It is a valid input again. */
export type Configuration = z.output<typeof baseSchema>;
export type DeviceConfiguration = Configuration['devices'][string];

/** A device as it is written: beside the fixed keys it may have the section named as its model's driver. */
export type DeviceInput = z.input<typeof deviceSchema> & { readonly [driverSection: string]: unknown };
/** A configuration as it is written. */
export type ConfigurationInput = Omit<z.input<typeof baseSchema>, 'devices'> & {
  readonly devices?: { readonly [id: string]: DeviceInput };
};

/**
 * The schema of a configuration.
 *
 * @param sections the names of the drivers, each of which a device may have as a key. What stands there passes as it
 *   is: only the device's own driver can judge it.
 */
export function configSchema(sections: Iterable<string>): z.ZodType<Configuration> {
  return configSchemaWith(Object.fromEntries([...sections].map((name) => [name, z.unknown()])));
}

/** As `configSchema`, with a schema for each driver's section: for editors, which know nothing of models. */
export function configSchemaWith(sections: Readonly<Record<string, z.ZodType>>): z.ZodType<Configuration> {
  const own = Object.entries(sections).filter(([name]) => !(name in deviceShape));
  const extension: object = Object.fromEntries(own.map(([name, section]) => [name, section.optional()]));
  const device = z.strictObject({ ...deviceShape, ...extension });
  const whole = z.strictObject({ ...shape, devices: devices(device) });
  return whole.superRefine((configuration, context) => {
    for (const path of repeatedNames(configuration))
      context.addIssue({ code: 'custom', path, message: 'is also the name of another sink; choose another' });
  });
}

/** A device's section for its driver, as it was written; undefined where there is none. */
export function driverSection(device: DeviceConfiguration, driver: string): unknown {
  return driver in deviceShape ? undefined : Reflect.get(device, driver);
}

/** A host name made to fit the pattern of ids; `gateway` where nothing of it does. */
export function defaultGatewayId(host: string): string {
  const fitting = host
    .toLowerCase()
    .replace(/\..*$/, '')
    .replace(/[^a-z0-9_]+/g, '_')
    .replace(/^[^a-z]+/, '')
    .replace(/_+$/, '');
  return fitting.slice(0, 63) || 'gateway';
}
