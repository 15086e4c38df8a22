import { LabwireError } from '../base/index.ts';
import type { Actor, Control } from '../service/index.ts';
import type { Requests } from '../sinks/index.ts';

/** What clients of a broker may ask of a gateway, each thing as what it is: no channel is set as a setting. */
export function requestsTo(control: Control, by: Actor): Requests {
  const set = async (path: string, value: unknown, kind: 'setting' | 'channel'): Promise<unknown> =>
    control.set(path, value, by, (given, core) => {
      if (core.kind === kind) return given;
      throw new LabwireError('MEMBER_UNKNOWN', `There is no ${kind} with the path ${path}`);
    });
  return {
    set: (path, value) => set(path, value, 'setting'),
    setChannel: (path, value) => set(path, value, 'channel'),
    start: (path) => control.task(path, 'start', by),
    stop: (path) => control.task(path, 'stop', by),
    restart: (path) => control.task(path, 'restart', by),
    call: (path, named) => control.call(path, named, by),
  };
}
