import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { FakeClock, silentLogger } from '../../../src/base/index.ts';
import { type SupervisionOptions, superviseBySystemd } from '../../../src/cli/systemd/supervision.ts';
import type { Vitals } from '../../../src/gateway/index.ts';
import { NotifyReceiver } from './notify-receiver.ts';

/** A gateway that goes its rounds by the clock, until it hangs. */
class Turning {
  readonly clock = new FakeClock();
  hangsSince = Number.POSITIVE_INFINITY;
  online = 1;
  journal: Vitals['journal'] = { state: 'ok', head: 0, committed: 0 };

  get vitals(): Vitals {
    const rounds = Math.floor(Math.min(this.clock.monotonic(), this.hangsSince) / 10_000);
    return { devices: 3, online: this.online, rounds, journal: this.journal };
  }
}

let receiver: NotifyReceiver;
let gateway: Turning;
let log: string[];
beforeEach(async () => {
  receiver = await NotifyReceiver.start();
  gateway = new Turning();
  log = [];
});
afterEach(() => receiver.stop());

function supervise(
  env: SupervisionOptions['env'] = {},
  more: Partial<SupervisionOptions> = {},
): ReturnType<typeof superviseBySystemd> {
  const tell = (text: unknown): void => void log.push(String(text));
  const supervision = superviseBySystemd({
    env: { NOTIFY_SOCKET: receiver.address, ...env },
    log: { ...silentLogger, fatal: tell, info: tell, warn: (_: unknown, text: unknown) => tell(text) } as never,
    vitals: () => gateway.vitals,
    clock: gateway.clock,
    turn: async () => {},
    pid: 42,
    ...more,
  });
  onTestFinished(() => supervision.end());
  return supervision;
}

/**
 * What arrived up to a mark: datagrams of one socket come in order. The clock goes on meanwhile, as what finds no room in
 * the socket of a busy receiver is sent again by it; more than 32 messages may not wait at once.
 */
async function received(mark: string): Promise<string[]> {
  await vi.waitFor(async () => {
    await gateway.clock.advance(100);
    expect(receiver.texts.at(-1)).toMatch(mark);
  });
  return receiver.texts;
}

