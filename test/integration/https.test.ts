import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { createServer, request } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { io } from 'socket.io-client';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeClock, formatPasswordHash, silentLogger } from '../../src/base/index.ts';
import { Connections } from '../../src/server/connections.ts';
import { AccessControl, gateOf, HttpServer, type TlsFiles } from '../../src/server/index.ts';
import { Control, DataService } from '../../src/service/index.ts';
import { type Certificates, makeCertificates } from './certificates.ts';

let first: Certificates;
let second: Certificates;
let folder: string;
let tls: TlsFiles;
beforeAll(async () => {
  [first, second] = await Promise.all([makeCertificates(), makeCertificates()]);
  folder = mkdtempSync(join(tmpdir(), 'labwire-https-'));
  tls = { cert: join(folder, 'server.crt'), key: join(folder, 'server.key') };
});
afterAll(async () => {
  await first.remove();
  await second.remove();
  rmSync(folder, { recursive: true });
});

/** As a renewal does: one file after the other. */
function install({ server }: Certificates): void {
  for (const name of ['cert', 'key'] as const) {
    copyFileSync(server[name], `${tls[name]}.new`);
    renameSync(`${tls[name]}.new`, tls[name]);
  }
}
beforeEach(() => install(first));

/** The fingerprint of the certificate that is shown. */
function shown(url: string, { ca }: Certificates): Promise<string> {
  return new Promise((resolve, reject) => {
    const asking = request(`${url}/healthz`, { ca: readFileSync(ca), agent: false }, (response) => {
      response.resume().on('end', () => resolve((response.socket as TLSSocket).getPeerCertificate().fingerprint256));
    });
    asking.on('error', reject).end();
  });
}

describe('https', () => {
  it('is served with the certificate that is given, socket.io too, and nothing without TLS', async () => {
    const server = new HttpServer({ health: () => ({ ok: true }), control: new Control(new DataService()) });
    await server.start({ host: '127.0.0.1', port: 0, tls });
    const url = server.address ?? '';
    try {
      expect(url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
      expect(await shown(url, first)).toMatch(/^[0-9A-F:]+$/);
      await expect(shown(url, second)).rejects.toThrow();
      await expect(fetch(url.replace('https', 'http'))).rejects.toThrow();
      const options = {
        path: '/ws/socket.io',
        transports: ['websocket'],
        ca: readFileSync(first.ca),
        reconnection: false,
      };
      const socket = io(url, options as unknown as Parameters<typeof io>[1]);
      await new Promise<void>((resolve, reject) => socket.on('connect', resolve).on('connect_error', reject));
      socket.disconnect();
    } finally {
      await server.stop();
    }
  });

  it('knows by which connection somebody waits, and gives up one that has not even agreed on keys', async () => {
    const server = createServer({ cert: readFileSync(first.server.cert), key: readFileSync(first.server.key) });
    new Connections(2).watch(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      const asking = request({ port, host: '127.0.0.1', ca: readFileSync(first.ca), agent: false }).end();
      const answered = once(asking, 'response');
      const [, response] = await once(server, 'request');
      const silent = connect(port, '127.0.0.1').resume();
      await once(server, 'connection');
      const next = connect(port, '127.0.0.1');
      await once(silent, 'close');
      next.destroy();
      response.end();
      await answered;
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it('lets the cookie of who logs in never leave without encryption', async () => {
    const salt = Buffer.alloc(16, 1);
    const password = formatPasswordHash({ N: 4096, r: 8, p: 1, salt, hash: Buffer.alloc(32, 2) });
    const settings = { host: '127.0.0.1', users: { ada: { role: 'viewer', password } }, origins: [] } as const;
    const gate = gateOf(new AccessControl(settings, { derive: async () => Buffer.alloc(32, 2) }));
    const server = new HttpServer({ health: () => ({ ok: true }), gate });
    await server.start({ host: '127.0.0.1', port: 0, tls });
    try {
      const headers = { 'content-type': 'application/json' };
      const options = { method: 'POST', headers, ca: readFileSync(first.ca), agent: false };
      const asking = request(`${server.address}/api/v1/login`, options).end('{"user":"ada","password":"x"}');
      const [response] = (await once(asking, 'response')) as [IncomingMessage];
      expect(response.resume().headers['set-cookie']?.[0]).toMatch(/; HttpOnly; Secure; SameSite=Strict$/);
    } finally {
      await server.stop();
    }
  });

  it('goes over to a renewed certificate while it is served, and keeps the old one while the new is not right', async () => {
    const clock = new FakeClock();
    const log = { ...silentLogger, error: vi.fn(), info: vi.fn() };
    const server = new HttpServer({ health: () => ({ ok: true }), clock, log });
    await server.start({ host: '127.0.0.1', port: 0, tls });
    const url = server.address ?? '';
    try {
      const before = await shown(url, first);
      writeFileSync(tls.cert, readFileSync(second.server.cert));
      await clock.advance(60_000);
      await vi.waitFor(() => expect(log.error).toHaveBeenCalledOnce());
      expect(log.error.mock.calls[0]?.[0]).toMatchObject({ err: { code: 'SERVER_CERTIFICATE' } });
      expect(await shown(url, first)).toBe(before);
      install(second);
      await clock.advance(60_000);
      await vi.waitFor(() => expect(log.info.mock.calls.flat().join()).toContain('was read again'));
      expect(await shown(url, second)).not.toBe(before);
      expect(log.error).toHaveBeenCalledTimes(1);
    } finally {
      await server.stop();
    }
    expect(clock.pending).toBe(0);
  });

  it.each([
    ['a file that is not there', () => rmSync(tls.key)],
    ['a file that holds none', () => writeFileSync(tls.cert, 'no certificate')],
    ['a key of another certificate', () => copyFileSync(second.server.key, tls.key)],
  ])('is not served with %s, and the reason is told', async (_what, spoil) => {
    spoil();
    const server = new HttpServer({ health: () => ({ ok: true }) });
    const starting = server.start({ host: '127.0.0.1', port: 0, tls });
    await expect(starting).rejects.toMatchObject({
      code: 'SERVER_CERTIFICATE',
      message: expect.stringContaining(tls.cert),
    });
    expect(server.address).toBeUndefined();
  });
});
