import { afterEach, describe, expect, it } from 'vitest';
import { openNotifySocket } from '../../../src/cli/systemd/notify-socket.ts';
import { NotifyReceiver } from './notify-receiver.ts';

const receivers: NotifyReceiver[] = [];
afterEach(async () => {
  await Promise.all(receivers.splice(0).map((receiver) => receiver.stop()));
});

async function receive(options?: { readonly abstract?: boolean }): Promise<NotifyReceiver> {
  const receiver = await NotifyReceiver.start(options);
  receivers.push(receiver);
  return receiver;
}

describe('the socket of sd_notify', () => {
  it.each([
    ['a path', false],
    ['an abstract address', true],
  ])('sends whole datagrams to %s', async (_, abstract) => {
    const receiver = await receive({ abstract });
    const socket = openNotifySocket(receiver.address);
    expect(socket.send('READY=1\nSTATUS=µ is two bytes')).toBe(true);
    expect(socket.send('WATCHDOG=1')).toBe(true);
    await receiver.until(({ length }) => length === 2);
    socket.close();
    expect(receiver.texts).toEqual(['READY=1\nSTATUS=µ is two bytes', 'WATCHDOG=1']);
  });

  it('does not wait for a receiver that takes nothing', async () => {
    const receiver = await receive();
    receiver.pause();
    const socket = openNotifySocket(receiver.address);
    let sent = 0;
    while (sent < 100_000 && socket.send('WATCHDOG=1')) sent++;
    expect(sent).toBeGreaterThan(0);
    expect(sent).toBeLessThan(100_000);
    receiver.resume();
    await receiver.until(({ length }) => length === sent);
    expect(socket.send('WATCHDOG=1')).toBe(true);
    socket.close();
  });

  it('says where nobody receives', async () => {
    const receiver = await receive();
    const socket = openNotifySocket(`${receiver.address}-not`);
    expect(() => socket.send('READY=1')).toThrow(
      /The service manager cannot be told .*: nobody receives at .*socket-not \(errno \d+\) \(NOTIFY_FAILED\)/,
    );
    socket.close();
  });

  it.each([
    ['vsock:2:1234', 'is neither a path nor begins with @'],
    ['notify', 'is neither a path nor begins with @'],
    [`/${'x'.repeat(107)}`, 'has 109 bytes, more than 108'],
    [`@${'x'.repeat(108)}`, 'has 109 bytes, more than 108'],
  ])('refuses the address %s', (address, reason) => {
    expect(() => openNotifySocket(address)).toThrow(reason);
  });

  it('takes an abstract address of the full length', async () => {
    const socket = openNotifySocket(`@${'x'.repeat(107)}`);
    expect(() => socket.send('READY=1')).toThrow('nobody receives');
    socket.close();
  });
});
