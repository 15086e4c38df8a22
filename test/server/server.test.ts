import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { io } from 'socket.io-client';
import { afterEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../src/base/index.ts';
import { hashPassword } from '../../src/server/access/index.ts';
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

  it('is read and controlled as pydase is, and records who changed what', async () => {
    const service = new SensorService();
    const { server, log } = serve(service);
    await server.start();
    const asked = (path: string, body?: object) =>
      fetch(`${server.address}${path}`, body && { method: 'PUT', body: JSON.stringify(body) });
    expect(await (await asked('/service-properties')).json()).toMatchObject({
      type: 'DataService',
      name: 'SensorService',
      value: { readSensor: { type: 'Task' } },
    });
    await asked('/api/v1/trigger_method', { access_path: 'readSensor.stop' });
    expect(service.readSensor.status).toBe('NOT_RUNNING');
    const value = { type: 'Quantity', value: { magnitude: 20, unit: 'ms' } };
    expect((await asked('/api/v1/update_value', { access_path: 'readoutInterval', value })).status).toBe(200);
    expect((await asked('/api/v1/update_value', { access_path: 'temperature', value })).status).toBe(400);
    expect(log.lines.filter(({ details }) => 'via' in details)).toMatchObject([
      { message: 'stop readSensor', details: { by: 'local', via: 'http' } },
      { message: 'set readoutInterval', details: { from: 0.01, to: 0.02 } },
      { message: 'set temperature refused', details: { refused: expect.stringContaining('VALUE_READ_ONLY') } },
    ]);
  });

  it('records the beginning of what is long', async () => {
    class Notes extends DataService {
      readonly text = setting('');
    }
    const { server, log } = serve(new Notes());
    await server.start();
    const set = { access_path: 'text', value: { type: 'str', value: 'x'.repeat(100_000) } };
    await fetch(`${server.address}/api/v1/update_value`, { method: 'PUT', body: JSON.stringify(set) });
    const record = log.lines.find(({ message }) => message === 'set text');
    expect(record?.details).toMatchObject({ from: '', to: `${'x'.repeat(200)}…` });
  });

  it('tells clients of errors in its log', async () => {
    class Root extends DataService {
      readonly broken = task({ restartOnException: false }, failing);
    }
    const root = new Root();
    const { server } = serve(root);
    await server.start();
    const socket = io(server.address ?? '', { path: '/ws/socket.io', transports: ['websocket'] });
    await new Promise<void>((resolve) => socket.once('connect', resolve));
    const told = new Promise((resolve) => socket.once('log', resolve));
    root.broken.start();
    expect(await told).toEqual({ levelname: 'ERROR', message: expect.stringMatching(/^broken: will not/) });
    socket.disconnect();
  });

  it('lets in who has a password where it has users, and nobody else', async () => {
    const users = { anna: { role: 'viewer', password: await hashPassword('secret') } } as const;
    const { server } = serve(new SensorService(), { users });
    await server.start();
    const status = async (headers: Record<string, string>, init: RequestInit = {}) =>
      (
        await fetch(`${server.address}/${init.method ? 'api/v1/trigger_method' : 'service-properties'}`, {
          headers,
          ...init,
        })
      ).status;
    const authorization = `Basic ${Buffer.from('anna:secret').toString('base64')}`;
    expect(await status({})).toBe(401);
    expect(await status({ authorization })).toBe(200);
    expect(await status({ authorization }, { method: 'PUT', body: '{"access_path":"readSensor.stop"}' })).toBe(403);
  });

  it('changes nothing where it is read-only', async () => {
    const service = new SensorService();
    const { server } = serve(service, { readOnly: true });
    await server.start();
    const body = JSON.stringify({ access_path: 'readSensor.stop' });
    expect((await fetch(`${server.address}/api/v1/trigger_method`, { method: 'PUT', body })).status).toBe(403);
    expect(service.readSensor.status).toBe('RUNNING');
  });

  it('is not opened to the world without credentials', () => {
    const open = () => new Server(new SensorService(), { host: '0.0.0.0', log: memoryLogger() });
    expect(open).toThrow(/give it users or a tokenFile.*CONFIG_INVALID/);
  });

  it('keeps settings over a restart', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'labwire-server-'));
    const stateFile = join(folder, 'state.json');
    const first = serve(new SensorService(), { stateFile });
    const service = new SensorService();
    // A busy disk may take longer to write than a stop waits for one that hangs.
    const { server } = serve(service, { stateFile, clock: new FakeClock() });
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
