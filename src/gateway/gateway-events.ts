import { type Clock, isoTime, type Logger, maskSecrets } from '../base/index.ts';
import type { EventRecord, Journal } from '../journal/index.ts';
import type { TaskEvent } from '../task/index.ts';
import type { ClockStep } from './clock-steps.ts';

export interface GatewayEventsParts {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What is to be written down of a happening; its time is now. */
export type Happening = Omit<EventRecord, 'kind' | 'sequence' | 'time'>;

/** Writes down what happens in a gateway, for people and for annotations in a graph. */
export class GatewayEvents {
  readonly #parts: GatewayEventsParts;

  constructor(parts: GatewayEventsParts) {
    this.#parts = parts;
  }

  tell(happening: Happening): void {
    const { journal, clock } = this.#parts;
    const text = maskSecrets(happening.text);
    journal.append({ kind: 'event', sequence: 0, time: clock.now(), ...happening, text });
  }

  /** @param path of the task, which begins with its device's id */
  ofTask(path: string, event: TaskEvent): void {
    const device = path.split('.')[0];
    this.tell({ ...event, eventKind: 'task', ...(device !== undefined && { device }) });
  }

  started(gateway: string, devices: number): void {
    const text = `${gateway} runs with ${devices} device${devices === 1 ? '' : 's'}.`;
    this.tell({ severity: 'info', eventKind: 'gateway', code: 'GATEWAY_STARTED', title: 'Gateway started', text });
  }

  stopped(gateway: string): void {
    const text = `${gateway} was stopped.`;
    this.tell({ severity: 'info', eventKind: 'gateway', code: 'GATEWAY_STOPPED', title: 'Gateway stopped', text });
  }

  clockStepped({ from, to }: ClockStep): void {
    const seconds = Math.round(Math.abs(to - from) / 1e6);
    const text = `The clock was set from ${isoTime(from)} to ${isoTime(to)}, ${seconds} s ${to > from ? 'on' : 'back'}.`;
    this.#parts.log.warn(text);
    this.tell({ severity: 'warning', eventKind: 'clock', code: 'clock_step', title: 'Clock set', text });
  }
}
