import { type ConfigurationInput, Instrument, type ModelInput, setting, task, z } from '../../src/index.ts';

/** A driver as a user would write it: asks `T?` and gets a number. */
export class Thermometer extends Instrument {
  static readonly options = z.strictObject({ question: z.string().default('T?') }).prefault({});

  readonly interval = setting(1, { unit: 's', minimum: 0.01 });
  readonly span = setting('low', { options: ['low', 'high'] });
  readonly acquire = task({ autostart: true, restartSec: 0.2 }, async ({ every, signal }) => {
    const { question } = this.options as { question: string };
    for await (const _ of every(this.interval)) {
      this.record({ temperature: Number(await this.link.query(question, { signal })) });
    }
  });
}

export const thermometerModel: ModelInput = {
  id: 'thermo-1',
  manufacturer: 'Own build',
  model: 'T-1',
  driver: 'thermometer',
  framing: { lines: '\n' },
  // A machine with much to do halts a process for some tenths of a second.
  timing: { reply: 5, retries: 0 },
  channels: { temperature: { unit: '°C', quantity: 'temperature' } },
  source: 'the test itself',
};

export const thermometerParts = { drivers: { thermometer: Thermometer }, models: [thermometerModel] };

export function withThermometer(
  device: Record<string, unknown> = {},
  rest: Partial<ConfigurationInput> = {},
): ConfigurationInput {
  return {
    gateway: { id: 'lab' },
    server: { port: 0 },
    ...rest,
    devices: { oven: { model: 'thermo-1', port: { path: '/dev/null' }, ...device } },
  };
}
