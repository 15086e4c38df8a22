import { describe, expect, it } from 'vitest';
import { FakeClock, silentLogger } from '../../src/base/index.ts';
import { ServiceRequests } from '../../src/server/service-requests.ts';
import { Control, type Write } from '../../src/service/index.ts';
import { byHand } from '../task/bench.ts';
import { Bench } from './services.ts';

const by = { name: 'anna', via: 'http' };
const { signal } = new AbortController();

function serve() {
  const bench = new Bench();
  const writes: Write[] = [];
  const control = new Control(bench, { onWrite: (write) => writes.push(write) });
  const clock = new FakeClock();
  return { bench, clock, writes, requests: new ServiceRequests({ control, clock, log: silentLogger }) };
}

describe('a command that does not end', () => {
  it('keeps nobody from the rest of the service, however often it is called', async () => {
    const { bench, requests, writes } = serve();
    const end = byHand();
    bench.waited = end.promise;
    const hung = Array.from({ length: 256 }, () => requests.call({ access_path: 'wait' }, by, signal));
    await expect(requests.call({ access_path: 'wait' }, by, signal)).rejects.toMatchObject({
      code: 'QUEUE_FULL',
      detail: expect.stringContaining('256 writes and calls of "wait"'),
    });
    expect(writes).toMatchObject([{ path: 'wait', outcome: { code: 'QUEUE_FULL' } }]);
    await requests.update({ access_path: 'title', value: { type: 'str', value: 'x' } }, by, signal);
    await requests.call({ access_path: 'work.start' }, by, signal);
    expect([bench.title.value, bench.work.status]).toEqual(['x', 'RUNNING']);
    end.resolve();
    await Promise.all(hung);
    await requests.call({ access_path: 'wait' }, by, signal);
    await bench.work.stop();
  });

  it('is waited for no longer than 5 min', async () => {
    const { bench, clock, requests } = serve();
    bench.waited = byHand().promise;
    const waited = expect(requests.call({ access_path: 'wait' }, by, signal)).rejects.toMatchObject({
      code: 'TIMEOUT',
    });
    await clock.advance(300_000);
    await waited;
    expect(clock.pending).toBe(0);
  });
});
