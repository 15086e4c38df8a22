import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gateOfThisMachine } from '../../src/server/access/index.ts';
import { HttpServer, type Principal } from '../../src/server/index.ts';
import { Control, type Write } from '../../src/service/index.ts';
import { serialise } from '../../src/wire/index.ts';
import { byHand } from '../task/bench.ts';
import { Bench } from './services.ts';

let bench: Bench;
let control: Control;
let writes: Write[];
let server: HttpServer;

beforeEach(async () => {
  bench = new Bench();
  writes = [];
  control = new Control(bench, { onWrite: (write) => writes.push(write) });
  server = new HttpServer({ health: () => ({ ok: true }), control });
  await server.start({ host: '127.0.0.1', port: 0 });
});

afterEach(() => server.stop());

async function ask(path: string, init?: RequestInit) {
  const response = await fetch(`${server.address}${path}`, init);
  const text = await response.text();
  return { status: response.status, body: text === '' ? '' : JSON.parse(text) };
}

const put = (path: string, body: unknown, headers: Record<string, string> = { 'content-type': 'application/json' }) =>
  ask(path, { method: 'PUT', headers, body: typeof body === 'string' ? body : JSON.stringify(body) });

const float = (value: number) => ({ full_access_path: '', type: 'float', value, readonly: false, doc: null });
const dict = (value: object) => ({ full_access_path: '', type: 'dict', value, readonly: false, doc: null });
const list = (value: unknown[]) => ({ full_access_path: '', type: 'list', value, readonly: false, doc: null });

