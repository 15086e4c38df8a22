import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Gateway } from '../../src/index.ts';
import { Server } from '../../src/server/index.ts';
import { observe } from '../../src/service/index.ts';
import { changeNode, nodeAt, serialise, type WireNode } from '../../src/wire/index.ts';
import { EmulatedOven, OvenController, ovenModel } from '../gateway/oven.ts';
import { Bench } from '../server/services.ts';
import { memoryLogger } from '../task/bench.ts';

interface Exchange {
  readonly name: string;
  readonly event: string;
  readonly data: unknown;
  readonly answer: object | null;
  readonly after?: { readonly path: string; readonly value: unknown };
}

interface Report {
  readonly transport: string;
  readonly paths: string[];
  readonly differing: string[];
  readonly written: [string, unknown][];
  readonly tasks: string[];
  readonly answers: unknown[];
  readonly told: [string, unknown][];
}

const run = promisify(execFile);
const script = fileURLToPath(new URL('independent-client.py', import.meta.url));
const recorded = readFileSync(new URL('../fixtures/pydase/exchanges.json', import.meta.url), 'utf8');
const exchanges = JSON.parse(recorded) as Exchange[];

let bench: Bench;
let server: Server;
let changes: [string, unknown][];
let end: () => void;

beforeEach(async () => {
  bench = new Bench();
  server = new Server(bench, { port: 0, log: memoryLogger() });
  await server.start();
  changes = [];
  end = observe(bench, (change) => {
    changes.push([change.path, JSON.parse(JSON.stringify(changeNode(bench, change)?.value))]);
  });
});

afterEach(async () => {
  end();
  await server.stop();
});

async function clientReports(transport: string, address = server.address, sent = recorded): Promise<Report> {
  const started = run('/usr/bin/python3', [script, address ?? '', transport], { timeout: 120_000 });
  started.child.stdin?.end(sent);
  return JSON.parse((await started).stdout) as Report;
}

function* pathsOf(node: WireNode): Generator<string> {
  yield node.full_access_path;
  const below = node.value;
  if (!['DataService', 'Task', 'dict', 'list'].includes(node.type) || typeof below !== 'object' || !below) return;
  for (const child of Object.values(below)) yield* pathsOf(child as WireNode);
}

describe('a socket.io client that shares nothing with labwire', () => {
  it.each([
    ['websocket', 'websocket'],
    ['polling', 'polling'],
    ['upgrade', 'websocket'],
  ])('walks the whole tree, sets, starts and stops, and gets every notification, by %s', async (way, transport) => {
    const paths = [...pathsOf(serialise(bench))];
    const report = await clientReports(way);
    expect(report.transport).toBe(transport);
    expect(report.paths).toEqual(paths);
    expect(report.differing).toEqual([]);
    expect(report.written.map(([path]) => path)).toEqual([
      'interval',
      'range',
      'title',
      'armed',
      'first[0].gain',
      'first[1].gain',
      'detectors["a"].gain',
    ]);
    expect(report.tasks).toEqual(['work']);
    expect(report.told).toEqual(changes);
    expect(report.answers).toEqual(
      exchanges.map(({ answer }) => (answer === null ? null : expect.objectContaining(answer))),
    );
    for (const { after } of exchanges) if (after) expect(nodeAt(bench, after.path).value).toEqual(after.value);
  });

  it('does so with a gateway: its devices, their channels that can be written, its sinks', async () => {
    const instrument = new EmulatedOven();
    const gateway = new Gateway(
      {
        gateway: { id: 'lab' },
        server: { port: 0 },
        devices: { oven: { model: 'oven-1', port: { emulated: true }, timing: { reply: '30s' } } },
      },
      { drivers: { oven: OvenController }, models: [ovenModel], emulators: { 'oven-1': () => instrument } },
    );
    await gateway.start();
    try {
      await expect.poll(() => nodeAt(gateway.service, 'oven.setpoint').value).toMatchObject({});
      const wanted = [{ event: 'get_value', data: 'oven.setpoint' }];
      const report = await clientReports('websocket', gateway.address, JSON.stringify(wanted));
      expect(report.differing).toEqual([]);
      expect(report.written).toEqual([
        ['oven.interval', { magnitude: 1.05, unit: 's' }],
        ['oven.setpoint', { magnitude: 21, unit: 'degC' }],
      ]);
      expect(report.tasks).toEqual(['oven.acquire']);
      // The task was started anew at the end: until its first poll the channel has no value.
      expect(report.answers).toMatchObject([{ full_access_path: 'oven.setpoint', readonly: false }]);
      await expect
        .poll(() => nodeAt(gateway.service, 'oven.setpoint').value)
        .toMatchObject({ magnitude: 21, unit: 'degC' });
      expect(instrument.setpoint).toBe(21);
    } finally {
      await gateway.stop();
    }
  });
});
