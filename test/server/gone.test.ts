import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { gateOfThisMachine } from '../../src/server/access/index.ts';
import { buildApp } from '../../src/server/app.ts';
import { gone } from '../../src/server/gone.ts';
import { byHand } from '../task/bench.ts';

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0)) await end();
});

describe('a client that goes while its credentials are looked at', () => {
  it('leaves nothing behind', async () => {
    const looked = byHand();
    const ours = gateOfThisMachine();
    const unwatch = vi.fn();
    const gate = {
      ...ours,
      authenticate: async (...of: Parameters<typeof ours.authenticate>) => {
        await looked.promise;
        return ours.authenticate(...of);
      },
      watch: () => unwatch,
    };
    const app = buildApp({ gate });
    endings.push(() => app.close());
    const handled = byHand<boolean>();
    app.get('/late', { config: { access: 'viewer' } }, async (_, reply) => {
      handled.resolve(gone(reply).aborted);
      return 'late';
    });
    await app.ready();
    app.server.listen(0, '127.0.0.1');
    await once(app.server, 'listening');
    const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1');
    const [[, response]] = await Promise.all([
      once(app.server, 'request'),
      socket.write('GET /late HTTP/1.1\r\nhost: localhost\r\n\r\n'),
    ]);
    const closed = once(response, 'close');
    socket.destroy();
    await closed;
    looked.resolve();
    expect(await handled.promise).toBe(true);
    expect(unwatch).toHaveBeenCalledOnce();
  });
});