describe('the service over REST', () => {
  it('gives the whole tree and every value', async () => {
    expect(await ask('/service-properties')).toEqual({
      status: 200,
      body: JSON.parse(JSON.stringify(serialise(bench))),
    });
    expect(await ask('/api/v1/get_value?access_path=detectors[%22a%22].gain')).toMatchObject({
      status: 200,
      body: { full_access_path: 'detectors["a"].gain', type: 'float', value: 1 },
    });
    expect(await ask('/api/v1/get_value?access_path=work.status')).toMatchObject({
      status: 200,
      body: { type: 'Enum', value: 'NOT_RUNNING' },
    });
  });

  it('sets, calls, and starts and stops tasks', async () => {
    expect(await put('/api/v1/update_value', { access_path: 'first[1].gain', value: float(2.5) })).toEqual({
      status: 200,
      body: '',
    });
    expect(bench.first.at(1)?.gain.value).toBe(2.5);
    const added = { access_path: 'add', args: list([]), kwargs: dict({ x: float(3) }) };
    expect(await put('/api/v1/trigger_method', added)).toMatchObject({ status: 200, body: { value: 4 } });
    expect(await put('/api/v1/trigger_method', { access_path: 'work.start' })).toMatchObject({
      status: 200,
      body: { type: 'NoneType', value: null },
    });
    expect(bench.work.status).toBe('RUNNING');
    await put('/api/v1/trigger_method', { access_path: 'work.stop', args: null, kwargs: null });
    expect(bench.work.status).toBe('NOT_RUNNING');
  });

  it('takes JSON under any name, as pydase does', async () => {
    const body = { access_path: 'title', value: { type: 'str', value: 'cold' } };
    expect((await put('/api/v1/update_value', body, {})).status).toBe(200);
    expect(
      (await put('/api/v1/update_value', body, { 'content-type': 'application/x-www-form-urlencoded' })).status,
    ).toBe(200);
    expect(bench.title.value).toBe('cold');
  });

  it.each([
    ['an unknown path', 'GET', '/api/v1/get_value?access_path=nothing', undefined],
    ['what is not exposed', 'GET', '/api/v1/get_value?access_path=secret', undefined],
    ['a prototype', 'GET', '/api/v1/get_value?access_path=__proto__', undefined],
    ['a constructor', 'GET', '/api/v1/get_value?access_path=work.constructor', undefined],
    ['a missing path', 'GET', '/api/v1/get_value', undefined],
    ['two paths', 'GET', '/api/v1/get_value?access_path=title&access_path=title', undefined],
    ['a malformed path', 'GET', '/api/v1/get_value?access_path=first[', undefined],
    ['no body', 'PUT', '/api/v1/update_value', undefined],
    ['a body that is no JSON', 'PUT', '/api/v1/update_value', '{"access_path"'],
    ['a list', 'PUT', '/api/v1/update_value', '[]'],
    ['null', 'PUT', '/api/v1/trigger_method', 'null'],
    ['a missing value', 'PUT', '/api/v1/update_value', '{"access_path":"title"}'],
    ['a wrong type', 'PUT', '/api/v1/update_value', '{"access_path":"title","value":{"type":"int","value":1}}'],
    [
      'a value out of range',
      'PUT',
      '/api/v1/update_value',
      '{"access_path":"interval","value":{"type":"float","value":0}}',
    ],
    ['a reading', 'PUT', '/api/v1/update_value', '{"access_path":"temperature","value":{"type":"float","value":0}}'],
    ['a service', 'PUT', '/api/v1/update_value', '{"access_path":"","value":{"type":"float","value":0}}'],
    ['poison', 'PUT', '/api/v1/update_value', '{"__proto__":{"a":1},"access_path":"title"}'],
    ['a missing argument', 'PUT', '/api/v1/trigger_method', '{"access_path":"double"}'],
    ['what is no method', 'PUT', '/api/v1/trigger_method', '{"access_path":"title"}'],
    ['too much', 'PUT', '/api/v1/update_value', JSON.stringify({ access_path: 'title', value: 'x'.repeat(1.1e6) })],
  ])('answers %s with 400 and an Exception node, and changes nothing', async (_, method, path, body) => {
    const before = JSON.stringify(serialise(bench));
    const headers = { 'content-type': 'application/json' };
    const answer = await ask(path, { method, headers, ...(body !== undefined && { body }) });
    expect(answer).toMatchObject({ status: 400, body: { type: 'Exception', value: expect.any(String) } });
    expect(JSON.stringify(serialise(bench))).toBe(before);
  });

  it('answers with what a command threw', async () => {
    expect(await put('/api/v1/trigger_method', { access_path: 'fail' })).toMatchObject({
      status: 400,
      body: { type: 'Exception', name: 'TypeError', value: 'it does not work' },
    });
  });

  it('is not held up by a command that takes its time', async () => {
    const end = byHand();
    bench.waited = end.promise;
    const slow = put('/api/v1/trigger_method', { access_path: 'wait' });
    expect(
      (await put('/api/v1/trigger_method', { access_path: 'double', kwargs: dict({ x: float(2) }) })).body.value,
    ).toBe(4);
    expect((await ask('/api/v1/get_value?access_path=title')).status).toBe(200);
    end.resolve();
    expect((await slow).status).toBe(200);
  });

  it('refuses every write while the gateway is read-only', async () => {
    control.readOnly = true;
    for (const [path, body] of [
      ['/api/v1/update_value', { access_path: 'title', value: { type: 'str', value: 'x' } }],
      ['/api/v1/trigger_method', { access_path: 'work.start' }],
    ] as const) {
      expect(await put(path, body)).toMatchObject({ status: 403, body: { type: 'Exception', code: 'READ_ONLY' } });
    }
    expect([bench.title.value, bench.work.status]).toEqual(['none', 'NOT_RUNNING']);
  });

  it('refuses who may only look, with a record of what was asked', async () => {
    const viewer: Principal = { name: 'anna', role: 'viewer', way: 'password', fromHere: true };
    const gate = { ...gateOfThisMachine(), authenticate: async () => viewer };
    const guarded = new HttpServer({ health: () => ({ ok: true }), control, gate });
    await guarded.start({ host: '127.0.0.1', port: 0 });
    const asked = { access_path: 'title', value: { type: 'str', value: 'x' } };
    const refused = await fetch(`${guarded.address}/api/v1/update_value`, {
      method: 'PUT',
      body: JSON.stringify(asked),
    });
    expect([refused.status, await refused.json()]).toMatchObject([403, { error: { code: 'FORBIDDEN' } }]);
    const bare = await fetch(`${guarded.address}/api/v1/trigger_method`, { method: 'PUT' });
    expect([bare.status, await bare.json()]).toMatchObject([403, { error: { code: 'FORBIDDEN' } }]);
    await guarded.stop();
    const by = { name: 'anna', via: 'http' };
    expect(writes).toMatchObject([{ by, path: 'title', what: 'set', to: asked.value, outcome: { code: 'FORBIDDEN' } }]);
    expect(bench.title.value).toBe('none');
  });

  it('refuses pages of other servers with the error of every route', async () => {
    expect(await ask('/service-properties', { headers: { origin: 'http://attacker.example' } })).toMatchObject({
      status: 403,
      body: { error: { code: 'FORBIDDEN' } },
    });
  });

  it('says which methods a page takes', async () => {
    expect(await ask('/api/v1/update_value')).toMatchObject({
      status: 405,
      body: { error: { message: 'Only PUT here' } },
    });
  });
});
