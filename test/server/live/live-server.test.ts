import { setImmediate } from 'node:timers/promises';
import { io, type Socket } from 'socket.io-client';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { FakeClock, LabwireError, MEMBER } from '../../../src/base/index.ts';
import { type Gate, HttpServer, type HttpServerOptions, type Principal } from '../../../src/server/index.ts';
import { Control, type Write } from '../../../src/service/index.ts';
import { serialise } from '../../../src/wire/index.ts';
import { ownTime } from '../../own-time.ts';
import { byHand, memoryLogger } from '../../task/bench.ts';
import { Bench } from '../services.ts';
import { deafClient } from './deaf-client.ts';

const endings: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function serve(options: Partial<HttpServerOptions> = {}) {
  const bench = new Bench();
  const log = memoryLogger();
  const writes: Write[] = [];
  const control = new Control(bench, { onWrite: (write) => writes.push(write) });
  const server = new HttpServer({ health: () => ({ ok: true }), control, log, ...options });
  await server.start({ host: '127.0.0.1', port: 0 });
  endings.push(() => server.stop());
  return { bench, control, server, log, writes };
}

type Served = Awaited<ReturnType<typeof serve>>;

function dial({ server }: Served, options: Parameters<typeof io>[1] = {}) {
  const socket = io(server.address ?? '', {
    path: '/ws/socket.io',
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
    ...options,
  });
  endings.push(() => socket.disconnect());
  const told: { full_access_path: string; value: { value: unknown } }[] = [];
  socket.on('notify', ({ data }) => told.push(data));
  const call = (event: string, ...args: unknown[]) => socket.timeout(30_000).emitWithAck(event, ...args);
  const paths = (): (readonly [string, unknown])[] =>
    told.map(({ full_access_path: path, value }) => [path, value.value] as const);
  return { socket, told, paths, call };
}

async function connected(served: Served, options?: Parameters<typeof io>[1]) {
  const client = dial(served, options);
  await heard(client.socket, 'connect');
  return client;
}

const heard = (socket: Socket, event: string): Promise<unknown[]> =>
  new Promise((resolve) => socket.once(event, (...args) => resolve(args)));

const float = (value: number) => ({ full_access_path: '', type: 'float', value, readonly: false, doc: null });
const list = (value: unknown[]) => ({ full_access_path: '', type: 'list', value, readonly: false, doc: null });
const exception = (code: string) => expect.objectContaining({ type: 'Exception', code });

const gateFor = (principal: Principal): Gate => ({
  authenticate: async () => principal,
  allows: ({ role }, access) => access === 'viewer' || role !== 'viewer',
  watch: () => () => {},
  lists: () => false,
  install: () => {},
});
const viewer: Principal = { name: 'anna', role: 'viewer', way: 'password', fromHere: false };

