import { drivers, models } from '../../drivers/index.ts';
import { emulators, LineEmulator, Nmea0183Emulator, sentence } from '../../mocks/index.ts';
import {
  bad,
  type ConfigurationInput,
  type GatewayParts,
  Instrument,
  type InstrumentClass,
  type RecordValues,
  task,
  uncertain,
} from '../../src/index.ts';

/** A driver of which every third value of each channel is uncertain, and every third bad. */
function doubting(Driver: InstrumentClass): InstrumentClass {
  return class extends Driver {
    readonly #counts = new Map<string, number>();

    protected override record(values: RecordValues, at?: number): void {
      const judged = Object.entries(values).map(([id, value]) => [id, this.#judge(id, value)]);
      super.record(Object.fromEntries(judged), at);
    }

    #judge(id: string, value: RecordValues[string]): RecordValues[string] {
      if (value === undefined || typeof value === 'object') return value;
      const count = (this.#counts.get(id) ?? 0) + 1;
      this.#counts.set(id, count);
      if (count % 3 === 1) return uncertain(value, 'warming_up');
      return count % 3 === 2 ? bad('sensor_fault') : value;
    }
  };
}

/** Says a few things and fails, until its task is given up. */
class Flaky extends Instrument {
  readonly acquire = task({ autostart: true, restartSec: 0.2 }, async ({ sleep }) => {
    for (const state of ['idle', 'run', 'idle']) {
      this.record({ level: 3.25, state, open: state === 'run', count: 7, note: `it is "${state}"` }, Date.now() * 1000);
      await sleep(0.05);
    }
    throw new Error("it's broken");
  });
}

class Ship extends Nmea0183Emulator {
  protected override word(): string {
    return super.word() + ['SDDPT,12.3,0.5', 'HEHDT,187.3,T', 'YXMTW,11.2,C'].map(sentence).join('');
  }
}

/** What the labels, tags and measurements of a site may be. */
export const AWKWARD = 'Große "Waage" $device [[gateway]] \\ it\'s, 2=µ';

const balance = (words: string) => ({
  ...{ model: 'line', port: { emulated: true as const }, measurement: `$device ${AWKWARD}`, label: AWKWARD },
  ...{ tags: { room: AWKWARD, floor: '1' } },
  line: {
    format: 'json' as const,
    channels: { m: { unit: 'g', resolution: 0.01, label: words }, stable: { type: 'boolean' as const } },
  },
});

/** A gateway with an instrument of each kind, two of one measurement, and one that fails. */
export function demoSite(influxUrl: string): { configuration: ConfigurationInput; parts: GatewayParts } {
  return {
    configuration: {
      gateway: { id: 'demo', tags: { building: 'Å 1' } },
      influx: { url: influxUrl, database: 'lab' },
      files: { name: 'disk', path: '/dev/null/nowhere' },
      server: { port: 0 },
      devices: {
        cryostat: {
          ...{ model: 'lakeshore-218', port: { emulated: true }, interval: 1 },
          channels: { input1: { name: 'stage1', label: AWKWARD }, input2: { name: 'stage2', label: 'Stage 2' } },
        },
        ship: { model: 'nmea0183', port: { emulated: true } },
        meter: {
          ...{ model: 'modbus', port: { emulated: true }, interval: 0.5 },
          modbus: {
            channels: {
              volts: { input: 3, as: 'uint16', unit: 'V', range: [0, 300] },
              energy: { input: 5, as: 'uint32', unit: 'kWh', kind: 'total_increasing' },
            },
          },
        },
        balance1: balance('Left'),
        balance2: balance(AWKWARD),
        flaky: {
          ...{ model: 'flaky', port: { emulated: true } },
          tasks: { acquire: { startLimitIntervalSec: 60, startLimitBurst: 1 } },
        },
      },
    },
    parts: {
      drivers: {
        ...Object.fromEntries(Object.entries(drivers).map(([name, driver]) => [name, doubting(driver)])),
        flaky: doubting(Flaky),
      },
      models: [
        models,
        {
          id: 'flaky',
          driver: 'flaky',
          channels: {
            level: { quantity: 'level', unit: 'mm' },
            state: { type: 'enum', options: ['idle', 'run'] },
            open: { type: 'boolean' },
            count: { type: 'integer' },
            note: { type: 'text' },
          },
        },
      ],
      emulators: {
        ...emulators,
        nmea0183: () => new Ship(),
        line: () => new LineEmulator({ text: () => '{"m":12.34,"stable":true}' }),
        flaky: () => new LineEmulator(),
      },
    },
  };
}
