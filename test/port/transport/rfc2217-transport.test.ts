import { afterEach, describe, expect, it } from 'vitest';
import { FakeClock, type LabwireError } from '../../../src/base/index.ts';
import { type Connection, rfc2217Transport, type SerialSettings } from '../../../src/port/index.ts';
import { DO, DONT, WILL, WONT } from '../../../src/port/transport/telnet-codec.ts';
import { eventually } from '../eventually.ts';
import { type ServerBehaviour, startServer } from './rfc2217-server.ts';

const never = new AbortController().signal;
const COM_PORT = 44;
const SUSPEND = 108;
const RESUME = 109;

let stop: (() => void) | undefined;
afterEach(() => stop?.());

async function setUp(behaviour: ServerBehaviour = {}, settings: SerialSettings = {}) {
  const server = await startServer(behaviour);
  stop = server.stop;
  const clock = new FakeClock();
  const losses: Error[] = [];
  let received = Buffer.alloc(0);
  const transport = rfc2217Transport('127.0.0.1', server.port, settings, { clock });
  const open = (signal = never): Promise<Connection> =>
    transport.open(
      {
        data: (bytes) => {
          received = Buffer.concat([received, bytes]);
        },
        lost: (error) => losses.push(error),
      },
      signal,
    );
  const refusal = async (): Promise<string> => {
    const error = await open().then(
      () => new Error('it opened'),
      (thrown: LabwireError) => thrown,
    );
    await eventually(() => server.sockets.every(({ destroyed }) => destroyed), 'the end of the refused connection');
    expect(clock.pending).toBe(0);
    return error.message;
  };
  return { server, clock, losses, received: () => received, transport, open, refusal };
}