describe('the service over socket.io', () => {
  it.each([['websocket'], ['polling']])(
    'lets a connection by %s stand once a password has been looked at',
    async (way) => {
      const order: string[] = [];
      const looked = byHand();
      const authenticate = async (): Promise<Principal> => {
        order.push('asked');
        await looked.promise;
        order.push('looked at');
        return viewer;
      };
      const served = await serve({ gate: { ...gateFor(viewer), authenticate } });
      const { socket } = dial(served, { transports: [way], extraHeaders: { Authorization: 'Basic YTpi' } });
      const connected = heard(socket, 'connect');
      socket.io.engine.once('open', () => order.push('open'));
      await vi.waitFor(() => expect(order).toEqual(['asked']));
      looked.resolve();
      await connected;
      expect(order).toEqual(['asked', 'looked at', 'open']);
    },
  );

  it.each([
    ['NaN', 'float'],
    ['-Infinity', 'float64'],
  ])('answers what is wrong with %s, as Python sends it, and goes on', async (number, type) => {
    const { call, socket } = await connected(await serve());
    const answered = new Promise<string>((resolve) =>
      socket.io.engine.on('data', (text: string) => text.startsWith('37') && resolve(text.slice(2))),
    );
    const value = `{"type":"${type}","value":${number}}`;
    socket.io.engine.write(`27["update_value",{"access_path":"interval","value":${value}}]`);
    const message = expect.stringContaining(number);
    expect(JSON.parse(await answered)).toEqual([expect.objectContaining({ type: 'Exception', value: message })]);
    const text = { ...float(0), type: 'str', value: 'NaN, "-Infinity\\' };
    expect(await call('update_value', { access_path: 'title', value: text })).toBe(null);
    expect(await call('get_value', 'title')).toMatchObject({ value: text.value });
  });

  it.each([[['websocket']], [['polling']], [['polling', 'websocket']]])(
    'answers and tells every change, in order, over %j',
    async (transports) => {
      const served = await serve();
      const { bench } = served;
      const { call, paths } = await connected(served, { transports });
      expect(await call('service_serialization')).toEqual(JSON.parse(JSON.stringify(serialise(bench))));
      expect(await call('get_value', 'detectors["a"].gain')).toMatchObject({ type: 'float', value: 1 });
      for (const value of [2, 3, 4]) {
        expect(await call('update_value', { access_path: 'first[0].gain', value: float(value) })).toBe(null);
      }
      bench.temperature.value = 21.5;
      expect(await call('trigger_method', { access_path: 'work.start' })).toMatchObject({
        type: 'NoneType',
        value: null,
      });
      expect(await call('trigger_method', { access_path: 'work.stop' })).toMatchObject({ type: 'NoneType' });
      await vi.waitFor(() => expect(paths()).toContainEqual(['work.status', 'NOT_RUNNING']));
      expect(paths().filter(([path]) => !path.startsWith('work.'))).toEqual([
        ['first[0].gain', 2],
        ['first[0].gain', 3],
        ['first[0].gain', 4],
        ['temperature', { magnitude: 21.5, unit: 'degC' }],
      ]);
      expect(paths().filter(([path]) => path === 'work.status')).toEqual([
        ['work.status', 'RUNNING'],
        ['work.status', 'NOT_RUNNING'],
      ]);
    },
  );

  it('is not held up by a command that takes its time, neither for its own client nor for others', async () => {
    const served = await serve();
    const end = byHand();
    served.bench.waited = end.promise;
    const [own, other] = [await connected(served), await connected(served)];
    const slow = own.call('trigger_method', { access_path: 'wait' });
    for (const { call } of [own, other]) {
      expect(await call('get_value', 'title')).toMatchObject({ value: 'none' });
      expect(await call('trigger_method', { access_path: 'add', args: list([float(1)]) })).toMatchObject({ value: 2 });
    }
    end.resolve();
    expect(await slow).toMatchObject({ type: 'NoneType' });
  });

  it('observes nothing before the first client comes, nor after the last has gone', async () => {
    const served = await serve();
    const core = served.bench.title[MEMBER];
    const ended = vi.fn();
    const watching = vi.spyOn(core, 'onChange').mockImplementation(() => ended);
    await setImmediate();
    expect(watching).not.toHaveBeenCalled();
    const [a, b] = [await connected(served), await connected(served)];
    expect(watching).toHaveBeenCalledTimes(1);
    a.socket.disconnect();
    await vi.waitFor(() => expect(served.server.clients?.clients).toBe(1));
    expect(ended).not.toHaveBeenCalled();
    b.socket.disconnect();
    await vi.waitFor(() => expect(ended).toHaveBeenCalledTimes(1));
  });

  it('names clients in the log by who they are and what they say of themselves', async () => {
    const served = await serve();
    const client = await connected(served, { extraHeaders: { 'X-Client-Id': 'notebook (3)\t' } });
    await client.call('update_value', { access_path: 'title', value: { type: 'str', value: 'x' } });
    expect(served.log.lines.find(({ message }) => message === 'a client has connected')?.details).toMatchObject({
      client: 'local (notebook 3)',
    });
    expect(served.writes[0]?.by).toEqual({ name: 'local (notebook 3)', via: 'socket.io' });
  });

  it('tells only what was subscribed to', async () => {
    const served = await serve();
    const { call, paths } = await connected(served);
    expect(await call('subscribe', { paths: ['first[0]', 'title'] })).toBe(null);
    served.bench.first.at(1)?.gain.set(3);
    served.bench.first.at(0)?.gain.set(2);
    served.bench.temperature.value = 1;
    await served.bench.title.set('x');
    await vi.waitFor(() => expect(paths()).toContainEqual(['title', 'x']));
    expect(paths()).toEqual([
      ['first[0].gain', 2],
      ['title', 'x'],
    ]);
  });

  it('tells all clients of errors', async () => {
    const served = await serve();
    const { socket } = await connected(served);
    const told = heard(socket, 'log');
    served.server.tellLog('ERROR', 'the oven is on fire');
    expect(await told).toEqual([{ levelname: 'ERROR', message: 'the oven is on fire' }]);
  });

  it('tells of a service that came', async () => {
    const served = await serve();
    const { paths } = await connected(served);
    served.bench.detectors.delete('a');
    await vi.waitFor(() => expect(paths()).toEqual([['detectors', {}]]));
  });
});

