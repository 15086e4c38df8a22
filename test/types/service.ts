/** Compiled, never run: what a service's members accept and what they refuse. */
import { command, DataService, reading, type Setting, serviceMap, setting } from '../../src/service/index.ts';
import { task } from '../../src/task/index.ts';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const holds = <_T extends true>(): void => {};

class Detector extends DataService {
  readonly gain = setting(1);
}

class SensorService extends DataService {
  readonly readoutInterval = setting(1.0, { unit: 's', minimum: 0.01, doc: 'Time between two readings.' });
  readonly range = setting('auto', {
    options: ['auto', 'low', 'high'],
    write: (r) => this.send(`RANGE ${r}`),
    read: () => this.askRange(),
  });
  readonly averaging = setting(1, { options: [1, 2, 4], write: (n) => this.sendNumber(n) });
  readonly name = setting('lab');
  readonly enabled = setting(true, { write: (on) => this.send(on ? 'ON' : 'OFF') });
  readonly temperature = reading({ unit: '°C' });
  readonly label = reading({ type: 'text' });
  readonly zero = command({ tier: 'destructive', parameters: { at: { type: 'number', unit: '°C' } } }, async ({ at }) =>
    this.sendNumber(at),
  );
  readonly beep = command({}, async () => 'beep');
  readonly ramp = command(
    { parameters: { to: { type: 'number' }, mode: { type: 'enum', options: ['slow', 'fast'], default: 'slow' } } },
    ({ to, mode }) => {
      holds<Equal<typeof mode, 'slow' | 'fast'>>();
      return this.sendNumber(to);
    },
  );
  readonly detectors = serviceMap<Detector>();
  readonly notATask = 5;

  readonly readSensor = task({ autostart: true, doc: 'Reads the sensor for ever.' }, async ({ every }) => {
    for await (const _ of every(this.readoutInterval)) this.temperature.value = await this.#read();
  });

  inside(): void {
    this.readSensor.start();
    // @ts-expect-error a number cannot be started
    this.notATask.start();
    // @ts-expect-error not one of the options
    void this.range.set('nonsense');
  }

  send(_text: string): Promise<void> {
    return Promise.resolve();
  }
  sendNumber(_value: number): Promise<number> {
    return Promise.resolve(1);
  }
  askRange(): Promise<string> {
    return Promise.resolve('auto');
  }
  async #read(): Promise<number> {
    return 21;
  }
}

export async function outside(service: SensorService): Promise<void> {
  service.readSensor.start();
  await service.readSensor.stop();
  service.readSensor.restart();
  await service.range.set('low');
  await service.zero({ at: 0 });
  holds<Equal<Awaited<ReturnType<typeof service.beep>>, string>>();
  await service.beep();
  await service.ramp({ to: 5 });
  await service.ramp({ to: 5, mode: 'fast' });
  await service.averaging.set(2);
  holds<Equal<typeof service.range, Setting<'auto' | 'low' | 'high'>>>();
  holds<Equal<typeof service.range.value, 'auto' | 'low' | 'high'>>();
  holds<Equal<typeof service.temperature.value, number | null>>();
  holds<Equal<typeof service.label.value, string | null>>();
  service.detectors.get('a')?.gain.set(2);

  // @ts-expect-error a number cannot be started
  service.notATask.start();
  // @ts-expect-error no such member
  service.readSensors.start();
  // @ts-expect-error not one of the options
  await service.range.set('nonsense');
  // @ts-expect-error not one of the options
  await service.averaging.set(3);
  // @ts-expect-error a text is no number
  await service.readoutInterval.set('1');
  // @ts-expect-error no such argument
  await service.zero({ wrong: 1 });
  // @ts-expect-error a text is no number
  await service.zero({ at: 'x' });
  // @ts-expect-error the argument is needed
  await service.zero();
  // @ts-expect-error the argument is needed
  await service.ramp({ mode: 'slow' });
  // @ts-expect-error not one of the options
  await service.ramp({ to: 5, mode: 'medium' });
  // @ts-expect-error takes no arguments
  await service.beep({ loud: true });
  // @ts-expect-error set() is the way
  service.range.value = 'low';
  // @ts-expect-error a text is no number
  service.temperature.value = 'warm';
  // @ts-expect-error read-only
  service.readSensor.status = 'RUNNING';
}

// @ts-expect-error the first value is not one of the options
setting('medium', { options: ['low', 'high'] });
// @ts-expect-error unknown option
task({ autoStart: true }, async () => {});
// @ts-expect-error seconds are a number
task({ restartSec: '1s' }, async () => {});
// @ts-expect-error what takes parameters declares them
command({}, async ({ at }) => at);
// @ts-expect-error services only
serviceMap<{ a: number }>();
