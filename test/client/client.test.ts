import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Client, type ClientState, connect, type RemoteChange, RemoteError } from '../../src/client/index.ts';
import type { SensorService } from './sensor-service.ts';
import { WireServer, type WireServerOptions } from './wire-server.ts';

const servers: WireServer[] = [];
const clients: Client[] = [];
let server: WireServer;

async function serve(options: WireServerOptions = {}): Promise<WireServer> {
  const one = await new WireServer(options).start();
  servers.push(one);
  return one;
}

async function client(url = server.url, options = {}): Promise<Client<SensorService>> {
  const one = await connect<SensorService>(url, options);
  clients.push(one as Client);
  return one;
}

beforeEach(async () => {
  server = await serve();
});
afterEach(async () => {
  for (const one of clients.splice(0)) one.close();
  await Promise.all(servers.splice(0).map((one) => one.stop()));
});

/** Resolves with the next so many changes. */
async function take(changes: AsyncIterable<RemoteChange>, count: number): Promise<[string, unknown][]> {
  const taken: [string, unknown][] = [];
  for await (const { path, value } of changes) if (taken.push([path, value]) === count) break;
  return taken;
}

describe('a service at a client', () => {
  it('has the values that it has at the server, by the names of its class', async () => {
    const { service } = await client();
    expect(service.temperature.value).toBe(21.5);
    expect(service.range.value).toBe('auto');
    expect(service.stage.speed.value).toBe(3);
    expect(service.detectors.a?.gain.value).toBe(1);
    expect(service.list[1]?.gain.value).toBe(1);
    expect(service.list).toHaveLength(2);
    expect(Object.keys(service.detectors)).toEqual(['a']);
    expect('b' in service.detectors).toBe(false);
    expect(service.detectors.b).toBeUndefined();
    expect('range' in service && !('ranges' in service)).toBe(true);
  });

  it('may be awaited, and nothing can be put into it', async () => {
    const { service } = await client();
    expect((await service).range.value).toBe('auto');
    expect(() => Object.assign(service, { range: 1 })).toThrow(TypeError);
    expect(() => Object.defineProperty(service, 'own', { value: 1 })).toThrow(TypeError);
  });

  it('takes values in the types that the server has for them', async () => {
    const { service } = await client();
    await service.range.set('low');
    await service.readoutInterval.set(2);
    await service.readoutInterval.set({ magnitude: 500, unit: 'ms' });
    await service.stage.speed.set(7);
    const sent = server.calls.flatMap(([event, request]) => (event === 'update_value' ? [request] : []));
    expect(sent).toMatchObject([
      { access_path: 'range', value: { type: 'Enum', value: 'low' } },
      { access_path: 'readoutInterval', value: { type: 'Quantity', value: { magnitude: 2, unit: 's' } } },
      { access_path: 'readoutInterval', value: { type: 'Quantity', value: { magnitude: 500, unit: 'ms' } } },
      { access_path: 'stage.speed', value: { type: 'int', value: 7 } },
    ]);
  });

  it('has the new value when it was set', async () => {
    const { service } = await client();
    await service.range.set('high');
    expect(service.range.value).toBe('high');
  });

  it('starts and stops its tasks, and knows what became of them', async () => {
    const { service } = await client();
    expect(service.readSensor.status).toBe('NOT_RUNNING');
    await service.readSensor.start();
    expect(service.readSensor.status).toBe('RUNNING');
    expect(service.readSensor.state).toBe('active');
    await service.readSensor.stop();
    expect(service.readSensor.state).toBe('inactive');
    expect(service.readSensor.lastError).toBeNull();
  });

  it('calls commands with named arguments and gives their results', async () => {
    const { service } = await client();
    await service.zero({ at: 0.5 });
    expect(server.calls.at(-1)).toMatchObject([
      'trigger_method',
      {
        access_path: 'zero',
        args: { type: 'list', value: [] },
        kwargs: { value: { at: { type: 'float', value: 0.5 } } },
      },
    ]);
    expect(await service.echo({ word: 'hello' })).toBe('hello');
  });

  it('follows what the server tells', async () => {
    const { service, changes } = await bound();
    server.push('temperature', 22);
    await take(changes(), 1);
    expect(service.temperature.value).toBe(22);
  });

  it('has services that came, and no longer those that went', async () => {
    const { service, changes } = await bound();
    const held = service.detectors;
    server.change('detectors', { b: server.at('detectors["a"]') });
    const told = take(changes(), 1);
    server.tell('detectors');
    expect(await told).toEqual([['detectors', { b: { gain: 1 } }]]);
    expect(Object.keys(held)).toEqual(['b']);
  });

  it('is asked for anew where a change has no place in it', async () => {
    const { service } = await client();
    const arm = server.at('stage') as { value: Record<string, unknown> };
    arm.value.arm = {
      ...server.at('stage'),
      full_access_path: 'stage.arm',
      value: { angle: { ...server.at('stage.speed'), full_access_path: 'stage.arm.angle', value: 5 } },
    };
    server.tell('stage.arm.angle');
    await vi.waitFor(() => expect(service).toHaveProperty('stage.arm.angle.value', 5));
  });
});

