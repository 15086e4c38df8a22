import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EmulatedInstrument, Plug } from '../../mocks/index.ts';
import { eventually } from '../port/eventually.ts';

const flags = constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK;

/** Counts its questions since its power-up. */
function counter() {
  const switched: string[] = [];
  let line: Parameters<EmulatedInstrument['connect']>[0] | undefined;
  const instrument: EmulatedInstrument = {
    connect: (given) => {
      let questions = 0;
      switched.push('on');
      line = given;
      given.onReceive(() => given.send(`${++questions}`));
    },
    disconnect: () => switched.push('off'),
  };
  return { instrument, switched, say: (text: string) => line?.send(text) };
}

/** Opens the device, asks, and gives the answer. */
async function ask(path: string): Promise<string> {
  const fd = openSync(path, flags);
  const answer = Buffer.alloc(16);
  let length = 0;
  writeSync(fd, '?');
  await eventually(() => {
    try {
      length = readSync(fd, answer);
    } catch {
      // Nothing yet.
    }
    return length > 0;
  }, 'the answer');
  closeSync(fd);
  return answer.toString('latin1', 0, length);
}

describe('Plug', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'labwire-plug-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is pulled and plugged in again while the instrument goes on', async () => {
    const before = readdirSync('/proc/self/fd').length;
    const { instrument, switched, say } = counter();
    const path = join(folder, 'ttyUSB0');
    const plug = Plug.into(instrument, { path });
    expect(await ask(path)).toBe('1');
    const fd = openSync(path, flags);
    plug.unplug();
    plug.unplug();
    expect(plug.isPlugged).toBe(false);
    expect(existsSync(path)).toBe(false);
    expect(readSync(fd, Buffer.alloc(1))).toBe(0);
    closeSync(fd);
    say('to nobody');
    plug.replug();
    expect(await ask(path)).toBe('2');
    expect(switched).toEqual(['on']);
    plug.remove();
    plug.remove();
    expect(switched).toEqual(['on', 'off']);
    expect(readdirSync(folder)).toEqual([]);
    expect(readdirSync('/proc/self/fd').length).toBe(before);
  });

  it('switches an instrument that has its power from the cable', async () => {
    const { instrument, switched } = counter();
    const plug = Plug.into(instrument, { poweredByCable: true });
    expect(await ask(plug.path)).toBe('1');
    plug.unplug();
    expect(() => plug.path).toThrow('not plugged in');
    plug.replug();
    expect(await ask(plug.path)).toBe('1');
    expect(switched).toEqual(['on', 'off', 'on']);
    plug.remove();
  });

  it('is moved to another path', async () => {
    const { instrument } = counter();
    const [first, second] = [join(folder, 'ttyUSB0'), join(folder, 'ttyUSB1')];
    const plug = Plug.into(instrument, { path: first });
    plug.replug({ path: second });
    expect(readdirSync(folder)).toEqual(['ttyUSB1']);
    expect(plug.path).toBe(second);
    expect(await ask(second)).toBe('1');
    plug.remove();
  });
});
