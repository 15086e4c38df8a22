import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/base/index.ts';
import { Server, TokenBook } from '../../src/server/index.ts';
import { SensorService } from '../client/sensor-service.ts';
import { WireServer } from '../client/wire-server.ts';

const root = resolve(import.meta.dirname, '../..');

let folder: string;
let script: string;
let server: WireServer;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'labwire-browser-'));
  const client = JSON.stringify(join(root, 'dist/src/client/index.js'));
  writeFileSync(join(folder, 'page.js'), `import * as client from ${client};\nglobalThis.labwire = client;\n`);
  await build({
    root: folder,
    configFile: false,
    logLevel: 'warn',
    build: { outDir: 'out', lib: { entry: 'page.js', formats: ['es'], fileName: () => 'page.js' }, minify: false },
  });
  script = readFileSync(join(folder, 'out/page.js'), 'utf8');
  server = await new WireServer({
    http: ({ url }, response) => {
      if (url?.startsWith('/ws/')) return;
      response.setHeader('content-type', url === '/page.js' ? 'text/javascript' : 'text/html');
      response.end(url === '/page.js' ? script : '<script type="module" src="/page.js"></script>');
    },
  }).start();
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  });
  page = await browser.newPage();
  await page.goto(server.url);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
  rmSync(folder, { recursive: true });
});

/** Runs in the page, with the client of `labwire/client` that is made there. */
function inPage(code: string): Promise<unknown> {
  return page.evaluate(`(async ({ connect }) => { ${code} })(labwire)`);
}

describe('the client in a browser', () => {
  it('is bundled without anything of Node', () => {
    expect(script.match(/^import .*|.*__vite-browser-external.*|.*["']node:.*/gm)).toBeNull();
  });

  it('reads, sets, calls, starts and follows changes', async () => {
    expect(
      await inPage(`
        const client = await connect(location.origin);
        const { service } = client;
        const change = client.changes({ paths: ['range'] }).next();
        await service.range.set('low');
        await service.readSensor.start();
        const seen = {
          temperature: service.temperature.value,
          change: (await change).value.value,
          status: service.readSensor.status,
          word: await service.echo({ word: 'from a page' }),
          server: client.server.name,
        };
        client.close();
        return seen;`),
    ).toEqual({ temperature: 21.5, change: 'low', status: 'RUNNING', word: 'from a page', server: 'labwire' });
  });

  it('sends its token, which a page cannot do with a WebSocket', async () => {
    server.headers.length = 0;
    await inPage(`
      const client = await connect(location.origin, { token: 'of a page' });
      client.close();`);
    expect(server.headers).toEqual([expect.objectContaining({ authorization: 'Bearer of a page' })]);
  });

  it('comes back after an outage', async () => {
    const told = inPage(`
      const client = await connect(location.origin);
      const change = client.changes({ paths: ['stage'] }).next();
      globalThis.connected = true;
      const { value } = await change;
      client.close();
      return value.value;`);
    await page.waitForFunction('globalThis.connected');
    server.change('stage.speed', 8);
    server.cut();
    expect(await told).toBe(8);
  });

  it('speaks from a page of another server only where that is listed, and by a token', async () => {
    const tokenFile = join(folder, 'tokens.json');
    const token = await new TokenBook(tokenFile).create('page', 'operator');
    const service = new SensorService();
    const listing = new Server(service, { port: 0, tokenFile, origins: [server.url], log: silentLogger });
    const silent = new Server(new SensorService(), { port: 0, tokenFile, log: silentLogger });
    await Promise.all([listing.start(), silent.start()]);
    const from = (url = '', options: object = {}): Promise<unknown> =>
      inPage(`
        try {
          const client = await connect('${url}', ${JSON.stringify(options)});
          await client.service.range.set('low');
          client.close();
          return client.service.range.value;
        } catch (error) {
          return error.code;
        }`);
    try {
      expect(await from(listing.address, { token })).toBe('low');
      expect(service.range.value).toBe('low');
      expect(await from(listing.address, { token: 'wrong' })).toBe('UNAUTHENTICATED');
      // A browser does not let a page know why.
      expect(await from(silent.address, { token })).toMatch(/^(FORBIDDEN|GATEWAY_UNREACHABLE)$/);
    } finally {
      await Promise.all([listing.stop(), silent.stop()]);
    }
  });
});