describe('a server that stops', () => {
  it('is found again by its clients when it starts again, with all that they are told', async () => {
    const served = await serve();
    const port = Number(new URL(served.server.address ?? '').port);
    const { socket, paths } = await connected(served, {
      reconnection: true,
      reconnectionDelay: 10,
      reconnectionDelayMax: 50,
    });
    const gone = heard(socket, 'disconnect');
    await served.server.stop();
    expect(await gone).toMatchObject(['transport close', expect.anything()]);
    expect(served.server.clients?.clients).toBe(0);
    const back = heard(socket, 'connect');
    await served.server.start({ host: '127.0.0.1', port });
    await back;
    await served.bench.title.set('again');
    await vi.waitFor(() => expect(paths()).toEqual([['title', 'again']]));
  });
});

describe('what is wrong over socket.io', () => {
  it.each([
    ['get_value', [], 'MEMBER_UNKNOWN'],
    ['get_value', ['nothing'], 'MEMBER_UNKNOWN'],
    ['get_value', ['secret'], 'MEMBER_UNKNOWN'],
    ['get_value', ['__proto__'], 'MEMBER_UNKNOWN'],
    ['get_value', [{ access_path: 'title' }], 'MEMBER_UNKNOWN'],
    ['update_value', [], 'REQUEST_INVALID'],
    ['update_value', ['title', 'x'], 'REQUEST_INVALID'],
    ['update_value', [{ access_path: 'title' }], 'REQUEST_INVALID'],
    ['update_value', [{ access_path: 'title', value: 'x' }], 'VALUE_INVALID'],
    ['update_value', [{ access_path: 'temperature', value: float(1) }], 'VALUE_READ_ONLY'],
    ['trigger_method', [{ access_path: 'title' }], 'MEMBER_UNKNOWN'],
    ['trigger_method', [{ access_path: 'work.constructor' }], 'MEMBER_UNKNOWN'],
    ['trigger_method', [null], 'REQUEST_INVALID'],
    ['subscribe', [{ maxHz: 'often' }], 'REQUEST_INVALID'],
    ['delete_everything', [], 'REQUEST_INVALID'],
    ['constructor', [], 'REQUEST_INVALID'],
    ['error', ['boo'], 'REQUEST_INVALID'],
  ])('answers %s %j with an Exception node', async (event, args, code) => {
    const served = await serve();
    const before = JSON.stringify(serialise(served.bench));
    const { call } = await connected(served);
    expect(await call(event, ...args)).toEqual(exception(code));
    expect(JSON.stringify(serialise(served.bench))).toBe(before);
  });

  it('is carried out or ignored where nobody wants an answer', async () => {
    const served = await serve();
    const { socket, call } = await connected(served);
    socket.emit('update_value', { access_path: 'title', value: { type: 'str', value: 'x' } });
    socket.emit('update_value', { access_path: 'nothing', value: float(1) });
    socket.emit('get_value');
    socket.emit('nothing');
    expect(await call('get_value', 'title')).toMatchObject({ value: 'x' });
  });

  it('has an end where a client asks for more than it may at once', async () => {
    const served = await serve();
    const { call } = await connected(served);
    const end = byHand();
    served.bench.waited = end.promise;
    const calls = Array.from({ length: 65 }, () => call('trigger_method', { access_path: 'wait' }));
    expect(await calls[64]).toEqual(exception('QUEUE_FULL'));
    expect(served.writes).toMatchObject([{ path: 'wait', what: 'call', outcome: { code: 'QUEUE_FULL' } }]);
    end.resolve();
    expect(await Promise.all(calls.slice(0, 64))).toHaveLength(64);
    expect(await call('get_value', 'title')).toMatchObject({ value: 'none' });
  });

  it('goes on when a client leaves in the midst of a command, which ends as it would have', async () => {
    const served = await serve();
    const end = byHand();
    served.bench.waited = end.promise;
    const { socket } = await connected(served);
    socket.emit('trigger_method', { access_path: 'wait' });
    await vi.waitFor(async () => {
      socket.disconnect();
      expect(served.server.clients?.clients).toBe(0);
    });
    end.resolve();
    await vi.waitFor(() => expect(served.writes).toMatchObject([{ path: 'wait', outcome: 'done' }]));
    await vi.waitFor(() => expect(served.log.lines.at(-1)?.message).toContain('its client had not waited'));
  });

  it.each([
    ['a huge text', (socket: Socket) => socket.emit('get_value', 'x'.repeat(1.1e6))],
    ['bytes', (socket: Socket) => socket.emit('get_value', Buffer.from('title'))],
  ])('is cut where it is %s, and the next client is served', async (_, send) => {
    const served = await serve();
    const { socket } = await connected(served);
    const gone = heard(socket, 'disconnect');
    send(socket);
    await gone;
    expect(await (await connected(served)).call('get_value', 'title')).toMatchObject({ value: 'none' });
  });

  it('is cut where it is more at once than there is to ask', async () => {
    const served = await serve();
    const { socket } = await connected(served, { transports: ['polling'] });
    const gone = heard(socket, 'disconnect');
    for (let i = 0; i < 5_000; i++) socket.emit('x');
    await gone;
    expect(served.server.clients).toMatchObject({ clients: 0, cut: 1 });
  });

  it('is no namespace but the one there is', async () => {
    const served = await serve();
    const socket = io(`${served.server.address}/admin`, { path: '/ws/socket.io', reconnection: false, forceNew: true });
    endings.push(() => socket.disconnect());
    expect(await heard(socket, 'connect_error')).toMatchObject([{ message: 'Invalid namespace' }]);
  });
});

