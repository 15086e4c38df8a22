import { command, DataService, reading, serviceList, serviceMap, setting, task } from '../../src/index.ts';
import { Control, type Write } from '../../src/service/index.ts';

export class Detector extends DataService {
  readonly gain = setting(1, { type: 'integer', minimum: 0, maximum: 10 });
}

/** One of everything that a client can meet. */
export class Magnet extends DataService {
  readonly current = setting(1.5, { unit: 'A', minimum: 0, maximum: 10, doc: 'Of the coil.' });
  readonly limit = setting(20, { unit: '°C', minimum: 0, maximum: 100 });
  readonly flow = setting(5, { unit: 'SCCM' });
  readonly factor = setting(0.5);
  readonly turns = setting(3, { type: 'integer' });
  readonly name = setting('coil');
  readonly armed = setting(false);
  readonly range = setting('auto', { options: ['auto', 'low', 'high'] });
  readonly steps = setting(1, { options: [1, 2, 5] });
  readonly odd = setting('_x_', { options: ['_x_', 'y'] });
  readonly fixed = setting('a', { read: () => 'a' });
  readonly temperature = reading({ unit: 'K', doc: 'Of the coil.' });
  readonly count = reading({ type: 'integer' });
  readonly state = reading({ type: 'text' });
  readonly ramp = command(
    {
      tier: 'stateful',
      doc: 'Goes to a current.',
      parameters: {
        to: { type: 'number', unit: 'A', minimum: 0, maximum: 10 },
        mode: { type: 'enum', options: ['slow', 'fast'], default: 'slow' },
        wait: { type: 'boolean', default: true },
      },
    },
    (named) => named,
  );
  readonly nothing = command({}, () => undefined);
  readonly hold = task({ doc: 'Holds the current.' }, ({ sleep }) => sleep(1000));
  readonly detectors = serviceMap<Detector>([['a', new Detector()]]);
  readonly coils = serviceList([new Detector(), new Detector()]);
  readonly secret = { gain: 1 };
  readonly #own = 1;

  get own(): number {
    return this.#own;
  }
}

export class Lab extends DataService {
  readonly magnet = new Magnet();
}

export const anna = { name: 'anna', via: 'test' };

export function lab(): { readonly root: Lab; readonly control: Control; readonly writes: Write[] } {
  const root = new Lab();
  const writes: Write[] = [];
  return { root, writes, control: new Control(root, { onWrite: (write) => writes.push(write) }) };
}