async function bound() {
  const one = await client();
  return { service: one.service, changes: one.changes.bind(one) };
}

describe('an untyped client', () => {
  it('gets, sets and calls by path', async () => {
    const one = await connect(server.url);
    clients.push(one);
    expect(await one.get('temperature')).toBe(21.5);
    expect(await one.get("detectors['a'].gain")).toBe(1);
    expect(await one.get('detectors')).toEqual({ a: { gain: 1 } });
    expect(await one.set('range', 'low')).toBe('low');
    expect(await one.call('echo', { word: 'x' })).toBe('x');
    expect(one.node('temperature')).toMatchObject({ unit: '°C', readonly: true });
    expect(one.node('nothing')).toBeUndefined();
  });

  it('learns what the server throws', async () => {
    const one = await connect(server.url);
    clients.push(one);
    const failure = await one.get('tempreature').then(
      () => undefined,
      (error: RemoteError) => error,
    );
    expect(failure).toBeInstanceOf(RemoteError);
    expect(failure).toMatchObject({ name: 'LabwireError', code: 'MEMBER_UNKNOWN' });
    expect(failure?.detail).toBe('There is nothing with the path tempreature');
    await expect(one.set('temperature', 1)).rejects.toMatchObject({ code: 'VALUE_READ_ONLY' });
    await expect(one.call('fly')).rejects.toMatchObject({ name: 'SerializationPathError', code: 'REMOTE' });
    await expect(one.get('a..b')).rejects.toMatchObject({ code: 'MEMBER_UNKNOWN' });
  });
});

describe('changes', () => {
  it('are those below the given paths', async () => {
    const one = await client();
    const told = take(one.changes({ paths: ["detectors['a']", 'stage'] }), 2);
    server.push('temperature', 1);
    server.push('detectors["a"].gain', 2);
    server.push('stage.speed', 4);
    expect(await told).toEqual([
      ['detectors["a"].gain', 2],
      ['stage.speed', 4],
    ]);
  });

  it('wait only as the newest of each path', async () => {
    const one = await client();
    const changes = one.changes();
    const seen = take(one.changes({ paths: ['stage'] }), 1);
    for (let value = 0; value < 1000; value++) server.push('temperature', value);
    server.push('stage.speed', 9);
    await seen;
    expect(await take(changes, 2)).toEqual([
      ['temperature', 999],
      ['stage.speed', 9],
    ]);
  });

  it('end with their signal, with a break, and with the client', async () => {
    const one = await client();
    const end = new AbortController();
    const ended = take(one.changes({ signal: end.signal }), 1);
    end.abort();
    expect(await ended).toEqual([]);
    const closed = take(one.changes(), 1);
    one.close();
    expect(await closed).toEqual([]);
    expect(await take(one.changes(), 1)).toEqual([]);
  });

  it('of a client that goes on are none where their signal is aborted already', async () => {
    const one = await client();
    expect(await take(one.changes({ signal: AbortSignal.abort() }), 1)).toEqual([]);
  });

  it('have a rate above 0 and paths that are some', async () => {
    const one = await client();
    expect(() => one.changes({ maxHz: 0 })).toThrow('maxHz is a number above 0');
    expect(() => one.changes({ paths: ['a b'] })).toThrow('no access path');
  });

  it('may be asked of the server at a rate, and for some paths only', async () => {
    await client(server.url, { subscription: { paths: ['temperature'], maxHz: 2 } });
    expect(server.calls).toContainEqual(['subscribe', { paths: ['temperature'], maxHz: 2 }]);
  });
});

