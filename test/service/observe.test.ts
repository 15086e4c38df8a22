import { describe, expect, it, vi } from 'vitest';
import {
  addMember,
  type Change,
  DataService,
  observe,
  reading,
  removeMember,
  serviceList,
  serviceMap,
  setting,
} from '../../src/service/index.ts';
import { task } from '../../src/task/index.ts';
import { byHand, forever, memoryLogger } from '../task/bench.ts';

class Detector extends DataService {
  readonly gain = setting(1);
}

class Root extends DataService {
  readonly power = setting(0);
  readonly temperature = reading();
  readonly detectors = serviceMap<Detector>();
  readonly list = serviceList<Detector>();
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Everything that an observer was told, as `path value`. */
function watched(service: DataService) {
  const told: Change[] = [];
  const end = observe(service, (change) => {
    told.push(change);
  });
  return { told, end, texts: () => told.map(({ path, value }) => `${path} ${value instanceof Object ? '…' : value}`) };
}

describe('observe', () => {
  it('tells every change in order, by access path, after the writer has gone on', async () => {
    const root = new Root();
    const { told, texts } = watched(root);
    void root.power.set(1);
    root.temperature.value = 20;
    void root.power.set(2);
    expect(told).toEqual([]);
    await settle();
    expect(texts()).toEqual(['power 1', 'temperature 20', 'power 2']);
  });

  it('tells nothing for an unchanged value', async () => {
    const root = new Root();
    const { texts } = watched(root);
    await root.power.set(0);
    await root.power.set(5);
    await root.power.set(5);
    root.temperature.value = null;
    await settle();
    expect(texts()).toEqual(['power 5']);
  });

  it('follows services that come, move and go', async () => {
    const root = new Root();
    const { texts, told } = watched(root);
    const [a, b] = [new Detector(), new Detector()];
    root.detectors.set('a', a);
    void a.gain.set(2);
    root.list.add(a, b);
    void b.gain.set(3);
    await settle();
    expect(texts()).toEqual(['detectors …', 'detectors["a"].gain 2', 'list …', 'list[1].gain 3']);
    expect(told[0]?.value).toBe(root.detectors);

    told.length = 0;
    root.list.remove(a);
    void b.gain.set(4);
    root.detectors.delete('a');
    void a.gain.set(5);
    await settle();
    expect(texts()).toEqual(['list …', 'list[0].gain 4', 'detectors …']);
  });

  it('follows a service that is left under another path', async () => {
    const root = new Root();
    const a = new Detector();
    root.detectors.set('a', a);
    root.list.add(a);
    const { texts } = watched(root);
    root.detectors.delete('a');
    void a.gain.set(2);
    await settle();
    expect(texts()).toEqual(['detectors …', 'list[0].gain 2']);
  });

  it('follows a service under a plain name', async () => {
    const root = new Root();
    const { texts } = watched(root);
    const a = new Detector();
    addMember(root, 'cryostat', a);
    void a.gain.set(2);
    removeMember(root, 'cryostat');
    void a.gain.set(3);
    await settle();
    expect(texts()).toEqual([' …', 'cryostat.gain 2', ' …']);
  });

  it('ends at once, and leaves nothing behind', async () => {
    const root = new Root();
    const { told, end } = watched(root);
    void root.power.set(1);
    end();
    void root.power.set(2);
    root.list.add(new Detector());
    await settle();
    expect(told).toEqual([]);
  });

  it('waits for a slow listener, which holds up nobody', async () => {
    const root = new Root();
    const gate = byHand();
    const slow: unknown[] = [];
    observe(root, async ({ value }) => {
      slow.push(value);
      await gate.promise;
    });
    const { told } = watched(root);
    for (let power = 1; power <= 100; power++) await root.power.set(power);
    await settle();
    expect([root.power.value, told.length, slow]).toEqual([100, 100, [1]]);
    gate.resolve();
    await settle();
    expect(slow).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
  });

  it('keeps only the newest of each path when too much waits, and counts what it left out', async () => {
    const root = new Root();
    const gate = byHand();
    const told: Change[] = [];
    const observation = observe(root, async (change) => {
      told.push(change);
      if (told.length === 1) await gate.promise;
    });
    root.temperature.value = 20;
    for (let power = 1; power <= 1_000_000; power++) void root.power.set(power);
    root.temperature.value = 21;
    await settle();
    gate.resolve();
    await vi.waitFor(() => expect(told.at(-1)).toEqual({ path: 'temperature', value: 21 }));
    expect(told.length).toBeLessThan(10_010);
    expect(told.length + observation.coalesced).toBe(1_000_002);
    const powers = told.filter(({ path }) => path === 'power').map(({ value }) => value as number);
    expect(powers.at(-1)).toBe(1_000_000);
    expect(powers).toEqual(powers.toSorted((a, b) => a - b));
  });

  it('lets the rest of the process have its turn, also when a listener causes changes for ever', async () => {
    const root = new Root();
    const end = observe(root, () => void root.power.set(root.power.value + 1));
    await root.power.set(1);
    await settle();
    await settle();
    end();
    expect(root.power.value).toBeGreaterThan(1000);
  });

  it('a listener that throws harms nobody, and is reported once for each row', async () => {
    const root = new Root();
    const log = memoryLogger();
    let calls = 0;
    observe(
      root,
      async () => {
        if (++calls !== 3) throw new Error('broken');
      },
      { log },
    );
    const { told } = watched(root);
    for (let power = 1; power <= 5; power++) await root.power.set(power);
    await settle();
    expect([calls, told.length]).toEqual([5, 5]);
    expect(log.lines.map(({ message }) => message)).toEqual(['an observer threw: broken', 'an observer threw: broken']);
  });

  it('without a log a listener that throws is a warning of the process', async () => {
    const warning = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const root = new Root();
    observe(root, () => {
      throw new Error('broken');
    });
    await root.power.set(1);
    await settle();
    expect(warning).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ message: 'broken' }));
    warning.mockRestore();
  });

  it('tells of a task by its attributes, status only when it changes', async () => {
    class Worker extends DataService {
      readonly work = task({}, forever);
    }
    const worker = new Worker();
    const { texts } = watched(worker);
    worker.work.start();
    await settle();
    await worker.work.stop();
    await settle();
    expect(texts().filter((text) => !text.includes('activeSince'))).toEqual([
      'work.state active',
      'work.status RUNNING',
      'work.state deactivating',
      'work.state inactive',
      'work.status NOT_RUNNING',
    ]);
  });
});
