import { describe, expect, it } from 'vitest';
import { FakeClock, type Logger, MEMBER } from '../../src/base/index.ts';
import {
  addMember,
  type Change,
  DataService,
  observe,
  removeMember,
  resolve,
  ServiceHost,
  serviceList,
  serviceMap,
} from '../../src/service/index.ts';
import { type TaskOptions, task } from '../../src/task/index.ts';
import { byHand, failing, forever, memoryLogger, never } from '../task/bench.ts';

class Worker extends DataService {
  runs = 0;
  readonly work;
  constructor(options: TaskOptions = { autostart: true }) {
    super();
    this.work = task(options, async (context) => {
      this.runs++;
      await forever(context);
    });
  }
}

function hosted(root: DataService) {
  const clock = new FakeClock();
  const log = memoryLogger();
  const told: string[] = [];
  const exits: Error[] = [];
  const host = new ServiceHost(root, {
    clock,
    log,
    random: () => 0,
    onTaskEvent: (path, event) => told.push(`${path} ${event.severity} ${event.code}`),
    onExit: (_, error) => exits.push(error),
  });
  const changes: Change[] = [];
  const end = observe(root, (change) => {
    changes.push(change);
  });
  const states = (ending: string) =>
    changes.filter(({ path }) => path.endsWith(ending)).map(({ path, value }) => `${path} ${value}`);
  return { host, clock, log, told, exits, changes, states, end };
}

describe('autostart', () => {
  it('T2 starts the autostart tasks, and no other', async () => {
    class Root extends DataService {
      readonly works = task({ autostart: true }, forever);
      readonly waits = task({}, forever);
    }
    const root = new Root();
    const { host, clock } = hosted(root);
    expect(root.works.status).toBe('NOT_RUNNING');
    await host.start();
    await clock.advance(10);
    expect([root.works.status, root.waits.status]).toEqual(['RUNNING', 'NOT_RUNNING']);
    await host.stop();
    expect([root.works.status, root.works.result]).toEqual(['NOT_RUNNING', 'success']);
  });

  it('T3 starts tasks in an array of services, whose events carry list[0].work.status', async () => {
    class Root extends DataService {
      readonly list = [new Worker(), new Worker()];
    }
    const { host, clock, states } = hosted(new Root());
    await host.start();
    await clock.advance(10);
    expect(states('.status')).toEqual(['list[0].work.status RUNNING', 'list[1].work.status RUNNING']);
    await host.stop();
    await clock.advance(10);
    expect(states('[1].work.state')).toEqual([
      'list[1].work.state active',
      'list[1].work.state deactivating',
      'list[1].work.state inactive',
    ]);
  });

  it('T4 starts tasks in a map, whose events carry dict["first"].work.status', async () => {
    class Root extends DataService {
      readonly dict = serviceMap([['first', new Worker()]]);
    }
    const { host, clock, states } = hosted(new Root());
    await host.start();
    await clock.advance(10);
    expect(states('.status')).toEqual(['dict["first"].work.status RUNNING']);
    await host.stop();
  });

  it('walks at any depth in declaration order, inherited members first, each once', async () => {
    const order: string[] = [];
    class Noting extends DataService {
      readonly work;
      constructor(name: string) {
        super();
        this.work = task({ autostart: true }, async () => void order.push(name));
      }
    }
    class Deep extends DataService {
      readonly inner = serviceList([new Noting('deep list')]);
    }
    const shared = new Noting('shared');
    class Base extends DataService {
      readonly first = task({ autostart: true }, async () => void order.push('inherited'));
    }
    class Root extends Base {
      readonly one = shared;
      readonly map = serviceMap([['deep', new Deep()]]);
      readonly again = [shared];
      readonly last = task({ autostart: true }, async () => void order.push('own'));
    }
    const { host, clock } = hosted(new Root());
    await host.start();
    await clock.advance(10);
    expect(order).toEqual(['inherited', 'shared', 'deep list', 'own']);
    await host.stop();
  });

  it('T18 an inherited task pushes its events', async () => {
    class Child extends Worker {
      readonly more = task({}, forever);
    }
    class Root extends DataService {
      readonly child = new Child();
    }
    const { host, clock, states } = hosted(new Root());
    await host.start();
    await clock.advance(10);
    expect(states('.status')).toEqual(['child.work.status RUNNING']);
    await host.stop();
  });
});

