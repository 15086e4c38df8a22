import { get, type IncomingMessage } from 'node:http';
import { z } from 'zod';
import { LabwireError, toError } from '../base/index.ts';
import type { LineSettings, TrafficEntry } from '../port/index.ts';
import { visibleWords } from './traffic-text.ts';

/** What a gateway says of a port before its traffic. */
export interface PortFacts {
  readonly port: string;
  readonly state: string;
  readonly serial: LineSettings;
}

export interface TrafficListener {
  facts(facts: PortFacts): void;
  entry(entry: TrafficEntry): void;
}

/** How a connection ended: the gateway is not there, it has no such port, or it ended what it had begun. */
export interface FollowEnd {
  readonly end: 'unreachable' | 'unknown' | 'over';
  /** Why, in words. */
  readonly reason: string;
}

const ANSWER_LIMIT_MS = 3_000;
/** Characters of one line, or of an answer that is an error. */
const LONGEST = 256 * 1024;

const portFacts = z.object({
  port: z.string(),
  state: z.string(),
  serial: z
    .object({
      baudRate: z.number(),
      dataBits: z.union([z.literal(5), z.literal(6), z.literal(7), z.literal(8)]),
      parity: z.enum(['none', 'even', 'odd', 'mark', 'space']),
      stopBits: z.union([z.literal(1), z.literal(1.5), z.literal(2)]),
    })
    .partial()
    .default({}),
});

const trafficEntry = z.object({
  sequence: z.number(),
  at: z.iso.datetime(),
  kind: z.enum(['sent', 'received', 'discarded', 'frame', 'dropped', 'error', 'state']),
  hex: z.hex().optional(),
  text: z.string().optional(),
});

/**
 * Tells what a gateway knows of a port's traffic, and what comes, until the port is given up, the gateway goes, or the
 * signal ends it.
 *
 * @param url of the gateway, e.g. `http://127.0.0.1:8001`
 * @throws LabwireError GATEWAY_REFUSED: it answers, but not this; or it is no gateway
 */
export async function followGateway(
  url: string,
  port: string,
  listener: TrafficListener,
  signal: AbortSignal,
): Promise<FollowEnd> {
  const target = new URL(`/api/v1/ports/${encodeURIComponent(port)}/traffic`, url);
  let response: IncomingMessage;
  try {
    response = await ask(target, signal);
  } catch (error) {
    return { end: 'unreachable', reason: toError(error).message };
  }
  if (response.statusCode !== 200) return refusal(url, response);
  let told = false;
  try {
    for await (const line of jsonLines(response, url)) {
      if (told) listener.entry(entryOf(parsed(trafficEntry, line, url)));
      else listener.facts(parsed(portFacts, line, url) as PortFacts);
      told = true;
    }
    return { end: 'over', reason: 'its gateway has nothing more to say of it' };
  } finally {
    response.destroy();
  }
}

function ask(target: URL, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = get(target, { signal, agent: false, headers: { accept: 'application/x-ndjson' } });
    const limit = setTimeout(
      () => request.destroy(new Error(`no answer within ${ANSWER_LIMIT_MS / 1000} s`)),
      ANSWER_LIMIT_MS,
    );
    // For good: what befalls the connection later is told by the response.
    request.on('error', (error) => {
      clearTimeout(limit);
      reject(error);
    });
    request.on('response', (response) => {
      clearTimeout(limit);
      resolve(response);
    });
  });
}

async function refusal(url: string, response: IncomingMessage): Promise<FollowEnd> {
  const limit = setTimeout(() => response.destroy(), ANSWER_LIMIT_MS);
  try {
    const { value } = await jsonLines(response, url).next();
    const reason = visibleWords(parsed(z.object({ error: z.string() }), value, url).error);
    if (response.statusCode === 404) return { end: 'unknown', reason };
    throw new LabwireError('GATEWAY_REFUSED', `The gateway at ${url} says: ${reason}`);
  } finally {
    clearTimeout(limit);
    response.destroy();
  }
}

/** Ends with the connection, however that ends. */
async function* jsonLines(response: IncomingMessage, url: string): AsyncGenerator<unknown> {
  let rest = '';
  try {
    for await (const chunk of response.setEncoding('utf8')) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > LONGEST) throw new SyntaxError('a line is too long');
      for (const line of lines) yield JSON.parse(line);
    }
  } catch (error) {
    if (error instanceof SyntaxError) throw notAGateway(url, 'it does not answer in lines of JSON');
  }
}

function parsed<T>(schema: z.ZodType<T>, value: unknown, url: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw notAGateway(url, 'its answer is not as expected');
}

function notAGateway(url: string, why: string): LabwireError {
  return new LabwireError('GATEWAY_REFUSED', `What listens at ${url} is no gateway of labwire of this version: ${why}`);
}

function entryOf({ sequence, at, kind, hex, text }: z.output<typeof trafficEntry>): TrafficEntry {
  // A Date has whole milliseconds; the rest is the last three digits.
  const microseconds = Date.parse(`${at.slice(0, 23)}Z`) * 1000 + Number(at.slice(23, 26));
  const bytes = hex === undefined ? {} : { bytes: Buffer.from(hex, 'hex') };
  return { sequence, at: microseconds, kind, ...bytes, ...(text !== undefined && { text }) };
}
