import { z } from 'zod';

/** The answers of labwire's own routes: what they hold, and what the document says of them. */

const scalar = z.union([z.number(), z.string(), z.boolean()]);
const timeText = z.string().describe('ISO 8601, UTC, with µs: 2026-11-24T03:40:00.123456Z');
const when = timeText.nullable();
const code = z.string().nullable();
const counts = z.record(z.string(), z.int());

const journalState = z.object({
  state: z.enum(['ok', 'degraded']),
  code: z.string().optional(),
  message: z.string().optional(),
  since: timeText.optional(),
});

const channel = z.object({
  label: z.string().optional(),
  type: z.enum(['number', 'integer', 'boolean', 'text', 'enum']),
  kind: z.enum(['measurement', 'total', 'total_increasing']),
  unit: z.string().optional(),
  quantity: z.string().optional(),
  range: z.array(z.number()).length(2).optional().describe('What the sensor can measure, in its unit'),
  resolution: z.number().optional(),
  options: z.array(z.string()).optional().describe('The words of an enum'),
  writable: z.boolean(),
  value: scalar.nullable().describe('Null while there is none, and of bad quality'),
  quality: z.enum(['good', 'uncertain', 'bad']).nullable().describe('Null while it has said nothing'),
  reason: z.string().optional().describe('Why the quality is not good'),
  time: when.describe('Of the value; null while it has said nothing'),
});

const health = z.object({
  state: z.enum(['disabled', 'connecting', 'online', 'degraded', 'failed']),
  code,
  message: z.string().nullable(),
  since: timeText,
  lastSample: when,
  dropped: counts.describe('Rejected frames, by the reason'),
});

const deviceInfo = z.object({
  manufacturer: z.string().optional(),
  model: z.string(),
  modelId: z.string().describe('In the catalogue'),
  label: z.string().optional(),
  serialNumber: z.string().optional(),
  firmware: z.string().optional(),
  port: z.string().describe('In words'),
  address: scalar.optional().describe('On a line that devices share'),
  simulated: z.boolean(),
  connection: counts.describe('Counts of its port and link'),
});

export const deviceSummary = z.object({
  id: z.string(),
  status: z.enum(['online', 'offline']),
  health,
  info: deviceInfo,
  channels: z.record(z.string(), channel),
});

const setting = z.object({
  value: scalar,
  type: z.enum(['number', 'integer', 'boolean', 'text', 'enum']),
  unit: z.string().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  options: z.array(scalar).optional(),
  doc: z.string(),
  writable: z.boolean(),
});

const task = z.looseObject({
  state: z.enum(['inactive', 'activating', 'active', 'deactivating', 'auto-restart', 'failed']),
  status: z.enum(['RUNNING', 'NOT_RUNNING']),
  restarts: z.int(),
});

const command = z.object({
  doc: z.string(),
  tier: z.enum(['safe', 'stateful', 'destructive']),
  parameters: z.record(
    z.string(),
    z.object({
      type: z.enum(['number', 'integer', 'boolean', 'text', 'enum']),
      unit: z.string().optional(),
      minimum: z.number().optional(),
      maximum: z.number().optional(),
      options: z.array(z.string()).readonly().optional(),
      default: scalar.optional(),
      doc: z.string().optional(),
    }),
  ),
});

export const device = deviceSummary.extend({
  settings: z.record(z.string(), setting),
  tasks: z.record(z.string(), task),
  commands: z.record(z.string(), command),
});

export const devices = z.object({ devices: z.array(deviceSummary) });

export const ports = z.object({
  ports: z
    .array(
      z.object({
        path: z.string(),
        byId: z.string().optional().describe('The lasting name of the adapter'),
        byPath: z.string().optional().describe('The lasting name of the socket'),
        vendorId: z.string().optional(),
        productId: z.string().optional(),
        serialNumber: z.string().optional(),
        manufacturer: z.string().optional(),
        product: z.string().optional(),
        interface: z.string().optional(),
        location: z.string().optional(),
        usedBy: z.array(z.string()).describe('Ids of devices and of shared lines'),
      }),
    )
    .describe('The serial ports of this machine'),
  missing: z
    .array(z.object({ usedBy: z.string(), port: z.string(), code: z.string(), message: z.string() }))
    .describe('Configured, but not found'),
});

export const modelSummary = z.object({
  id: z.string(),
  manufacturer: z.string().optional(),
  model: z.string().optional(),
  driver: z.string(),
});
export const models = z.object({ models: z.array(modelSummary) });
export const model = z.looseObject({
  ...modelSummary.shape,
  channels: z.record(z.string(), z.looseObject({})).describe('By the ids that the driver gives them'),
  source: z.string().optional().describe('Where the facts are from'),
});

export const history = z.object({
  device: z.string(),
  channel: z.string(),
  unit: z.string().optional(),
  from: timeText,
  to: timeText,
  interval: z.number().describe('Length of a bucket, s'),
  buckets: z
    .array(
      z.object({
        time: timeText.describe('Where the bucket begins: a multiple of the interval'),
        min: z.number().nullable(),
        max: z.number().nullable(),
        mean: z.number().nullable(),
        count: z.int().describe('Numbers of good or uncertain quality; true and false are 1 and 0, words are none'),
        uncertain: z.int().describe('How many of them are uncertain'),
        bad: z.int().describe('How often there was no value; these are left out of all other figures'),
      }),
    )
    .describe('Those in which anything was recorded; one without a number was bad all the time'),
});

export const severity = z.enum(['info', 'warning', 'error']);
export const events = z.object({
  events: z
    .array(
      z.object({
        time: timeText,
        severity,
        device: z.string().optional().describe('Absent where it concerns the gateway itself'),
        kind: z.string(),
        code: z.string(),
        title: z.string(),
        text: z.string(),
      }),
    )
    .describe('Newest first'),
  next: z.string().optional().describe('Where older ones go on, for `after`; absent where there are none'),
});

const sink = z.object({
  name: z.string(),
  connected: z.boolean(),
  lag: z.int().describe('Records that it has not got yet'),
  lagSeconds: z.number().describe('Age of the oldest of them, s'),
  rate: z.number().describe('Delivered records per second, over about 10 s'),
  delivered: z.int(),
  retries: z.int(),
  dropped: z.int().describe('Records that it will never get'),
  deadLetters: z.object({
    count: z.int(),
    last: z.array(z.object({ time: timeText, reason: z.string(), text: z.string() })),
  }),
  lastError: z.string().nullable(),
});
export const sinks = z.object({ sinks: z.array(sink) });

export const info = z.object({
  gateway: z.string(),
  version: z.string(),
  startedAt: timeText,
  time: timeText.describe('Now, by the clock of the gateway'),
  tags: z.record(z.string(), z.string()),
  devices: z.array(z.string()),
  journal: journalState,
});

export const readiness = z.object({
  ready: z.boolean(),
  reasons: z.array(z.string()).describe('Why it is not ready'),
});

export const aliveness = z.looseObject({ ok: z.boolean() });