it('T5 of four instances of one class, starting one moves only that one', async () => {
  class Root extends DataService {
    readonly list = Array.from({ length: 4 }, () => new Worker({}));
  }
  const root = new Root();
  const { host, clock, changes } = hosted(root);
  await host.start();
  root.list[2]?.work.start();
  await clock.advance(10);
  expect(root.list.map(({ work }) => work.status)).toEqual(['NOT_RUNNING', 'NOT_RUNNING', 'RUNNING', 'NOT_RUNNING']);
  expect(changes.every(({ path }) => path.startsWith('list[2].work.'))).toBe(true);
  await host.stop();
});

describe('T21 services that come and go', () => {
  it.each(['list', 'map', 'name'])(
    'a service added to a running server is started, a removed one stopped (%s)',
    async (way) => {
      class Root extends DataService {
        readonly list = serviceList<Worker>();
        readonly map = serviceMap<Worker>();
      }
      const root = new Root();
      const { host, clock, states } = hosted(root);
      await host.start();
      const worker = new Worker();
      if (way === 'list') root.list.add(worker);
      else if (way === 'map') root.map.set('a', worker);
      else addMember(root, 'added', worker);
      const path = { list: 'list[0]', map: 'map["a"]', name: 'added' }[way];
      await clock.advance(10);
      expect(worker.work.status).toBe('RUNNING');
      expect(states('status')).toEqual([`${path}.work.status RUNNING`]);

      if (way === 'list') root.list.remove(worker);
      else if (way === 'map') root.map.delete('a');
      else removeMember(root, 'added');
      await clock.advance(10);
      expect([worker.work.status, worker.runs]).toEqual(['NOT_RUNNING', 1]);
      await host.stop();
    },
  );

  it('a service added before the start, or after the stop, is not started by it', async () => {
    class Root extends DataService {
      readonly list = serviceList<Worker>();
    }
    const root = new Root();
    const { host, clock } = hosted(root);
    const worker = new Worker();
    root.list.add(worker);
    await clock.advance(10);
    expect(worker.runs).toBe(0);
    await host.start();
    await host.stop();
    const late = new Worker();
    root.list.add(late);
    await clock.advance(10);
    expect([late.runs, worker.work.state]).toEqual([0, 'inactive']);
  });

  it('a task whose service moves up in its list goes on undisturbed under its new path', async () => {
    class Root extends DataService {
      readonly list = serviceList([new Worker(), new Worker()]);
    }
    const root = new Root();
    const { host, clock, states } = hosted(root);
    await host.start();
    await clock.advance(10);
    const [first, second] = [...root.list] as [Worker, Worker];
    root.list.remove(first);
    await clock.advance(10);
    expect([second.work.state, second.runs]).toEqual(['active', 1]);
    second.work.restart();
    await clock.advance(10);
    expect(states('list[0].work.state').slice(-1)).toEqual(['list[0].work.state active']);
    await host.stop();
  });

  it('a service that is put elsewhere in one go runs again there', async () => {
    class Root extends DataService {
      readonly map = serviceMap<Worker>();
    }
    const root = new Root();
    const { host, clock } = hosted(root);
    await host.start();
    const worker = new Worker();
    root.map.set('a', worker);
    await clock.advance(10);
    root.map.delete('a');
    root.map.set('b', worker);
    await clock.advance(10);
    expect([worker.work.state, worker.runs]).toEqual(['active', 2]);
    await host.stop();
    expect(worker.work.state).toBe('inactive');
  });
});