describe('supervision by systemd', () => {
  it('tells that the gateway is ready, how many devices are online, and that it stops', async () => {
    const supervision = supervise();
    supervision.started();
    await gateway.clock.advance(10_000);
    gateway.online = 3;
    await gateway.clock.advance(5000);
    gateway.journal = { state: 'degraded', head: 9, committed: 0 };
    await gateway.clock.advance(5000);
    supervision.stopping();
    await gateway.clock.advance(60_000);
    expect(await received('STOPPING')).toEqual([
      'READY=1\nSTATUS=1 of 3 devices online',
      'STATUS=3 of 3 devices online',
      'STATUS=3 of 3 devices online; the journal takes nothing',
      'STOPPING=1\nSTATUS=Stopping',
    ]);
  });

  it('tells of a reload as long as one is under way, also where two overlap', async () => {
    const supervision = supervise();
    await supervision.reloading(async () => {});
    supervision.started();
    const ends: (() => void)[] = [];
    const slow = (): Promise<void> => new Promise((resolve) => ends.push(resolve));
    const reloads = [supervision.reloading(slow), supervision.reloading(slow)];
    ends[0]?.();
    await reloads[0];
    supervision.stopping();
    ends[1]?.();
    await reloads[1];
    expect(await received('STOPPING')).toEqual([
      'READY=1\nSTATUS=1 of 3 devices online',
      'RELOADING=1',
      'STOPPING=1\nSTATUS=Stopping',
    ]);
  });

  it('is ready again after a reload that failed', async () => {
    const supervision = supervise();
    supervision.started();
    await expect(supervision.reloading(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    supervision.stopping();
    expect(await received('STOPPING')).toEqual([
      expect.stringContaining('READY=1\n'),
      'RELOADING=1',
      'READY=1',
      expect.stringContaining('STOPPING=1'),
    ]);
  });

  it('feeds the watchdog twice within its limit, while the gateway goes on', async () => {
    const supervision = supervise({ WATCHDOG_USEC: '4000000', WATCHDOG_PID: '42' });
    supervision.started();
    await gateway.clock.advance(40_000);
    supervision.stopping();
    const fed = (await received('STOPPING')).filter((text) => text === 'WATCHDOG=1');
    expect(fed).toHaveLength(20);
  });

  it.each([
    ['that is of another process', { WATCHDOG_USEC: '4000000', WATCHDOG_PID: '43' }],
    ['whose limit is no number', { WATCHDOG_USEC: 'soon' }],
    ['that is off', { WATCHDOG_USEC: '0' }],
  ])('does not feed a watchdog %s', async (_, env) => {
    const supervision = supervise(env);
    supervision.started();
    await gateway.clock.advance(100_000);
    supervision.stopping();
    expect(await received('STOPPING')).not.toContain('WATCHDOG=1');
  });

  it('does not feed it while the gateway hangs, says so once, and feeds it again when that is over', async () => {
    const supervision = supervise({ WATCHDOG_USEC: '10000000' });
    supervision.started();
    gateway.hangsSince = 20_000;
    await gateway.clock.advance(60_000);
    const before = log.length;
    await gateway.clock.advance(200_000);
    expect(log).toHaveLength(before);
    expect(log).toEqual([
      'the gateway hangs: no round through devices and sinks is made any more; the watchdog of systemd is not fed until it goes on',
    ]);
    gateway.hangsSince = Number.POSITIVE_INFINITY;
    await gateway.clock.advance(5000);
    supervision.stopping();
    const texts = await received('STOPPING');
    // Each 5 s: until the last round and 35 s more, and once again at the end.
    expect(texts.filter((text) => text === 'WATCHDOG=1')).toHaveLength(20_000 / 5000 + 35_000 / 5000 + 1);
    expect(texts.at(-2)).toBe('WATCHDOG=1');
    expect(log.at(-1)).toBe('the gateway goes on; the watchdog is fed again');
  });

  it('does not feed it while the journal commits nothing and does not say why', async () => {
    const supervision = supervise({ WATCHDOG_USEC: '10000000' });
    supervision.started();
    gateway.journal = { state: 'ok', head: 12, committed: 4 };
    await gateway.clock.advance(100_000);
    supervision.stopping();
    const fed = (await received('STOPPING')).filter((text) => text === 'WATCHDOG=1');
    expect(fed).toHaveLength(8);
    expect(log).toEqual([expect.stringContaining('8 records of the journal are not committed')]);
  });

  it('does not feed it while no thread of the pool comes back', async () => {
    let release = (): void => {};
    let hangs = false;
    const turn = (): Promise<void> =>
      hangs
        ? new Promise((resolve) => {
            release = resolve;
          })
        : Promise.resolve();
    const supervision = supervise({ WATCHDOG_USEC: '10000000' }, { turn });
    supervision.started();
    await gateway.clock.advance(10_000);
    hangs = true;
    await gateway.clock.advance(100_000);
    hangs = false;
    release();
    await gateway.clock.advance(0);
    supervision.stopping();
    expect((await received('STOPPING')).filter((text) => text === 'WATCHDOG=1')).toHaveLength(3);
    expect(log).toEqual([
      expect.stringContaining('no thread is free for ports and files'),
      'the gateway goes on; the watchdog is fed again',
    ]);
  });

  it('loses nothing, and keeps the order, where systemd is too busy to receive for a while', async () => {
    receiver.pause();
    const supervision = supervise({ WATCHDOG_USEC: '1000000' });
    supervision.started();
    // More than fit the socket, fewer than wait for room.
    await gateway.clock.advance(5000);
    gateway.online = 2;
    await gateway.clock.advance(3000);
    supervision.stopping();
    receiver.resume();
    const texts = await received('STOPPING');
    expect(texts.filter((text) => text === 'WATCHDOG=1')).toHaveLength(16);
    expect(texts[0]).toContain('READY=1');
    expect(texts.indexOf('STATUS=2 of 3 devices online')).toBe(11);
    expect(texts.at(-1)).toContain('STOPPING=1');
  });

  it('goes on where nobody receives, and says so once', async () => {
    const supervision = supervise({ NOTIFY_SOCKET: '/nonexistent/notify', WATCHDOG_USEC: '1000000' });
    supervision.started();
    await gateway.clock.advance(60_000);
    supervision.stopping();
    expect(log).toEqual([expect.stringContaining('nobody receives at /nonexistent/notify')]);
  });

  it('is silent where there is no service manager', async () => {
    const supervision = supervise({ NOTIFY_SOCKET: undefined, WATCHDOG_USEC: '1000000' });
    supervision.started();
    expect(await supervision.reloading(async () => 7)).toBe(7);
    expect(gateway.clock.pending).toBe(0);
    supervision.stopping();
    expect(log).toEqual([]);
  });

  it('takes whatever stands in the environment without a fall, and without a rush', async () => {
    const text = fc.option(
      fc.oneof(fc.string(), fc.stringMatching(/^[/@]?\w{0,200}$/), fc.stringMatching(/^\d{1,20}$/)),
    );
    await fc.assert(
      fc.asyncProperty(text, text, text, async (address, usec, pid) => {
        const clock = new FakeClock();
        const supervision = superviseBySystemd({
          env: {
            ...(address !== null && { NOTIFY_SOCKET: address }),
            ...(usec !== null && { WATCHDOG_USEC: usec }),
            ...(pid !== null && { WATCHDOG_PID: pid }),
          },
          log: silentLogger,
          vitals: () => gateway.vitals,
          clock,
          turn: async () => {},
        });
        let looks = 0;
        const before = clock.setTimer.bind(clock);
        clock.setTimer = (callback, milliseconds) => {
          looks++;
          return before(callback, milliseconds);
        };
        supervision.started();
        await clock.advance(20);
        supervision.stopping();
        supervision.end();
        expect(looks).toBeLessThan(50);
        expect(clock.pending).toBe(0);
      }),
      { numRuns: 200 },
    );
  });
});