describe('a lost connection', () => {
  const states = (one: Client<SensorService>): ClientState[] => {
    const seen: ClientState[] = [];
    one.onState((state) => seen.push(state));
    return seen;
  };

  it.each(['cut', 'kick'] as const)('is made again by itself after a %s, with what changed meanwhile', async (how) => {
    const one = await client();
    const seen = states(one);
    const told = take(one.changes(), 1);
    server.change('temperature', 30);
    server[how]();
    expect(await told).toEqual([['temperature', 30]]);
    await vi.waitFor(() => expect(seen).toEqual(['reconnecting', 'connected']));
    expect(one.service.temperature.value).toBe(30);
    server.push('temperature', 31);
    await vi.waitFor(() => expect(one.service.temperature.value).toBe(31));
  });

  it('comes back with a server that was restarted', async () => {
    const { port } = server;
    const one = await client();
    await servers.splice(0)[0]?.stop();
    await vi.waitFor(() => expect(one.state).toBe('reconnecting'));
    await expect(one.get('temperature')).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    await serve({ port });
    await vi.waitFor(() => expect(one.state).toBe('connected'), { interval: 20 });
    expect(await one.get('temperature')).toBe(21.5);
  });

  it('rejects what waits for an answer, and sends nothing twice', async () => {
    const one = await client();
    server.deaf.add('trigger_method');
    const call = one.service.zero({ at: 1 });
    const rejected = expect(call).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    await vi.waitFor(() => expect(server.calls.at(-1)?.[0]).toBe('trigger_method'));
    server.cut();
    await rejected;
    await vi.waitFor(() => expect(one.state).toBe('connected'));
    expect(server.calls.filter(([event]) => event === 'trigger_method')).toHaveLength(1);
  });

  it('ends for good where the server no longer lets the client in', async () => {
    let open = true;
    const guarded = await serve({
      refuse: () =>
        open ? undefined : Object.assign(new Error('the token is revoked'), { data: { code: 'UNAUTHENTICATED' } }),
    });
    const one = await client(guarded.url);
    const closed = new Promise((resolve) => one.onState((state, why) => state === 'closed' && resolve(why)));
    open = false;
    guarded.cut();
    expect(await closed).toMatchObject({
      code: 'UNAUTHENTICATED',
      message: expect.stringContaining('the token is revoked'),
    });
    await expect(one.get('temperature')).rejects.toMatchObject({ code: 'ABORTED' });
  });
});

