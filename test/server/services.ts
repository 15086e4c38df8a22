import { command, DataService, reading, serviceList, serviceMap, setting } from '../../src/service/index.ts';
import { task } from '../../src/task/index.ts';
import { forever } from '../task/bench.ts';

export class Detector extends DataService {
  readonly gain = setting(1, { minimum: 0, maximum: 10 });
  readonly counts = reading({ type: 'integer' });
}

/** A service that has one of everything, with things beside it that nobody may ever see. */
export class Bench extends DataService {
  readonly interval = setting(1, { unit: 's', minimum: 0.01 });
  readonly range = setting('auto', { options: ['auto', 'low', 'high'] });
  readonly title = setting('none');
  readonly armed = setting(false);
  readonly fixed = setting(7, { read: () => 7 });
  readonly temperature = reading({ unit: '°C' });
  readonly first = serviceList([new Detector(), new Detector()]);
  readonly detectors = serviceMap([['a', new Detector()]]);
  readonly work = task({}, forever);
  readonly double = command({ parameters: { x: { type: 'number' } } }, async ({ x }) => 2 * x);
  readonly add = command(
    { parameters: { x: { type: 'number' }, y: { type: 'number', default: 1 } } },
    async ({ x, y }) => x + y,
  );
  readonly fail = command({}, async () => {
    throw new TypeError('it does not work');
  });
  readonly wait = command({}, () => this.waited);
  secret = 'nobody may see this';
  waited: Promise<unknown> = Promise.resolve();
}