describe('the host of tasks', () => {
  it('gives lines and events the path of the task', async () => {
    class Root extends DataService {
      readonly list = [new Worker({}), new Broken()];
    }
    class Broken extends DataService {
      readonly work = task({ autostart: true, restartSec: 1 }, failing);
    }
    const { host, clock, told, log } = hosted(new Root());
    await host.start();
    await clock.advance(10_000);
    expect(told).toEqual(['list[1].work warning TASK_FAILURE']);
    expect(log.lines.find(({ level }) => level === 'warn')?.details).toMatchObject({ task: 'list[1].work' });
    await host.stop();
  });

  it('tells of a task with exitOnFailure that failed', async () => {
    class Root extends DataService {
      readonly work = task({ autostart: true, restartOnException: false, exitOnFailure: true }, failing);
    }
    const { host, clock, exits } = hosted(new Root());
    await host.start();
    await clock.advance(10);
    expect(exits).toEqual([expect.objectContaining({ code: 'TASK_FAILED' })]);
    expect(exits[0]?.message).toContain('Task work failed, and its exitOnFailure ends the process: no answer');
    await host.stop();
  });

  it('T9 warns of a start limit that can never be reached', async () => {
    class Root extends DataService {
      readonly work = task({ restartSec: 0.1, startLimitIntervalSec: 0.1, startLimitBurst: 2 }, failing);
    }
    const { host, log } = hosted(new Root());
    await host.start();
    expect(log.lines).toEqual([
      expect.objectContaining({ level: 'warn', message: expect.stringMatching(/^Task work: .* 0\.1 s/) }),
    ]);
    await host.stop();
  });

  it('stops all tasks side by side, each within its cap, and names what it had to leave behind', async () => {
    class Root extends DataService {
      readonly list = Array.from({ length: 5 }, () => new Stuck());
      readonly fine = task({ autostart: true }, forever);
    }
    class Stuck extends DataService {
      readonly work = task({ autostart: true, timeoutStopSec: 60 }, never);
    }
    const root = new Root();
    const { host, clock } = hosted(root);
    await host.start();
    await clock.advance(10);
    let left: string[] | undefined;
    const stopped = host.stop().then((paths) => {
      left = paths;
    });
    await clock.advance(1999);
    expect([left, root.fine.state]).toEqual([undefined, 'inactive']);
    await clock.advance(1);
    await stopped;
    expect(left).toEqual([0, 1, 2, 3, 4].map((index) => `list[${index}].work`));
  });

  it('T16 a body that starts another task while it is stopped does not make it run', async () => {
    class Root extends DataService {
      readonly other = task({}, forever);
      readonly work = task({ autostart: true }, async (context) => {
        try {
          await forever(context);
        } finally {
          this.other.start();
          // biome-ignore lint/correctness/noUnsafeFinally: that is the case
          throw new Error('spite');
        }
      });
    }
    const root = new Root();
    const { host, clock } = hosted(root);
    await host.start();
    await clock.advance(10);
    await host.stop();
    await clock.advance(10_000);
    expect([root.work.state, root.other.state]).toEqual(['inactive', 'inactive']);
  });

  it('waits at the stop for a task whose service was removed just before', async () => {
    const end = byHand();
    class Slow extends DataService {
      readonly work = task({ autostart: true }, () => end.promise);
    }
    class Root extends DataService {
      readonly map = serviceMap([['a', new Slow()]]);
    }
    const root = new Root();
    const { host, clock } = hosted(root);
    await host.start();
    await clock.advance(10);
    root.map.delete('a');
    let stopped = false;
    const stopping = host.stop().then(() => {
      stopped = true;
    });
    await clock.advance(10);
    expect(stopped).toBe(false);
    end.resolve();
    await stopping;
  });
});

it('gives each task the log for its path, its warning included', async () => {
  class Root extends DataService {
    readonly work = task({ autostart: true, restartSec: 10, startLimitIntervalSec: 5, startLimitBurst: 2 }, failing);
  }
  const clock = new FakeClock();
  const log = memoryLogger();
  const logFor = (path: string): Logger => log.child({ device: `device of ${path}` });
  const host = new ServiceHost(new Root(), { clock, log, logFor });
  await host.start();
  await clock.advance(10);
  expect(log.lines).toMatchObject([
    { message: expect.stringContaining('can never be reached'), details: { device: 'device of work' } },
    { message: expect.stringContaining('no answer'), details: { device: 'device of work', task: 'work' } },
  ]);
  await host.stop();
});

