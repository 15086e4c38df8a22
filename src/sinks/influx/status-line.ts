import type { DeviceDescription } from '../../instrument/index.ts';
import type { SinkStatus, StateEntry, StateSource } from '../sink.ts';
import { series, text } from './line-protocol.ts';

/** What of `health` goes into the database. */
interface Health {
  readonly state: string;
  readonly code: string | null;
  readonly message: string | null;
  /** ISO time. */
  readonly lastSample: string | null;
  readonly dropped: Readonly<Record<string, number>>;
}

/** What of a task does. */
interface TaskStanding {
  readonly state: string;
  readonly result: string;
  readonly restarts: number;
  readonly lastError: { readonly code: string | null; readonly message: string } | null;
}

/**
 * Writes an entry of the gateway's state as line protocol, without a time.
 *
 * - `labwire_devices`, tags `gateway device model measurement`, fields `state` (`disabled`, `connecting`, `online`, `degraded`,
 *   `failed`), `code`, `message` (why it gives no readings), `last_sample` (ms since the Unix epoch), `dropped` (rejected frames).
 * - `labwire_tasks`, tags `gateway device task`, fields `state`, `result`, `restarts`, `code`, `message` (of the last error).
 * - `labwire_sinks`, tags `gateway sink`, fields `connected`, `lag` (records), `lag_seconds`, `rate` (records/s), `delivered`,
 *   `retries`, `dropped`, `refused` (of the dropped ones), `message` (the last error).
 *
 * @returns undefined for an entry that is not written
 */
export function statusLine(entry: StateEntry, gateway: string, state: StateSource): string | undefined {
  const { path, value } = entry;
  if (value === undefined) return undefined;
  const [first = '', second, third, ...deeper] = path;
  if (deeper.length > 0) return undefined;
  if (first === 'sinks' && second !== undefined && third === undefined)
    return sinkLine(value as SinkStatus, { gateway, sink: second });
  if (second === 'health' && third === undefined) {
    const description = [...state.devices()].find(({ device }) => device === first);
    return description && deviceLine(value as Health, description);
  }
  if (second === 'tasks' && third !== undefined)
    return taskLine(value as TaskStanding, { gateway, device: first, task: third });
  return undefined;
}

function deviceLine(health: Health, { gateway, device, model, measurement }: DeviceDescription): string {
  const dropped = Object.values(health.dropped).reduce((sum, count) => sum + count, 0);
  const fields = [`state=${text(health.state)}`, `dropped=${dropped}i`];
  if (health.lastSample !== null) fields.push(`last_sample=${Date.parse(health.lastSample)}i`);
  return line('labwire_devices', { gateway, device, model, measurement }, [...fields, ...why(health)]);
}

function taskLine({ state, result, restarts, lastError }: TaskStanding, tags: Record<string, string>): string {
  const fields = [`state=${text(state)}`, `result=${text(result)}`, `restarts=${restarts}i`];
  return line('labwire_tasks', tags, [...fields, ...why(lastError ?? { code: null, message: null })]);
}

function sinkLine(status: SinkStatus, tags: Record<string, string>): string {
  const { connected, lag, lagSeconds, rate, delivered, retries, dropped, deadLetters, lastError } = status;
  return line('labwire_sinks', tags, [
    `connected=${connected}`,
    `lag=${lag}i`,
    `lag_seconds=${lagSeconds}`,
    `rate=${rate}`,
    `delivered=${delivered}i`,
    `retries=${retries}i`,
    `dropped=${dropped}i`,
    `refused=${deadLetters.count}i`,
    ...why({ code: null, message: lastError }),
  ]);
}

function why({ code, message }: { readonly code: string | null; readonly message: string | null }): string[] {
  return Object.entries({ code, message }).flatMap(([key, word]) => (word === null ? [] : [`${key}=${text(word)}`]));
}

function line(measurement: string, tags: Readonly<Record<string, string>>, fields: readonly string[]): string {
  return `${series(measurement, tags)} ${fields.join(',')}`;
}
