import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { isoTime } from '../../base/index.ts';
import type { EventPlace, EventQuery, History, HistoryQuery, Journal } from '../../journal/index.ts';
import { gone } from '../gone.ts';
import { missing } from './gateway-routes.ts';
import { routeSchema } from './json-schema.ts';
import { checkRange, readParameters, time, whole } from './query.ts';
import * as shapes from './shapes.ts';
import type { GatewayView } from './views.ts';

const MICROSECONDS = 1e6;
const DEFAULT_SPAN_US = 3600 * MICROSECONDS;
const MOST_POINTS = 10_000;
const MOST_EVENTS = 1_000;

const TIME = 'A time as 2026-11-24T03:40Z, or a duration as 2h, which is so long ago';

const historyQuery = z.strictObject({
  device: z.string().describe('Id of the device'),
  channel: z.string().describe('Id of the channel'),
  from: time.optional().describe(`${TIME}; default an hour before \`to\``),
  to: time.optional().describe(`${TIME}; exclusive, default now`),
  points: whole(2, MOST_POINTS).default(1000).describe('The most buckets that are wanted; default 1000'),
});

const eventsQuery = z.strictObject({
  from: time.optional().describe(`${TIME}; default all that is kept`),
  to: time.optional().describe(`${TIME}; exclusive, default now`),
  device: z.string().optional().describe('Only those of this device'),
  severity: shapes.severity.optional(),
  kind: z.string().optional().describe('E.g. `task`, `device`, `journal`, `write`'),
  limit: whole(1, MOST_EVENTS).default(100).describe('Of a page; default 100'),
  after: z
    .string()
    .regex(/^\d{1,16}-\d{1,16}$/, 'must be the `next` of a page before')
    .optional()
    .describe('The `next` of the page before'),
});

export interface RecordViews {
  readonly records: Pick<Journal, 'history' | 'events'>;
  /** Knows what the configuration has and the journal has not heard of yet. */
  readonly gateway?: GatewayView;
}

/** What the journal has: `/api/v1/history` and `/api/v1/events`. */
export async function recordRoutes(app: FastifyInstance, { records, gateway }: RecordViews): Promise<void> {
  const tags = ['records'];

  app.get('/api/v1/history', {
    config: { access: 'viewer' },
    schema: routeSchema({
      tags,
      summary: 'What a channel said: least, greatest and mean value per bucket of time',
      description:
        'The buckets are as short as `points` allows. One in which nothing was recorded is absent. Bad samples are left out, ' +
        'and counted. A device that went offline has left a bad sample, so that a gap begins with a bucket without a number, ' +
        'or lacks buckets. What was recorded within the last 50 ms may be missing.',
      query: historyQuery,
      answer: shapes.history,
      others: [400, 404, 503],
    }),
    handler: async (request, reply) => {
      const { device, channel, points, ...asked } = readParameters(historyQuery, request.query);
      const to = asked.to ?? Date.now() * 1000;
      const query = { device, channel, points, to, from: asked.from ?? Math.max(0, to - DEFAULT_SPAN_US) };
      checkRange(query);
      const history = await records.history(query, gone(reply));
      if (!history.known && !isConfigured(query, gateway)) return nothingKnown(query, gateway);
      return historyAnswer(query, history);
    },
  });

  app.get('/api/v1/events', {
    config: { access: 'viewer' },
    schema: routeSchema({
      tags,
      summary: 'What happened, newest first',
      query: eventsQuery,
      answer: shapes.events,
      others: [400, 503],
    }),
    handler: async (request, reply) => {
      const { kind, severity, device, limit, after, ...asked } = readParameters(eventsQuery, request.query);
      const range = { from: asked.from ?? 0, to: asked.to ?? Number.MAX_SAFE_INTEGER };
      checkRange(range);
      const query: EventQuery = {
        ...range,
        limit,
        ...(device !== undefined && { device }),
        ...(severity !== undefined && { severity }),
        ...(kind !== undefined && { eventKind: kind }),
        ...(after !== undefined && { after: placeOf(after) }),
      };
      const page = await records.events(query, gone(reply));
      return {
        events: page.events.map(({ time: at, severity: how, device: of, eventKind, code, title, text }) => ({
          ...{ time: isoTime(at), severity: how, kind: eventKind, code, title, text },
          ...(of !== undefined && { device: of }),
        })),
        ...(page.next && { next: `${page.next.time}-${page.next.sequence}` }),
      };
    },
  });
}

function placeOf(after: string): EventPlace {
  const [at = 0, sequence = 0] = after.split('-').map(Number);
  return { time: at, sequence };
}

function isConfigured({ device, channel }: HistoryQuery, gateway: GatewayView | undefined): boolean {
  const channels = gateway?.device(device)?.channels;
  return channels !== undefined && Object.hasOwn(channels, channel);
}

function nothingKnown({ device, channel }: HistoryQuery, gateway: GatewayView | undefined): never {
  const channels = gateway?.device(device)?.channels;
  if (!channels) return missing('device', device, gateway?.deviceIds() ?? []);
  return missing(`channel of ${device}`, channel, Object.keys(channels));
}

function historyAnswer({ device, channel, from, to }: HistoryQuery, { unit, interval, buckets }: History): object {
  return {
    device,
    channel,
    ...(unit !== undefined && { unit }),
    from: isoTime(from),
    to: isoTime(to),
    interval: interval / MICROSECONDS,
    buckets: buckets.map(({ time: at, min, max, mean, count, uncertain, bad }) => ({
      ...{ time: isoTime(at), min, max, mean, count, uncertain, bad },
    })),
  };
}