describe('who may do what over socket.io', () => {
  it('lets a viewer read, and refuses it every write', async () => {
    const served = await serve({ gate: gateFor(viewer) });
    const { call } = await connected(served);
    expect(await call('get_value', 'title')).toMatchObject({ value: 'none' });
    expect(await call('update_value', { access_path: 'title', value: { type: 'str', value: 'x' } })).toEqual(
      exception('FORBIDDEN'),
    );
    expect(await call('trigger_method', { access_path: 'work.start' })).toEqual(exception('FORBIDDEN'));
    expect(await call('trigger_method', { access_path: ['work.start'] })).toEqual(exception('FORBIDDEN'));
    expect(await call('update_value')).toEqual(exception('FORBIDDEN'));
    expect([served.bench.title.value, served.bench.work.status]).toEqual(['none', 'NOT_RUNNING']);
    expect(served.writes).toMatchObject([
      { by: { name: 'anna' }, path: 'title', what: 'set', to: { value: 'x' }, outcome: { code: 'FORBIDDEN' } },
      { by: { name: 'anna' }, path: 'work.start', what: 'call', outcome: { code: 'FORBIDDEN' } },
    ]);
  });

  it('lets nobody in whom the gate refuses, and says why', async () => {
    const refuse = async (): Promise<never> => {
      throw new LabwireError('UNAUTHENTICATED', 'Who are you?');
    };
    const served = await serve({ gate: { ...gateFor(viewer), authenticate: refuse } });
    const { socket } = dial(served);
    expect(await heard(socket, 'connect_error')).toMatchObject([
      { message: 'Who are you? (UNAUTHENTICATED)', data: { code: 'UNAUTHENTICATED' } },
    ]);
    expect(served.server.clients?.clients).toBe(0);
  });

  it('cuts off who may not be here any more, and goes by a new role at once', async () => {
    let tell: (principal: Principal | undefined) => void = () => {};
    const watch: Gate['watch'] = (_, told) => {
      tell = told;
      return () => {};
    };
    const served = await serve({ gate: { ...gateFor(viewer), watch } });
    const { socket, call } = await connected(served);
    const set = { access_path: 'title', value: { type: 'str', value: 'x' } };
    expect(await call('update_value', set)).toEqual(exception('FORBIDDEN'));
    tell({ ...viewer, role: 'operator' });
    expect(await call('update_value', set)).toBe(null);
    const gone = heard(socket, 'disconnect');
    tell(undefined);
    await gone;
  });

  it('refuses pages of other servers and names that are not its own', async () => {
    const served = await serve();
    for (const headers of [{ origin: 'http://attacker.example' }, { host: 'attacker.example' }]) {
      const { socket } = dial(served, { extraHeaders: headers });
      expect(await heard(socket, 'connect_error')).toMatchObject([{ data: { code: 'FORBIDDEN' } }]);
    }
  });
});

