import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { io, type Socket } from 'socket.io-client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeClock, formatPasswordHash, LabwireError, type Role } from '../../src/base/index.ts';
import type { ConfigurationInput } from '../../src/config/index.ts';
import { Gateway } from '../../src/gateway/index.ts';
import { deriveOnPool } from '../../src/server/access/scrypt.ts';
import { HttpServer, TokenBook } from '../../src/server/index.ts';

const PASSWORD = 'correct horse';
const cheap = { N: 4096, r: 8, p: 1, salt: Buffer.alloc(16, 7) };
const HASH = formatPasswordHash({ ...cheap, hash: await deriveOnPool(PASSWORD, cheap, 32) });

let folder: string;
let gateway: Gateway;
const sockets: Socket[] = [];

const configured = (users: Record<string, Role>, more: object = {}): ConfigurationInput => ({
  gateway: { id: 'lab_a' },
  server: {
    port: 0,
    users: Object.fromEntries(Object.entries(users).map(([name, role]) => [name, { role, password: HASH }])),
    ...more,
  },
});

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'labwire-gateway-access-'));
  const configuration = configured({ ada: 'admin', bob: 'operator' });
  // A busy disk may take longer to read and write tokens than the gateway waits for one that hangs.
  const clock = new FakeClock();
  gateway = new Gateway(configuration, { drivers: {}, models: [], tokenFile: join(folder, 'tokens.json'), clock });
  await gateway.start();
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.disconnect();
  await gateway.stop();
  rmSync(folder, { recursive: true });
});

const basic = (user: string): string => `Basic ${Buffer.from(`${user}:${PASSWORD}`).toString('base64')}`;

async function connected(authorization: string): Promise<Socket> {
  const socket = io(gateway.address ?? '', {
    path: '/ws/socket.io',
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
    extraHeaders: { authorization },
  });
  sockets.push(socket);
  await new Promise<void>((resolve, reject) => socket.on('connect', resolve).on('connect_error', reject));
  return socket;
}

const me = async (authorization?: string): Promise<number> =>
  (await fetch(`${gateway.address}/api/v1/me`, authorization === undefined ? {} : { headers: { authorization } }))
    .status;

describe('who may use a gateway', () => {
  it('are its users, and those to whom a token is given while it runs', async () => {
    expect(await me()).toBe(401);
    expect(await me(basic('ada'))).toBe(200);
    const token = await new TokenBook(join(folder, 'tokens.json')).create('notebook', 'viewer');
    expect(await me(`Bearer ${token}`)).toBe(200);
    await gateway.stop();
    expect(new TokenBook(join(folder, 'tokens.json')).list()[0]?.lastUsed).toBeDefined();
  });

  it('changes at once with the configuration, and nobody whose rights stay is disconnected', async () => {
    const [ada, bob] = [await connected(basic('ada')), await connected(basic('bob'))];
    const { address } = gateway;
    const cut = new Promise((resolve) => bob.on('disconnect', resolve));
    await gateway.apply(configured({ ada: 'admin', eve: 'viewer' }));
    await cut;
    expect(ada.connected).toBe(true);
    expect(gateway.address).toBe(address);
    expect([await me(basic('bob')), await me(basic('eve'))]).toEqual([401, 200]);
  });

  it('is not changed by a configuration that is refused', async () => {
    const ada = await connected(basic('ada'));
    await expect(gateway.apply(configured({}, { host: '0.0.0.0' }))).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    expect(ada.connected).toBe(true);
    expect(await me(basic('ada'))).toBe(200);
    expect(await me()).toBe(401);
  });

  it('holds up no edit where the server can neither move nor go back, and comes back with the next one', async () => {
    const start = vi.spyOn(HttpServer.prototype, 'start');
    const taken = new LabwireError('SERVER_ADDRESS', 'Cannot listen');
    start.mockRejectedValueOnce(taken).mockRejectedValueOnce(taken);
    await gateway.apply(configured({ ada: 'admin' }, { host: 'localhost' }));
    expect(start).toHaveBeenCalledTimes(2);
    expect(gateway.address).toBeUndefined();
    await gateway.apply(configured({ ada: 'admin', eve: 'viewer' }, { host: 'localhost' }));
    expect([await me(basic('bob')), await me(basic('eve'))]).toEqual([401, 200]);
    start.mockRestore();
  });

  it('is whoever is on this machine once there are no users any more', async () => {
    await gateway.apply(configured({}));
    expect(await me()).toBe(200);
  });
});