it('nothing but its owner keeps a service alive', async () => {
  const { setFlagsFromString } = await import('node:v8');
  const { runInNewContext } = await import('node:vm');
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  class Root extends DataService {
    readonly map = serviceMap<Worker>();
  }
  const root = new Root();
  const { host, clock, changes } = hosted(root);
  await host.start();
  const gone = await (async () => {
    const worker = new Worker();
    root.map.set('a', worker);
    await clock.advance(10);
    root.map.delete('a');
    await clock.advance(10);
    return new WeakRef(worker);
  })();
  changes.length = 0;
  await new Promise((resolve) => setTimeout(resolve, 0));
  collect();
  expect(gone.deref()).toBeUndefined();
  await host.stop();
});

describe('a body that starts tasks while it winds up', () => {
  class Stubborn extends DataService {
    runs = 0;
    readonly other = task({}, never);
    readonly work = task({ autostart: true }, async ({ every }) => {
      this.runs++;
      try {
        for await (const _ of every(1));
      } finally {
        this.work.start();
        this.other.start();
      }
    });
  }

  it('starts none at a stop of the host, which is over in time', async () => {
    const service = new Stubborn();
    const { host, clock } = hosted(service);
    await host.start();
    await clock.advance(0);
    const stopped = host.stop();
    await clock.advance(0);
    expect(await stopped).toEqual([]);
    await clock.advance(10_000);
    expect([service.work.state, service.other.state, service.runs]).toEqual(['inactive', 'inactive', 1]);
    // The host has let go of them: they are their owner's again.
    service.work.start();
    await clock.advance(0);
    expect(service.work.state).toBe('active');
  });

  it('does not go on in a service that was removed, and may again when it is added anew', async () => {
    const root = new DataService();
    const service = new Stubborn();
    const { host, clock } = hosted(root);
    await host.start();
    addMember(root, 'one', service);
    await clock.advance(0);
    removeMember(root, 'one');
    await clock.advance(0);
    expect([service.work.state, service.other.state, service.runs]).toEqual(['inactive', 'inactive', 1]);
    addMember(root, 'one', service);
    await clock.advance(0);
    expect([service.work.state, service.runs]).toEqual(['active', 2]);
    await host.stop();
  });
});

it('a listener of events that throws decides nothing about the task', async () => {
  class Failing extends DataService {
    readonly work = task({ autostart: true, restartSec: 1 }, failing);
  }
  const service = new Failing();
  const clock = new FakeClock();
  const log = memoryLogger();
  const host = new ServiceHost(service, {
    clock,
    log,
    onTaskEvent: () => {
      throw new Error('nobody listens');
    },
  });
  await host.start();
  await clock.advance(1500);
  expect([service.work.state, service.work.restarts]).toEqual(['auto-restart', 2]);
  expect(log.lines.some(({ message }) => message.includes('nobody listens'))).toBe(true);
  await host.stop();
});

it('listens to settings alone: what is read may change a thousand times a second', async () => {
  const listened: string[] = [];
  const member = (kind: string): object => ({
    [MEMBER]: {
      ...{ kind, doc: '', path: '', attributes: [''], methods: [], belongsToInstrument: true },
      get: () => 1,
      onChange: () => {
        listened.push(kind);
        return () => {};
      },
    },
  });
  const root = Object.assign(new DataService(), { a: member('channel'), b: member('setting'), c: member('reading') });
  const host = new ServiceHost(root);
  await host.start();
  expect(listened).toEqual(['setting']);
  const end = observe(root, () => {});
  expect(listened).toEqual(['setting', 'channel', 'setting', 'reading']);
  end();
  await host.stop();
});

it('starts the tasks of services in arrays of arrays, by their path', async () => {
  class Grid extends DataService {
    readonly grid = [[new Worker(), new Worker()], [new Worker()]];
  }
  const grid = new Grid();
  (grid.grid as unknown[]).push(grid.grid);
  const { host, clock } = hosted(grid);
  await host.start();
  await clock.advance(0);
  expect(
    grid.grid
      .slice(0, 2)
      .flat()
      .map(({ work }) => work.state),
  ).toEqual(['active', 'active', 'active']);
  expect(resolve(grid, 'grid[1][0].work.state')).toMatchObject({ node: grid.grid[1]?.[0]?.work, attribute: 'state' });
  await host.stop();
});
