import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Server, type ServerOptions } from '../../src/server/index.ts';
import { DataService, observe, reading, setting } from '../../src/service/index.ts';
import { task } from '../../src/task/index.ts';
import { byHand, failing, forever, memoryLogger } from '../task/bench.ts';

/** The example of TASKS.md, with a sensor that warms up by a degree with each reading. */
class SensorService extends DataService {
  readonly readoutInterval = setting(0.01, { unit: 's', minimum: 0.01 });
  readonly temperature = reading({ unit: '°C' });
  #degrees = 20;

  readonly readSensor = task({ autostart: true, doc: 'Reads the sensor for ever.' }, async ({ every }) => {
    for await (const _ of every(this.readoutInterval)) this.temperature.value = await this.#read();
  });

  async #read(): Promise<number> {
    return this.#degrees++;
  }
}

const servers: Server[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
  process.exitCode = undefined;
});

function serve(service: DataService, options: ServerOptions = {}) {
  const log = memoryLogger();
  const server = new Server(service, { port: 0, log, ...options });
  servers.push(server);
  return { server, log };
}

/** Resolves with the first value of a path that passes. */
function seen(service: DataService, path: string, passes: (value: unknown) => boolean): Promise<void> {
  const found = byHand();
  const end = observe(service, (change) => {
    if (change.path !== path || !passes(change.value)) return;
    end();
    found.resolve();
  });
  return found.promise;
}

describe('Server', () => {
  it('runs the example of TASKS.md: starts the autostart tasks, and returns after a clean stop', async () => {
    const service = new SensorService();
    const { server, log } = serve(service);
    const warm = seen(service, 'temperature', (value) => (value as number) >= 22);
    const ran = server.run();
    await warm;
    expect(service.readSensor.status).toBe('RUNNING');
    await server.stop();
    await ran;
    expect([service.readSensor.status, service.readSensor.result]).toEqual(['NOT_RUNNING', 'success']);
    expect(process.exitCode).toBeUndefined();
    expect(log.lines.filter(({ level }) => level !== 'info')).toEqual([]);
  });

  it('leaves no signal handler behind', async () => {
    const before = process.listenerCount('SIGTERM') + process.listenerCount('SIGINT');
    const service = new SensorService();
    const { server } = serve(service);
    const started = seen(service, 'readSensor.status', (value) => value === 'RUNNING');
    const ran = server.run();
    await started;
    expect(process.listenerCount('SIGTERM') + process.listenerCount('SIGINT')).toBe(before + 2);
    await server.stop();
    await ran;
    expect(process.listenerCount('SIGTERM') + process.listenerCount('SIGINT')).toBe(before);
  });

  it('answers /healthz with the states of its tasks, 503 once one has given up', async () => {
    class Root extends DataService {
      readonly fine = task({ autostart: true }, forever);
      readonly broken = task({ restartOnException: false }, failing);
    }
    const root = new Root();
    const { server } = serve(root);
    await server.start();
    const ask = async (path: string, method = 'GET') => {
      const response = await fetch(`${server.address}${path}`, { method });
      return { status: response.status, body: await response.json() };
    };
    expect(await ask('/healthz')).toEqual({
      status: 200,
      body: { ok: true, tasks: { fine: 'active', broken: 'inactive' } },
    });
    const failed = seen(root, 'broken.state', (value) => value === 'failed');
    root.broken.start();
    await failed;
    expect(await ask('/healthz?verbose')).toMatchObject({ status: 503, body: { ok: false } });
    expect((await ask('/')).status).toBe(404);
    expect((await ask('/healthz', 'POST')).status).toBe(405);
    await server.stop();
    expect(server.address).toBeUndefined();
  });

  it('says what to do when its address is taken, and starts nothing', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const service = new SensorService();
    const { server } = serve(service, { port });
    await expect(server.run()).rejects.toThrow(/another program.*SERVER_ADDRESS/);
    expect(service.readSensor.status).toBe('NOT_RUNNING');
    other.close();
  });

  it('T10 stops cleanly with exit code 1 when a task with exitOnFailure fails, the reason as the last line', async () => {
    class Root extends DataService {
      readonly fine = task({ autostart: true }, forever);
      readonly broken = task({ autostart: true, restartOnException: false, exitOnFailure: true }, failing);
    }
    const root = new Root();
    const { server, log } = serve(root);
    await server.run();
    expect([process.exitCode, root.fine.state]).toEqual([1, 'inactive']);
    expect(log.lines.at(-1)).toMatchObject({
      level: 'fatal',
      message: expect.stringContaining('Task broken failed, and its exitOnFailure ends the process: no answer'),
    });
  });

  it('keeps settings over a restart', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'labwire-server-'));
    const stateFile = join(folder, 'state.json');
    const first = serve(new SensorService(), { stateFile });
    const service = new SensorService();
    const { server } = serve(service, { stateFile });
    await server.start();
    await service.readoutInterval.set(0.5);
    await server.stop();
    await first.server.stop();
    const again = new SensorService();
    await serve(again, { stateFile }).server.start();
    expect(again.readoutInterval.value).toBe(0.5);
    rmSync(folder, { recursive: true });
  });

  it('listens no more when it is stopped in mid-start, or before', async () => {
    const { server } = serve(new SensorService());
    const run = server.run();
    await server.stop();
    expect([await run, server.address]).toEqual([0, undefined]);
    await server.start();
    expect(server.address).toBe(undefined);
  });

  it('may be stopped before it was started, and more than once', async () => {
    const { server } = serve(new SensorService());
    await server.stop();
    await server.stop();
    expect(server.address).toBeUndefined();
  });
});
