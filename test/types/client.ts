/** Compiled, never run: what a client knows of a service by its class. */
import {
  connect,
  type Remote,
  type RemoteMap,
  type RemoteReading,
  type RemoteService,
  type RemoteSetting,
  type RemoteTask,
} from '../../src/client/index.ts';
import { command, DataService, reading, serviceList, serviceMap, setting } from '../../src/service/index.ts';
import { task } from '../../src/task/index.ts';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const holds = <_T extends true>(): void => {};

class Detector extends DataService {
  readonly gain = setting(1);
  readonly measure = task({}, async () => {});
}

class SensorService extends DataService {
  readonly readoutInterval = setting(1.0, { unit: 's', minimum: 0.01 });
  readonly range = setting('auto', { options: ['auto', 'low', 'high'] });
  readonly averaging = setting(1, { options: [1, 2, 4] });
  readonly enabled = setting(true);
  readonly temperature = reading({ unit: '°C' });
  readonly label = reading({ type: 'text' });
  readonly zero = command(
    { parameters: { at: { type: 'number', unit: '°C' } } },
    async ({ at }): Promise<number> => this.temperature.value ?? at,
  );
  readonly beep = command({}, async () => 'beep');
  readonly detectors = serviceMap<Detector>();
  readonly list = serviceList<Detector>();
  readonly pair = [new Detector(), new Detector()];
  readonly main = new Detector();
  readonly readSensor = task({ autostart: true }, async () => {});
  readonly notExposed = 5;
  readonly numbers = [1, 2];
  helper(): void {}
}

export async function use(url: string): Promise<void> {
  const client = await connect<SensorService>(url);
  const { service } = client;

  await service.readSensor.start();
  await service.readSensor.stop();
  await service.readSensor.restart();
  await service.range.set('low');
  await service.averaging.set(2);
  await service.readoutInterval.set(0.5);
  await service.readoutInterval.set({ magnitude: 500, unit: 'ms' });
  await service.enabled.set(false);
  await service.zero({ at: 0 });
  await service.detectors.a?.gain.set(2);
  await service.detectors['any key']?.measure.start();
  await service.list[0]?.gain.set(2);
  await service.pair[1]?.measure.stop();
  await service.main.gain.set(3);

  holds<Equal<typeof service.range.value, 'auto' | 'low' | 'high'>>();
  holds<Equal<typeof service.temperature.value, number | null>>();
  holds<Equal<Awaited<ReturnType<typeof service.label.get>>, string | null>>();
  holds<Equal<Awaited<ReturnType<typeof service.zero>>, number>>();
  holds<Equal<Awaited<ReturnType<typeof service.beep>>, string>>();
  holds<Equal<typeof service.range, RemoteSetting<'auto' | 'low' | 'high'>>>();
  holds<Equal<typeof service.temperature, RemoteReading<number | null>>>();
  holds<Equal<typeof service.readSensor, RemoteTask>>();
  holds<Equal<typeof service.readSensor.status, 'RUNNING' | 'NOT_RUNNING'>>();
  holds<Equal<typeof service.detectors, RemoteMap<Detector>>>();
  holds<Equal<typeof service.pair, readonly RemoteService<Detector>[]>>();
  holds<Equal<Remote<SensorService>, typeof service>>();
  for (const one of service.list) holds<Equal<typeof one.gain.value, number>>();

  // @ts-expect-error no such member
  service.readSensors.start();
  // @ts-expect-error a setting cannot be started
  service.range.start();
  // @ts-expect-error not one of the options
  await service.range.set('nonsense');
  // @ts-expect-error not one of the options
  await service.averaging.set(3);
  // @ts-expect-error an option has no unit
  await service.averaging.set({ magnitude: 2, unit: 's' });
  // @ts-expect-error a text is no number
  await service.readoutInterval.set('1');
  // @ts-expect-error a quantity has a unit
  await service.readoutInterval.set({ magnitude: 1 });
  // @ts-expect-error set() is the way
  service.range.value = 'low';
  // @ts-expect-error a reading is only read
  await service.temperature.set(1);
  // @ts-expect-error a reading is only read
  service.temperature.value = 1;
  // @ts-expect-error no such argument
  await service.zero({ to: 1 });
  // @ts-expect-error a text is no number
  await service.zero({ at: 'x' });
  // @ts-expect-error the argument is needed
  await service.zero();
  // @ts-expect-error takes no arguments
  await service.beep({ loud: true });
  // @ts-expect-error read-only
  service.readSensor.status = 'RUNNING';
  // @ts-expect-error a task has no such verb
  await service.readSensor.pause();
  // @ts-expect-error a detector has no such member
  await service.detectors.a?.gian.set(1);
  // @ts-expect-error a detector has no such member
  await service.list[0]?.gian.set(1);
  // @ts-expect-error no client sees what is no member
  service.notExposed;
  // @ts-expect-error no client sees what holds no service
  service.numbers;
  // @ts-expect-error no client sees a plain method
  service.helper();

  const untyped = await connect(url, { token: 'x', timeout: 1000 });
  holds<Equal<typeof untyped.service, unknown>>();
  await untyped.set('range', 'low');
  for await (const { path, value } of untyped.changes({ paths: ['stage'], maxHz: 1 })) void [path, value];
  // @ts-expect-error seconds are no option
  await connect(url, { timeoutSec: 1 });
}