describe('a call', () => {
  it('has a time limit', async () => {
    const one = await client();
    server.deaf.add('get_value');
    await expect(one.get('temperature', { timeout: 30 })).rejects.toMatchObject({ code: 'TIMEOUT' });
  });

  it('is given up with its signal, or with the client', async () => {
    const one = await client();
    server.deaf.add('get_value');
    await expect(one.get('temperature', { signal: AbortSignal.timeout(20) })).rejects.toMatchObject({
      code: 'ABORTED',
    });
    const waiting = expect(one.get('temperature')).rejects.toMatchObject({ code: 'ABORTED' });
    one.close();
    await waiting;
    expect(one.state).toBe('closed');
  });

  it('that waits behind others keeps its own time limit and signal, and is not sent any more', async () => {
    const one = await client();
    server.deaf.add('get_value');
    const hung = Array.from({ length: 60 }, () => one.get('temperature').catch(() => {}));
    const end = new AbortController();
    const aborted = expect(one.set('range', 'low', { signal: end.signal })).rejects.toMatchObject({ code: 'ABORTED' });
    await expect(one.set('range', 'low', { timeout: 30 })).rejects.toMatchObject({ code: 'TIMEOUT' });
    end.abort();
    await aborted;
    server.cut();
    await Promise.all(hung);
    await vi.waitFor(() => expect(one.state).toBe('connected'));
    expect(server.calls.filter(([event]) => event === 'update_value')).toEqual([]);
  });

  it('is not sent with a signal that is aborted already', async () => {
    const one = await client();
    await expect(one.set('range', 'low', { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' });
    expect(server.calls.filter(([event]) => event === 'update_value')).toEqual([]);
  });

  it('is refused where a thousand wait', async () => {
    const one = await client();
    server.deaf.add('get_value');
    const waiting = Array.from({ length: 1000 }, () => one.get('temperature').catch(() => {}));
    await expect(one.get('temperature')).rejects.toMatchObject({ code: 'QUEUE_FULL' });
    one.close();
    await Promise.all(waiting);
  });
});

describe('connecting', () => {
  it('says what is wrong with an address', async () => {
    await expect(connect('localhost:8001')).rejects.toMatchObject({ code: 'USAGE' });
    await expect(connect('not an address')).rejects.toThrow('no address of a server such as http://127.0.0.1:8001');
    await expect(connect('http://anna:50%off@localhost')).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.not.stringContaining('off'),
    });
    await expect(connect('htp://anna:secret@localhost')).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.not.stringContaining('secret'),
    });
    await expect(connect(server.url, { timeout: 0 })).rejects.toMatchObject({ code: 'USAGE' });
  });

  it('says where nothing answers, and tries no further', async () => {
    const { url } = server;
    await servers.splice(0)[0]?.stop();
    await expect(connect(url)).rejects.toMatchObject({
      code: 'GATEWAY_UNREACHABLE',
      message: expect.stringContaining(`The server at ${url} does not answer: connect ECONNREFUSED`),
    });
  });

  it('says where something else answers', async () => {
    const other = await serve({ http: (_, response) => void response.writeHead(404).end('nothing here') });
    // A socket.io of another path.
    await expect(connect(`${other.url}/lab`)).rejects.toMatchObject({ code: 'GATEWAY_UNREACHABLE' });
  });

  it('says that it was not let in, however the server says so', async () => {
    const data = { code: 'UNAUTHENTICATED' };
    const guarded = await serve({ refuse: () => Object.assign(new Error('Who are you? (UNAUTHENTICATED)'), { data }) });
    await expect(connect(guarded.url)).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
      message: `The server at ${guarded.url} says: Who are you? (UNAUTHENTICATED)`,
    });
    const walled = await serve({ http: (_, response) => void response.writeHead(401).end() });
    await expect(connect(`${walled.url}/elsewhere`)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('fails where the connection is lost in its midst', async () => {
    server.deaf.add('service_serialization');
    const failed = expect(connect(server.url)).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    await vi.waitFor(() => expect(server.calls).toContainEqual(['service_serialization']));
    server.cut();
    await failed;
    await vi.waitFor(() => expect(server.clients).toBe(0));
  });

  it('is given up with its signal, and after its time', async () => {
    server.deaf.add('service_serialization');
    await expect(connect(server.url, { signal: AbortSignal.timeout(50) })).rejects.toMatchObject({ code: 'ABORTED' });
    await expect(connect(server.url, { timeout: 100 })).rejects.toMatchObject({ code: 'TIMEOUT' });
    await vi.waitFor(() => expect(server.clients).toBe(0));
  });

  it.each([
    [{ token: 'secret' }, 'Bearer secret'],
    [{ user: 'anna', password: 'pä:ss' }, `Basic ${Buffer.from('anna:pä:ss').toString('base64')}`],
  ])('sends the credentials %j in the handshake', async (credentials, authorization) => {
    await client(server.url, credentials);
    expect(server.headers[0]).toMatchObject({ authorization });
  });

  it('reads credentials in the address, and the schemes of a WebSocket', async () => {
    await client(`ws://anna:p%40ss@127.0.0.1:${server.port}`);
    expect(server.headers[0]).toMatchObject({ authorization: `Basic ${Buffer.from('anna:p@ss').toString('base64')}` });
  });

  it('learns what the server is', async () => {
    expect((await client()).server).toEqual({ name: 'labwire', version: '0.0.0', protocol: 1 });
  });

  it('works with a server that knows no hello, as that of pydase', async () => {
    const pydase = await serve({ hello: null });
    const one = await client(pydase.url);
    expect(one.server).toBeUndefined();
    expect(one.service.temperature.value).toBe(21.5);
  });

  it('is refused by a client that is older than the protocol of the server', async () => {
    const newer = await serve({ hello: { name: 'labwire', version: '9.0.0', protocol: 2 } });
    await expect(connect(newer.url)).rejects.toMatchObject({
      code: 'PROTOCOL_UNSUPPORTED',
      message: expect.stringContaining('labwire 9.0.0'),
    });
  });
});
