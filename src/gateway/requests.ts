import { isMember, LabwireError, MEMBER } from '../base/index.ts';
import { type CommandCore, type DataService, resolve, type SettingCore } from '../service/index.ts';
import type { Requests } from '../sinks/index.ts';
import type { Task } from '../task/index.ts';

/** What clients may ask of a service: nothing but its exposed settings, tasks and commands. */
export function requestsTo(root: DataService): Requests {
  const member = (path: string, kind: 'setting' | 'task' | 'command'): unknown => {
    const { node, attribute } = resolve(root, path);
    if (isMember(node) && node[MEMBER].kind === kind && attribute === '') return node;
    throw new LabwireError('MEMBER_UNKNOWN', `There is no ${kind} with the path ${path}`);
  };
  const core = <Core>(path: string, kind: 'setting' | 'command'): Core =>
    (member(path, kind) as { readonly [MEMBER]: Core })[MEMBER];
  const task = (path: string): Task => member(path, 'task') as Task;
  return {
    set: async (path, value) => {
      const setting = core<SettingCore>(path, 'setting');
      await setting.set(value);
      return setting.value;
    },
    start: async (path) => {
      const wanted = task(path);
      wanted.start();
      return wanted.state;
    },
    stop: async (path) => {
      const wanted = task(path);
      await wanted.stop();
      return wanted.state;
    },
    restart: async (path) => {
      const wanted = task(path);
      wanted.restart();
      return wanted.state;
    },
    call: async (path, named) => core<CommandCore>(path, 'command').call(named),
  };
}
