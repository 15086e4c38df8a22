import { setImmediate } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { FakeClock } from '../../src/base/index.ts';
import { bad, Gateway, Instrument, type InstrumentClass, setting, type Task, task } from '../../src/index.ts';
import { byHand, never } from '../task/bench.ts';
import { thermometerModel, withThermometer } from './thermometer.ts';

const clock = new FakeClock();
let gateway: Gateway;

async function start(driver: InstrumentClass): Promise<void> {
  gateway = new Gateway(withThermometer({ port: { emulated: true } }), {
    drivers: { thermometer: driver },
    models: [thermometerModel],
    emulators: { 'thermo-1': () => ({ connect() {}, disconnect() {} }) },
    clock,
  });
  await gateway.start();
}

/** Lets time pass until something is so. */
const until = (condition: () => boolean): Promise<void> =>
  expect.poll(() => clock.advance(100).then(condition)).toBe(true);

afterEach(async () => {
  let stopped = false;
  void gateway.stop().then(() => {
    stopped = true;
  });
  await until(() => stopped);
});

it('a body that was left behind says nothing any more of its device', async () => {
  const late = byHand();
  class Stubborn extends Instrument {
    readonly acquire = task({ autostart: true }, async () => {
      this.record({ temperature: 1 }, 1e15);
      await late.promise;
      this.record({ temperature: 2 }, 1e15 + 1);
    });
  }
  await start(Stubborn);
  await until(() => [...gateway.latest()].length === 1);
  let applied = false;
  void gateway.apply({ gateway: { id: 'lab' }, server: { port: 0 } }).then(() => {
    applied = true;
  });
  await until(() => applied);
  const { head } = gateway.vitals.journal;
  late.resolve();
  await setImmediate();
  expect(gateway.vitals.journal.head).toBe(head);
});

it('what a body says while it is being stopped is no longer current', async () => {
  const late = byHand();
  let acquire: Task | undefined;
  class Late extends Instrument {
    readonly acquire = task({ autostart: true }, async () => {
      this.record({ temperature: 1 }, 1e15);
      await late.promise;
      this.record({ temperature: 2 }, 1e15 + 1);
    });

    constructor() {
      super();
      acquire = this.acquire;
    }
  }
  await start(Late);
  await until(() => [...gateway.latest()].length === 1);
  const stopped = acquire?.stop();
  late.resolve();
  await stopped;
  expect([...gateway.latest()].map(({ values }) => values)).toEqual([{ temperature: bad('stale') }]);
});

it('a setting that the instrument does not tell holds up no stop', async () => {
  let acquire: Task | undefined;
  let asked = false;
  class Mute extends Instrument {
    readonly power = setting(0, {
      read: () => {
        asked = true;
        return never();
      },
    });
    readonly acquire = task({ autostart: true }, never);

    constructor() {
      super();
      acquire = this.acquire;
    }
  }
  await start(Mute);
  await until(() => asked);
  await acquire?.stop();
  expect([acquire?.state, acquire?.result]).toEqual(['inactive', 'success']);
});
