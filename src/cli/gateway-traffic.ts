import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { LabwireError, toError } from '../base/index.ts';
import type { LineSettings, TrafficEntry } from '../port/index.ts';
import { advised } from './gateway-access.ts';
import { askRoute, whyUnreachable } from './gateway-http.ts';
import { visibleWords } from './terminal-text.ts';

/** What a gateway says of a port before its traffic. */
export interface PortFacts {
  readonly port: string;
  readonly state: string;
  readonly serial: LineSettings;
  /** What the sequences of its entries belong to: another one begins anew. */
  readonly ring: string;
}

export interface TrafficListener {
  facts(facts: PortFacts): void;
  entry(entry: TrafficEntry): void;
}

/** How a connection ended: no gateway is there, it has no such port, or it ended what it had begun. */
export interface FollowEnd {
  readonly end: 'unreachable' | 'unknown' | 'over';
  /** Why, in words. */
  readonly reason: string;
}

const ANSWER_LIMIT_MS = 3_000;
/** Characters of one line. */
const LONGEST = 256 * 1024;

const portFacts = z.object({
  port: z.string(),
  state: z.string(),
  ring: z.string(),
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
  at: z.iso.datetime({ precision: 6 }),
  kind: z.enum(['sent', 'received', 'discarded', 'frame', 'dropped', 'error', 'state']),
  hex: z.hex().optional(),
  text: z.string().optional(),
});

/**
 * Tells what a gateway knows of a port's traffic, and what comes, until the port is given up, the gateway goes, or the
 * signal ends it.
 *
 * @param url of the gateway, e.g. `http://127.0.0.1:8001`, as `readAddress` takes it
 * @param token that lets one in; a gateway without users needs none
 * @throws LabwireError GATEWAY_REFUSED: it has the port, perhaps, but does not show it; or what it shows cannot be read
 */
export async function followGateway(
  url: string,
  port: string,
  listener: TrafficListener,
  signal: AbortSignal,
  token?: string,
): Promise<FollowEnd> {
  let response: IncomingMessage;
  try {
    response = await ask(url, `/api/v1/ports/${encodeURIComponent(port)}/traffic`, signal, token);
  } catch (error) {
    return { end: 'unreachable', reason: whyUnreachable(toError(error)) };
  }
  let told = false;
  // An endless answer without a word is none.
  const limit = setTimeout(() => response.destroy(), ANSWER_LIMIT_MS);
  try {
    for await (const line of jsonLines(response)) {
      clearTimeout(limit);
      if (response.statusCode !== 200) return refusal(url, response.statusCode, line, token !== undefined);
      if (told) listener.entry(entryOf(parsed(trafficEntry, line)));
      else listener.facts(parsed(portFacts, line) as PortFacts);
      told = true;
    }
    if (told) return { end: 'over', reason: 'its gateway has nothing more to say of it' };
    throw new NotAGateway('it says nothing');
  } catch (error) {
    if (!(error instanceof NotAGateway)) throw error;
    const reason = `what listens there is no gateway of labwire of this version: ${error.message}`;
    if (!told) return { end: 'unreachable', reason };
    throw new LabwireError('GATEWAY_REFUSED', `The traffic from ${url} cannot be read; ${reason}`);
  } finally {
    clearTimeout(limit);
    response.destroy();
  }
}

/** What answers does not speak as a gateway does. */
class NotAGateway extends Error {}

async function ask(
  url: string,
  route: string,
  signal: AbortSignal,
  token: string | undefined,
): Promise<IncomingMessage> {
  const late = new AbortController();
  const limit = setTimeout(() => late.abort(), ANSWER_LIMIT_MS);
  try {
    const question = { url, token, route, accept: 'application/x-ndjson' };
    return await askRoute(question, AbortSignal.any([signal, late.signal]));
  } catch (error) {
    throw late.signal.aborted ? new Error(`no answer within ${ANSWER_LIMIT_MS / 1000} s`, { cause: error }) : error;
  } finally {
    clearTimeout(limit);
  }
}

const errorAnswer = z.object({ error: z.object({ message: z.string() }) });

function refusal(url: string, status: number | undefined, answer: unknown, hadToken: boolean): FollowEnd {
  const reason = visibleWords(parsed(errorAnswer, answer).error.message);
  if (status === 404) return { end: 'unknown', reason };
  const code = status === 401 ? 'UNAUTHENTICATED' : 'GATEWAY_REFUSED';
  throw advised(new LabwireError(code, `The gateway at ${url} says: ${reason}`), hadToken);
}

/** Ends with the connection, however that ends. */
async function* jsonLines(response: IncomingMessage): AsyncGenerator<unknown> {
  let rest = '';
  try {
    for await (const chunk of response.setEncoding('utf8')) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > LONGEST) throw new SyntaxError('a line is too long');
      for (const line of lines) yield JSON.parse(line);
    }
    // Of a stream this is what was cut; an answer that is whole may end without a line feed.
    if (response.complete && rest !== '') yield JSON.parse(rest);
  } catch (error) {
    if (error instanceof SyntaxError) throw new NotAGateway('it does not answer in lines of JSON', { cause: error });
  }
}

function parsed<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new NotAGateway('its answer is not as expected', { cause: result.error });
}

function entryOf({ sequence, at, kind, hex, text }: z.output<typeof trafficEntry>): TrafficEntry {
  // A Date has whole milliseconds; the rest is the last three digits.
  const microseconds = Date.parse(`${at.slice(0, 23)}Z`) * 1000 + Number(at.slice(23, 26));
  const bytes = hex === undefined ? {} : { bytes: Buffer.from(hex, 'hex') };
  return { sequence, at: microseconds, kind, ...bytes, ...(text !== undefined && { text }) };
}
