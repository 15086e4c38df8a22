import { z } from 'zod';
import { codeOf, sleep, systemClock, toError } from '../../base/index.ts';
import { askGateway } from '../gateway-rest.ts';
import { type GatewayOptions, type GatewayPlace, gatewayPlace, untilStopped } from '../gateway-session.ts';
import type { CliIo } from '../io.ts';
import { visibleWords } from '../terminal-text.ts';

export interface EventsOptions extends GatewayOptions {
  /** Stay, and tell what happens. */
  readonly follow?: boolean;
  readonly device?: string;
  readonly severity?: string;
  /** How many of the newest are told first. */
  readonly limit: number;
}

const event = z.looseObject({
  time: z.iso.datetime({ precision: 6 }),
  severity: z.string(),
  device: z.string().optional(),
  kind: z.string(),
  code: z.string(),
  title: z.string(),
  text: z.string(),
});
type Event = z.output<typeof event>;
const answer = z.object({ events: z.array(event), next: z.string().optional() });

/** Between two looks for what is new. */
const PERIOD_MS = 1_000;
/** An event is put down a little after its time: what is so young is looked for again. */
const OVERLAP_MS = 10_000;
const PAGE = 1_000;

/**
 * `labwire events`: what happened, the newest last, and with `--follow` what happens, until Ctrl-C. With `--json` a line for each
 * event, as `/api/v1/events` has it.
 */
export async function eventsCommand(options: EventsOptions, io: CliIo): Promise<number> {
  const place = await gatewayPlace(options, io);
  return untilStopped(io, async (signal) => {
    const print = (one: Event): void => io.print(options.json ? JSON.stringify(one) : eventLine(one));
    const first = await ask(place, options, { limit: String(options.limit) }, signal);
    for (const one of first.events.toReversed()) print(one);
    if (options.follow) await follow(place, options, { print, told: first.events }, io, signal);
    else if (first.events.length === 0 && !options.json) io.print('Nothing has happened.');
    return 0;
  });
}

function ask(
  place: GatewayPlace,
  { device, severity }: EventsOptions,
  more: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<z.output<typeof answer>> {
  return askGateway(place, '/api/v1/events', { device, severity, ...more }, answer, signal);
}

interface Telling {
  readonly print: (event: Event) => void;
  readonly told: readonly Event[];
}

async function follow(
  place: GatewayPlace,
  options: EventsOptions,
  { print, told }: Telling,
  io: CliIo,
  signal: AbortSignal,
): Promise<void> {
  let from = Math.max(0, ...told.map(({ time }) => Date.parse(time)));
  let seen = new Set(told.map(keyOf));
  let lost = false;
  for (;;) {
    await sleep(systemClock, PERIOD_MS, signal).catch(() => {});
    if (signal.aborted) return;
    try {
      const since = new Date(Math.max(0, from - OVERLAP_MS)).toISOString();
      const { events } = await ask(place, options, { from: since, limit: String(PAGE) }, signal);
      for (const one of events.toReversed()) if (!seen.has(keyOf(one))) print(one);
      seen = new Set(events.map(keyOf));
      from = Math.max(from, ...events.map(({ time }) => Date.parse(time)));
      if (lost) io.complain('connected again');
      lost = false;
    } catch (error) {
      if (signal.aborted) return;
      const code = codeOf(toError(error));
      if (code !== 'GATEWAY_UNREACHABLE' && code !== 'TIMEOUT') throw error;
      if (!lost) io.complain(`${toError(error).message}; waiting for it`);
      lost = true;
    }
  }
}

const keyOf = ({ time, code, device, text }: Event): string => JSON.stringify([time, code, device, text]);

function eventLine({ time, severity, device, title, text, code }: Event): string {
  const what = text === '' || text === title ? title : `${title}: ${text}`;
  const coded = what.endsWith(`(${code})`) ? what : `${what} (${code})`;
  const cells = [time.replace(/\.\d+Z$/, 'Z'), severity.padEnd(7), (device ?? '–').padEnd(12), coded];
  return visibleWords(cells.join('  '));
}
