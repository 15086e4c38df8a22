/** Compiled, never run: what a driver may say of a channel that can be written. */
import { channel, Instrument, task, type WritableChannel } from '../../src/index.ts';

export class Oven extends Instrument {
  readonly setpoint: WritableChannel = channel({ write: (value) => this.link.query(`SP ${value.toFixed(1)}`) });
  readonly mode = channel<string>({
    write: (mode) => this.link.send(mode.trim()),
    read: () => this.link.query('MODE?'),
  });
  readonly armed = channel<boolean>({ write: (on) => this.link.send(on ? 'ON' : 'OFF'), read: async () => true });
  // @ts-expect-error what is read back is what can be written
  readonly wrong = channel<boolean>({ write: (on) => this.link.send(`${on}`), read: () => 'ON' });
  // @ts-expect-error a channel that can be written says how
  readonly mute = channel({});
  readonly acquire = task({}, async () => {});
}
