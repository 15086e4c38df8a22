import { Allowance, type Clock, codeOf, isObject, type Logger, show } from '../base/index.ts';
import type { Write } from '../service/index.ts';
import type { Happening } from './gateway-events.ts';

export interface AuditParts {
  readonly clock: Clock;
  readonly log: Logger;
  event(event: Happening): void;
}

/** Writes that are written down in a row, and then in each second; what is more is counted. */
const BURST = 500;
const PER_SECOND = 50;
/** Characters of a name or a value. */
const LONGEST = 200;

/**
 * Writes down who wrote what: a log line and an event for each write of a client, refused ones too. A flood, which no
 * use of an instrument makes, is told in numbers, so that it can neither fill a disk nor hide what came before it.
 */
export class Audit {
  readonly #parts: AuditParts;
  readonly #allowance: Allowance;
  #untold = 0;

  constructor(parts: AuditParts) {
    this.#parts = parts;
    this.#allowance = new Allowance(parts.clock, BURST, PER_SECOND);
  }

  /** To be told of every write. */
  wrote(write: Write): void {
    if (!this.#allowance.take()) {
      if (this.#untold++ === 0)
        this.#parts.log.warn(`More than ${PER_SECOND} writes per second: what is more is counted`);
      return;
    }
    this.refresh();
    const text = sentence(write);
    const device = deviceOf(write.path);
    const done = write.outcome === 'done';
    const code = done ? 'WRITE' : (codeOf(write.outcome as Error) ?? 'WRITE_FAILED');
    const { log } = this.#parts;
    log[done ? 'info' : 'warn'](text);
    this.#parts.event({
      severity: done ? 'info' : 'warning',
      eventKind: 'write',
      code,
      title: done ? 'Written' : 'Write refused',
      text,
      ...(device !== undefined && { device }),
    });
  }

  /** Tells of what was only counted: to be called now and then, and at the end. */
  refresh(): void {
    if (this.#untold === 0) return;
    const text = `${this.#untold} writes were too many to be written down one by one.`;
    this.#untold = 0;
    this.#parts.log.warn(text);
    this.#parts.event({ severity: 'warning', eventKind: 'write', code: 'WRITES_UNTOLD', title: 'Many writes', text });
  }
}

/** `anna (http) set oven.limit from 20 to 30.` */
function sentence({ by, path, what, from, to, outcome }: Write): string {
  const who = `${cut(by.name)} (${cut(by.via)})`;
  const change =
    what === 'call'
      ? ` with ${value(to)}`
      : from === undefined
        ? ` to ${value(to)}`
        : ` from ${value(from)} to ${value(to)}`;
  if (outcome === 'done') return `${who} ${past[what]} ${cut(path)}${change}.`;
  const asked = what === 'set' || what === 'call' ? change : '';
  return `${who} tried to ${what} ${cut(path)}${asked}: ${cut(outcome.message)}`;
}

const past = { set: 'set', call: 'called', start: 'started', stop: 'stopped', restart: 'restarted' } as const;

function value(written: unknown): string {
  const given = ofNode(written);
  if (typeof given !== 'object' || given === null) return typeof given === 'string' ? show(cut(given)) : show(given);
  try {
    return cut(JSON.stringify(given));
  } catch {
    // A circle, or a getter that throws: what it is must not matter here.
    return show(given);
  }
}

/** What was refused before it was read is still a node of the wire, in which the value is one thing of many. */
function ofNode(written: unknown): unknown {
  if (!isObject(written) || typeof written.type !== 'string' || !('value' in written)) return written;
  const { value: inner } = written;
  const isQuantity = isObject(inner) && typeof inner.magnitude === 'number' && typeof inner.unit === 'string';
  return isQuantity ? `${inner.magnitude} ${inner.unit}` : inner;
}

const cut = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);

/** A path begins with the device's id, if it is one of a device. */
function deviceOf(path: string): string | undefined {
  const [id] = /^[a-z][a-z0-9_]{0,62}(?=[.[])/.exec(path) ?? [];
  return id === 'sinks' ? undefined : id;
}
