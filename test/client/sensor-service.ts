import { command, DataService, reading, serviceList, serviceMap, setting } from '../../src/service/index.ts';
import { task } from '../../src/task/index.ts';

export class Detector extends DataService {
  readonly gain = setting(1);
}

export class Stage extends DataService {
  readonly speed = setting(3, { type: 'integer' });
}

/** What `sensorTree()` is the tree of. */
export class SensorService extends DataService {
  readonly readoutInterval = setting(1, { unit: 's', minimum: 0.01 });
  readonly range = setting('auto', { options: ['auto', 'low', 'high'] });
  readonly temperature = reading({ unit: '°C' });
  readonly zero = command({ parameters: { at: { type: 'number', unit: '°C' } } }, async (_: { at: number }) => {});
  readonly echo = command({ parameters: { word: { type: 'text' } } }, ({ word }) => word);
  readonly detectors = serviceMap<Detector>();
  readonly list = serviceList<Detector>();
  readonly stages = [new Stage()];
  readonly stage = new Stage();
  readonly readSensor = task({ autostart: true }, async () => {});
  readonly notExposed = 5;
}
