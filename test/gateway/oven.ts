import {
  channel,
  command,
  type EmulatedInstrument,
  type EmulatedLine,
  Instrument,
  type ModelInput,
  setting,
  task,
} from '../../src/index.ts';

/** A controller with a setpoint, as a user would write its driver: `T?`, `SP?` and `SP <number>`. */
export class OvenController extends Instrument {
  readonly interval = setting(0.05, { unit: 's', minimum: 0.01 });
  readonly setpoint = channel({
    write: async (value) => this.link.query(`SP ${value}`),
    read: async () => Number(await this.link.query('SP?')),
  });
  readonly zero = command({ tier: 'destructive', parameters: { at: { type: 'number', unit: '°C' } } }, ({ at }) => at);
  readonly acquire = task({ autostart: true }, async ({ every }) => {
    for await (const _ of every(this.interval)) {
      const temperature = Number(await this.link.query('T?'));
      this.record({ temperature, setpoint: Number(await this.link.query('SP?')), log: 'warm' });
    }
  });
}

/** The one behind it: goes in whole steps, and is as warm as it is told to be. */
export class EmulatedOven implements EmulatedInstrument {
  setpoint = 20;

  connect(line: EmulatedLine): void {
    line.onReceive((bytes) => {
      const question = bytes.toString('latin1').trim();
      const [, value] = /^SP (.+)$/.exec(question) ?? [];
      if (value !== undefined) this.setpoint = Math.round(Number(value));
      line.send(question === 'T?' ? `${this.setpoint}\n` : question === 'SP?' ? `${this.setpoint}\n` : 'OK\n');
    });
  }

  disconnect(): void {}
}

export const ovenModel: ModelInput = {
  id: 'oven-1',
  driver: 'oven',
  framing: { lines: '\n' },
  channels: {
    temperature: { unit: '°C', quantity: 'temperature', range: [0, 300], label: 'Inside' },
    setpoint: { unit: '°C', quantity: 'temperature', range: [0, 250] },
    // Also the name of a field of the driver: that is nobody else's business.
    log: { type: 'enum', options: ['cold', 'warm'] },
    unused: { unit: '°C' },
  },
};