describe('a connection by which nobody has come in', () => {
  const opened = async ({ server }: Served): Promise<string> => {
    const answer = await fetch(`${server.address}/ws/socket.io/?EIO=4&transport=polling`);
    expect(answer.status).toBe(200);
    const { sid } = JSON.parse((await answer.text()).slice(1)) as { sid: string };
    return `${server.address}/ws/socket.io/?EIO=4&transport=polling&sid=${sid}`;
  };

  it('goes where there are too many of them, so that who has credentials comes in', async () => {
    const served = await serve();
    const first = await opened(served);
    for (let i = 0; i < 256; i++) await opened(served);
    expect((await fetch(first)).status).toBe(400);
    const { call } = await connected(served);
    expect(await call('get_value', 'title')).toMatchObject({ value: 'none' });
  });

  it('is over after 10 s', async () => {
    const clock = new FakeClock();
    const served = await serve({ clock });
    const url = await opened(served);
    const { socket } = await connected(served);
    await clock.advance(10_000);
    expect((await fetch(url)).status).toBe(400);
    expect(socket.connected).toBe(true);
  });

  it('is over too when the client has taken its leave', async () => {
    const served = await serve();
    const url = await opened(served);
    await fetch(url, { method: 'POST', body: '40' });
    expect(await (await fetch(url)).text()).toContain('40{');
    await fetch(url, { method: 'POST', body: '41' });
    await vi.waitFor(async () => expect((await fetch(url)).status).toBe(400));
  });
});