describe('rfc2217Transport', () => {
  it('sets the line at the server, and passes all bytes both ways', async () => {
    const settings = { baudRate: 65_280, dataBits: 7, parity: 'even', dtr: false } as const;
    const { server, clock, received, transport, open } = await setUp({}, settings);
    expect(transport.name).toBe(`rfc2217://127.0.0.1:${server.port}`);
    const connection = await open();
    expect(server.commands).toEqual(['010000ff00', '0207', '0303', '0401', '0501', '0509']);
    const all = Buffer.from(Array.from({ length: 512 }, (_, index) => index));
    await connection.write(all);
    await eventually(() => server.received().length === 512, 'the bytes at the server');
    expect(server.received().equals(all)).toBe(true);
    server.send(all);
    await eventually(() => received().length === 512, 'the bytes from the server');
    expect(received().equals(all)).toBe(true);
    await connection.flush();
    expect(server.commands.at(-1)).toBe('0c03');
    await connection.close();
    await connection.close();
    await expect(connection.write(all)).rejects.toThrow('PORT_CLOSED');
    await expect(connection.flush()).rejects.toThrow('PORT_CLOSED');
    expect(clock.pending).toBe(0);
  });

  it('says of a raw port that it does not speak RFC 2217, and that `tcp:` is for these', async () => {
    const { server, clock, refusal } = await setUp({
      negotiate: () => [],
      onConnect: (socket) => socket.write('21.5 °C\r\n'),
    });
    const refused = refusal();
    await eventually(() => server.negotiations.length > 0, 'the offers');
    await clock.advance(4_000);
    expect(await refused).toMatch(/does not speak RFC 2217.*`tcp:`.*PORT_FAILED/);
  });

  it('says so at once where the server refuses the option', async () => {
    const { refusal } = await setUp({ negotiate: (verb, option) => (verb === WILL ? [[DONT, option]] : []) });
    expect(await refusal()).toContain('does not speak RFC 2217');
  });

  it.each([
    ['baud rate', { baudRate: 19_200 }, 1, Buffer.from([0, 0, 0x25, 0x80]), 'baud rate 9600 in force, where 19200'],
    ['parity', { parity: 'odd' }, 3, Buffer.from([1]), 'parity none in force, where odd was asked'],
    ['data bits', { dataBits: 7 }, 2, Buffer.from([8]), 'data bits 8 in force, where 7'],
    ['DTR', { dtr: false }, 5, Buffer.from([8]), 'DTR on in force, where off'],
  ] as const)('tells another %s in force than was asked', async (_what, settings, which, value, words) => {
    const answer = (command: number, asked: Buffer): Buffer =>
      command === which && (command !== 5 || asked[0] === 9) ? value : asked;
    const { refusal } = await setUp({ answer }, settings);
    expect(await refusal()).toMatch(new RegExp(`${words}.*PORT_FAILED`));
  });

  it('tells what was not answered, but for a line that the port may not have', async () => {
    const answer = (command: number, asked: Buffer): Buffer | undefined => (command === 4 ? undefined : asked);
    const first = await setUp({ answer }, { stopBits: 1.5 });
    const refused = first.refusal();
    await eventually(() => first.server.commands.length === 5, 'the requests');
    first.server.send(Buffer.from('.'));
    await eventually(() => first.received().length === 1, 'what came after the answers');
    await first.clock.advance(3_000);
    expect(await refused).toContain('does not answer about the stop bits, where 1.5 was asked');
    first.server.stop();

    const withoutLines = (_command: number, asked: Buffer): Buffer | undefined =>
      (asked[0] as number) >= 8 && asked.length === 1 && asked[0] !== 8 ? undefined : asked;
    const second = await setUp({ answer: withoutLines }, { dtr: false, rts: false });
    const opening = second.open();
    await eventually(() => second.server.commands.includes('050c'), 'the request for the lines');
    await second.clock.advance(500);
    await (await opening).close();
  });

  it('refuses a server that would change bytes, and takes one that has no word for it', async () => {
    const refusing = await setUp({
      negotiate: (verb, option) => [[verb === WILL ? (option === 0 ? DONT : DO) : WONT, option]],
    });
    expect(await refusing.refusal()).toContain('does not pass all bytes as they are');
    refusing.server.stop();
    const silent = await setUp({ negotiate: (verb, option) => (verb === WILL ? [[DO, option]] : []) });
    await (await silent.open()).close();
  });

  it('refuses what it does not know, once', async () => {
    const { server, open } = await setUp({
      onConnect: (socket) => socket.write(Buffer.from([255, WILL, 1, 255, DO, 24, 255, WILL, 1, 255, DO, 24])),
    });
    const connection = await open();
    expect(server.negotiations.filter((said) => !said.match(/ (0|3|44)$/))).toEqual([`${DONT} 1`, `${WONT} 24`]);
    await connection.close();
  });

  it('holds back what is sent while the server has suspended it, in order', async () => {
    const { server, clock, open } = await setUp();
    const connection = await open();
    server.command(SUSPEND);
    server.send(Buffer.from('!'));
    const writes: Promise<void>[] = [];
    await connection.flush();
    for (const text of ['a', 'b', 'c']) writes.push(connection.write(Buffer.from(text)));
    await connection.flush();
    expect(server.received().toString()).toBe('');
    server.command(RESUME);
    await Promise.all(writes);
    await connection.write(Buffer.from('d'));
    await eventually(() => server.received().length === 4, 'what was held back');
    expect(server.received().toString()).toBe('abcd');
    expect(clock.pending).toBe(0);
    await connection.close();
  });

  it('takes an endless suspension for a loss, and holds no more than its bound', async () => {
    const patient = await setUp();
    const first = await patient.open();
    patient.server.command(SUSPEND);
    await first.flush();
    const held = first.write(Buffer.from('a'));
    held.catch(() => {});
    await patient.clock.advance(10_000);
    await expect(held).rejects.toThrow(/held the sending back.*PORT_FAILED/);
    expect(patient.losses).toHaveLength(1);
    await first.close();
    patient.server.stop();

    const full = await setUp();
    const second = await full.open();
    full.server.command(SUSPEND);
    await second.flush();
    const waiting = second.write(Buffer.alloc(60_000));
    waiting.catch(() => {});
    await expect(second.write(Buffer.alloc(10_000))).rejects.toThrow('held the sending back');
    await expect(waiting).rejects.toThrow('held the sending back');
    expect(full.losses).toHaveLength(1);
    expect(full.clock.pending).toBe(0);
    await second.close();
  });

  it('goes on where a server does not answer a purge', async () => {
    const { server, clock, open } = await setUp({ answer: (command, asked) => (command === 12 ? undefined : asked) });
    const connection = await open();
    const flushed = connection.flush();
    await eventually(() => server.commands.at(-1) === '0c03', 'the request');
    await clock.advance(1_500);
    await flushed;
    await connection.close();
  });

  it('passes over what the server notifies of', async () => {
    const { server, received, losses, open } = await setUp();
    const connection = await open();
    server.command(107, 0xb0);
    server.command(106, 2);
    server.command();
    server.send(Buffer.from('x'));
    await eventually(() => received().length === 1, 'the byte after them');
    expect(losses).toEqual([]);
    await connection.close();
  });

  it('sends a break of the asked length', async () => {
    const { server, clock, open } = await setUp({}, { breakMs: 20 });
    const opening = open();
    await eventually(() => server.commands.includes('0505'), 'the break');
    await clock.advance(19);
    expect(server.commands).not.toContain('0506');
    await clock.advance(1);
    const connection = await opening;
    await eventually(() => server.commands.includes('0506'), 'its end');
    await connection.close();
  });

  it('tells once that the server is gone, or has ended the protocol', async () => {
    const gone = await setUp();
    const first = await gone.open();
    gone.server.sockets[0]?.resetAndDestroy();
    await eventually(() => gone.losses.length === 1, 'the loss');
    await expect(first.write(Buffer.from('x'))).rejects.toThrow('PORT_CLOSED');
    await first.close();
    gone.server.stop();

    const ended = await setUp();
    const second = await ended.open();
    ended.server.negotiate(DONT, COM_PORT);
    await eventually(() => ended.losses.length === 1, 'the loss');
    expect(ended.losses[0]?.message).toContain('has ended RFC 2217');
    await eventually(() => ended.server.negotiations.at(-1) === `${WONT} ${COM_PORT}`, 'the acknowledgement');
    await second.close();
  });

  it('ends an opening that the server breaks off, or that is given up', async () => {
    const broken = await setUp({ onConnect: (socket) => socket.end('Port already in use\r\n') });
    expect(await broken.refusal()).toMatch(/has closed the connection.*PORT_FAILED/);
    broken.server.stop();

    const given = await setUp({ negotiate: () => [] });
    const abort = new AbortController();
    const opening = given.open(abort.signal);
    await eventually(() => given.server.negotiations.length > 0, 'the offers');
    abort.abort();
    await expect(opening).rejects.toThrow('ABORTED');
    expect(given.clock.pending).toBe(0);
  });

  it('refuses two kinds of flow control, before it connects', async () => {
    const { server, open } = await setUp({}, { rtscts: true, xon: true });
    await expect(open()).rejects.toThrow(/one kind of flow control.*PORT_FAILED/);
    expect(server.sockets).toHaveLength(0);
  });
});
