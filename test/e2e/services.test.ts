import { resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Running } from './labwire-process.ts';

const running: Running[] = [];

afterEach(() => {
  for (const { child } of running.splice(0)) child.kill('SIGKILL');
});

/** A program of a user, run as it is. */
function program(name: string, node = process.execPath): Running {
  const one = new Running(node, [resolve(import.meta.dirname, '../fixtures/services', name)]);
  running.push(one);
  return one;
}

const lastLine = (text: string): Record<string, unknown> => JSON.parse(text.trimEnd().split('\n').at(-1) ?? '');

describe('a service of a user', () => {
  it('in plain JavaScript runs as it is, and ends cleanly with SIGTERM', async () => {
    const service = program('sensor.mjs');
    await service.until('stdout', /readSensor\.status "RUNNING"/);
    await service.until('stdout', /temperature 20\.\d+\n.*temperature 20\.\d+\n/s);
    const [, address] = await service.until('stderr', /serving SensorService on (http:[^"]+)/);
    const health = await fetch(`${address}/healthz`);
    expect([health.status, await health.json()]).toEqual([200, { ok: true, tasks: { readSensor: 'active' } }]);
    const { status, stdout, milliseconds } = await service.stop();
    expect(status).toBe(0);
    expect(stdout).toMatch(/readSensor\.status "NOT_RUNNING"\n(.*\n)*ended\n$/);
    expect(milliseconds).toBeLessThan(3000);
  });

  it('in TypeScript runs unbuilt on Node 24', async () => {
    const node24 = process.env.LABWIRE_NODE24;
    expect(node24, 'LABWIRE_NODE24 names a Node 24; scripts/test.sh sets it').toBeTruthy();
    const service = program('typed-sensor.ts', node24);
    await service.until('stdout', /range "low"/);
    await service.until('stdout', /temperature 2\d/);
    expect((await service.stop('SIGINT')).status).toBe(0);
  });

  it('T10 ends with status 1 when a task with exitOnFailure fails, the reason as the last line', async () => {
    const { status, stdout, stderr } = await program('failing.mjs').ended;
    expect([status, stdout]).toEqual([1, 'ended\n']);
    expect(lastLine(stderr)).toMatchObject({
      level: 'fatal',
      msg: expect.stringContaining(
        'Task readSensor failed, and its exitOnFailure ends the process: the sensor is on fire',
      ),
    });
  });

  it('T11 ends with status 1 when the start limit of a task with exitOnFailure is hit', async () => {
    const { status, stdout, stderr } = await program('limited.mjs').ended;
    expect([status, stdout]).toEqual([1, 'run\nrun\nrun\n']);
    expect(lastLine(stderr)).toMatchObject({ level: 'fatal', msg: expect.stringContaining('no answer') });
  });

  it('ends in under 3 s also when a body ignores its stop and holds the process', async () => {
    const service = program('stubborn.mjs');
    await service.until('stdout', /busy/);
    const { status, milliseconds, stderr } = await service.stop();
    expect(status).toBe(0);
    expect(milliseconds).toBeLessThan(3000);
    expect(stderr).toContain('abandoned');
  });

  it('ends in under 3 s also when a command of a client goes on and holds the process', async () => {
    const service = program('commanded.mjs');
    const [, address] = await service.until('stderr', /serving CommandedService on (http:[^"]+)/);
    const called = fetch(`${address}/api/v1/trigger_method`, { method: 'PUT', body: '{"access_path":"wait"}' });
    const cut = expect(called).rejects.toThrow();
    await service.until('stdout', /busy/);
    const { status, milliseconds, stderr } = await service.stop();
    await cut;
    expect(status).toBe(0);
    expect(milliseconds).toBeLessThan(3000);
    expect(stderr).toMatch(/left behind[^"]*wait/);
  });

  it('ends with status 1 when the body that ignored its stop was that of a task with exitOnFailure', async () => {
    const service = program('abandoned.mjs');
    await service.until('stdout', /busy/);
    const { status, milliseconds, stderr } = await service.stop();
    expect(status).toBe(1);
    expect(milliseconds).toBeLessThan(3000);
    expect(lastLine(stderr)).toMatchObject({ level: 'fatal', msg: expect.stringContaining('abandoned') });
  });

  it('ends at once with a second signal', async () => {
    const service = program('stubborn.mjs');
    await service.until('stdout', /busy/);
    service.child.kill('SIGINT');
    await service.until('stderr', /SIGINT: stopping/);
    const { status, milliseconds } = await service.stop('SIGINT');
    expect(status).toBe(130);
    expect(milliseconds).toBeLessThan(1000);
  });
});