describe('a client that does not read', () => {
  it('costs a bounded memory, and the others nothing', async () => {
    const served = await serve();
    const deaf = await deafClient(served.server.address ?? '');
    endings.push(() => deaf.close());
    const { paths, told } = await connected(served);
    const text = 'x'.repeat(20_000);
    for (let i = 0; i < 1_000; i++) {
      await served.bench.title.set(`${text}${i}`);
      await setImmediate();
      // Who reads is never so far behind that anything is merged for it; held up by the other, it would be until that is cut.
      await vi.waitFor(() => expect(told.length).toBeGreaterThanOrEqual(i - 100));
    }
    await vi.waitFor(() => expect(paths().at(-1)).toEqual(['title', `${text}999`]));
    expect(told).toHaveLength(1_000);
    expect(served.server.clients?.merged).toBeGreaterThan(100);
  });

  it('is cut after 30 s, and the others are not', async () => {
    const clock = new FakeClock();
    const served = await serve({ clock });
    const deaf = await deafClient(served.server.address ?? '');
    endings.push(() => deaf.close());
    const { paths, socket } = await connected(served);
    const text = 'x'.repeat(100_000);
    for (let i = 0; i < 200; i++) {
      await served.bench.title.set(`${text}${i}`);
      await setImmediate();
    }
    await vi.waitFor(() => expect(paths()).toHaveLength(200));
    await clock.advance(29_000);
    expect(served.server.clients).toMatchObject({ clients: 2, cut: 0 });
    await clock.advance(10_000);
    await vi.waitFor(() => expect(served.server.clients).toMatchObject({ clients: 1, cut: 1 }));
    expect(socket.connected).toBe(true);
    expect(served.log.lines.filter(({ level }) => level === 'warn')).toMatchObject([
      { message: 'a client is cut off: it has read nothing for 30 s' },
    ]);
  });

  it('is answered no more than it reads, however much it asks', async () => {
    const served = await serve();
    await served.bench.title.set('x'.repeat(500_000));
    const serialised = vi.spyOn(served.bench.title[MEMBER], 'get');
    const deaf = await deafClient(served.server.address ?? '');
    endings.push(() => deaf.close());
    for (let i = 0; i < 64; i++) deaf.send(`2${i}["get_value","title"]`);
    const { call } = await connected(served);
    for (let i = 0; i < 10; i++) await call('get_value', 'armed');
    // What the system's buffers took, and no more.
    expect(serialised.mock.calls.length).toBeLessThan(30);
    expect(served.server.clients).toMatchObject({ clients: 2, cut: 0 });
    let heard = '';
    deaf.socket.setEncoding('latin1').on('data', (text: string) => {
      heard += text;
    });
    deaf.socket.resume();
    await vi.waitFor(() => expect(heard.split('"full_access_path":"title"').length - 1).toBe(64));
  });

  it('is cut when it asks and asks beyond all measure', async () => {
    const served = await serve();
    served.bench.waited = byHand().promise;
    const deaf = await deafClient(served.server.address ?? '');
    endings.push(() => deaf.close());
    // It may be told so by a reset, which is an error first.
    const gone = new Promise((resolve) => deaf.socket.once('close', resolve));
    for (let i = 0; i < 100_000 && served.server.clients?.cut === 0; i++) {
      deaf.send(`2${i}["trigger_method",{"access_path":"wait"}]`);
      if (i % 1_000 === 0) await setImmediate();
    }
    await vi.waitFor(() => expect(served.server.clients).toMatchObject({ clients: 0, cut: 1 }));
    deaf.socket.resume();
    await gone;
  });

  it('does not hold up a stop', async () => {
    const served = await serve();
    const deaf = await deafClient(served.server.address ?? '');
    endings.push(() => deaf.close());
    const text = 'x'.repeat(100_000);
    for (let i = 0; i < 100; i++) {
      await served.bench.title.set(`${text}${i}`);
      await setImmediate();
    }
    const elapsed = ownTime();
    await served.server.stop();
    expect(elapsed()).toBeLessThan(5_000);
  });
});
