import { type BindingInterface, LinuxBinding, type LinuxPortBinding } from '@serialport/bindings-cpp';
import { describe, expect, it } from 'vitest';
import { Pty } from '../../../src/port/emulation/pty.ts';
import { hangupBinding } from '../../../src/port/transport/hangup-binding.ts';

interface Poller {
  once(event: string, callback: (error: Error | null) => void): unknown;
}
type Port = Omit<LinuxPortBinding, 'poller'> & { poller: Poller };

/** An open port that was unplugged before anything is read from it, as its system's poller does not tell yet. */
async function unplugged(binding: BindingInterface) {
  const pty = Pty.open();
  const port = (await binding.open({ path: pty.path, baudRate: 9600, hupcl: false })) as Port;
  pty.close();
  const { poller } = port;
  let polls = 0;
  const tellsReadable: Poller['once'] = (_event, callback) => {
    polls++;
    callback(null);
  };
  port.poller = { once: tellsReadable };
  const reading = port.read(Buffer.alloc(16), 0, 16).then(
    () => 'bytes',
    (error: NodeJS.ErrnoException) => error.code ?? error.message,
  );
  const close = async (): Promise<void> => {
    port.poller = poller;
    await port.close();
  };
  return { reading, close, polls: () => polls };
}

describe('a read from a port that hung up', () => {
  it('is an error with the binding that labwire uses', async () => {
    const { reading, close, polls } = await unplugged(hangupBinding());
    expect(await reading).toBe('ENXIO');
    expect(polls()).toBe(1);
    await close();
  });

  it("is repeated for ever with serialport's own, without a pause or a look at the poller", async () => {
    const { reading, close, polls } = await unplugged(LinuxBinding);
    let outcome: string | undefined;
    void reading.then((value) => {
      outcome = value;
    });
    for (let turns = 0; turns < 1_000; turns++) await new Promise((resolve) => setImmediate(resolve));
    expect(outcome).toBeUndefined();
    expect(polls()).toBe(0);
    await close();
    expect(await reading).toMatch(/not open|EBADF/);
  });
});
