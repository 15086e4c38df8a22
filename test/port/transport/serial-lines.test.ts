import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { FakeClock, type LabwireError } from '../../../src/base/index.ts';
import { Pty, type SerialSettings, type SerialTransportOptions, serialTransport } from '../../../src/port/index.ts';
import { hangupBinding } from '../../../src/port/transport/hangup-binding.ts';
import { refusedSetting } from '../../../src/port/transport/serial-settings.ts';
import { eventually } from '../eventually.ts';
import { recordingBinding } from './recording-binding.ts';

const run = promisify(execFile);
const never = new AbortController().signal;
const ignore = { data: () => {}, lost: () => {} };

describe('control lines and break', () => {
  const levelsOf = async (settings: SerialSettings): Promise<unknown[]> => {
    const { binding, levels } = recordingBinding();
    await (await serialTransport('/dev/ttyTEST', settings, { binding }).open(ignore, never)).close();
    return levels.map(({ dtr, rts, brk }) => ({ dtr, rts, brk }));
  };

  it('are left as the system sets them unless they are asked for', async () => {
    expect(await levelsOf({ rtscts: true, hupcl: true })).toEqual([]);
  });

  it('are set once the port is open', async () => {
    expect(await levelsOf({ dtr: false })).toEqual([{ dtr: false, rts: true, brk: false }]);
    expect(await levelsOf({ dtr: true, rts: false })).toEqual([{ dtr: true, rts: false, brk: false }]);
    expect(await levelsOf({ rts: false, rtscts: true })).toEqual([{ dtr: true, rts: true, brk: false }]);
  });

  it('hold a break for the asked time, in each opening', async () => {
    const clock = new FakeClock();
    const { binding, levels } = recordingBinding();
    const transport = serialTransport('/dev/ttyTEST', { breakMs: 20, rts: false }, { binding, clock });
    for (const round of [1, 2]) {
      const opening = transport.open(ignore, never);
      await eventually(() => clock.pending === 1, 'the break');
      expect(levels).toHaveLength(2 * round - 1);
      expect(levels.at(-1)).toMatchObject({ brk: true, rts: false });
      await clock.advance(19);
      expect(levels).toHaveLength(2 * round - 1);
      await clock.advance(1);
      await (await opening).close();
      expect(levels.at(-1)).toMatchObject({ brk: false, rts: false });
    }
  });

  it('end a break, and close the port, when the opening is given up meanwhile', async () => {
    const clock = new FakeClock();
    const { binding, levels, closes } = recordingBinding();
    const abort = new AbortController();
    const opening = serialTransport('/dev/ttyTEST', { breakMs: 20 }, { binding, clock }).open(ignore, abort.signal);
    await eventually(() => clock.pending === 1, 'the break');
    abort.abort();
    await expect(opening).rejects.toThrow('ABORTED');
    await eventually(() => closes() === 1, 'the close');
    expect(levels.map(({ brk }) => brk)).toEqual([true, false]);
    expect(clock.pending).toBe(0);
  });

  it('are no error where the port has none', async () => {
    const { binding, levels } = recordingBinding(undefined, async () => {
      throw new Error('Error: Inappropriate ioctl for device, cannot set');
    });
    const settings = { dtr: false, rts: true, breakMs: 20 };
    const clock = new FakeClock();
    const open = async (path: string, options: SerialTransportOptions): Promise<void> => {
      const opening = serialTransport(path, settings, { ...options, clock }).open(ignore, never);
      await eventually(() => clock.pending === 1, 'the time of the break');
      await clock.advance(20);
      await (await opening).close();
    };
    await open('/dev/ttyTEST', { binding });
    // Perhaps it was only the lines that failed, so the break is ended.
    expect(levels.map(({ brk }) => brk)).toEqual([true, false]);
    const pty = Pty.open();
    await open(pty.path, {});
    pty.close();
  });

  it('fail the opening, and free the port, where setting them fails otherwise', async () => {
    const { binding, closes } = recordingBinding(undefined, async () => {
      throw new Error('Error: Input/output error, cannot set');
    });
    const opening = serialTransport('/dev/ttyTEST', { dtr: false }, { binding }).open(ignore, never);
    await expect(opening).rejects.toThrow(/Input\/output error.*PORT_FAILED/);
    await eventually(() => closes() === 1, 'the close');
  });
});

describe('the settings of a real tty', () => {
  /** As a terminal has it by default, and another program may leave it. */
  const hangingUp = async (): Promise<Pty> => {
    const pty = Pty.open();
    await run('stty', ['-F', pty.path, 'hupcl']);
    return pty;
  };
  const flagsOf = async (settings: SerialSettings): Promise<string> => {
    const pty = await hangingUp();
    const connection = await serialTransport(pty.path, settings).open(ignore, never);
    const { stdout } = await run('stty', ['-F', pty.path, '-a']);
    await connection.close();
    pty.close();
    return stdout;
  };

  it('leave DTR alone at the close, unless dropping it is asked for', async () => {
    expect(await flagsOf({})).toMatch(/ -hupcl/);
    expect(await flagsOf({ hupcl: true })).toMatch(/ hupcl/);
  });

  it('keep a baud rate that has no name', async () => {
    const pty = await hangingUp();
    const port = await hangupBinding().open({ path: pty.path, baudRate: 250_000, hupcl: false });
    expect(await port.getBaudRate()).toEqual({ baudRate: 250_000 });
    expect((await run('stty', ['-F', pty.path, '-a'])).stdout).toMatch(/ -hupcl/);
    await port.close();
    pty.close();
  });

  it('lock the port, unless others may have it too', async () => {
    const pty = Pty.open();
    const open = (lock?: boolean) => serialTransport(pty.path, lock === undefined ? {} : { lock }).open(ignore, never);
    const first = await open();
    const busy = await open().catch((error: LabwireError) => error.message);
    expect(busy).toBe(
      `This process itself, for another device or port of its own, has the port ${pty.path} open: name it once, below \`ports:\` where devices share it (PORT_BUSY)`,
    );
    const second = await open(false);
    await Promise.all([first.close(), second.close()]);
    pty.close();
  });
});

describe('settings that this system cannot have', () => {
  const refusal = (settings: SerialSettings, platform: NodeJS.Platform): string | undefined =>
    refusedSetting('/dev/ttyUSB0', settings, platform)?.message;

  it('are refused with what it can', async () => {
    const opening = serialTransport('/dev/ttyUSB0', { parity: 'mark' }).open(ignore, never);
    await expect(opening).rejects.toThrow(
      '/dev/ttyUSB0 cannot have parity mark on this system, only none, even and odd: set the instrument to one of these, or put it behind a terminal server that can, with `rfc2217:` (PORT_FAILED)',
    );
    expect(refusal({ stopBits: 1.5 }, 'darwin')).toContain('cannot have 1.5 stop bits on this system, only 1 and 2');
  });

  it('are left to Windows, which can', () => {
    expect(refusal({ parity: 'space', stopBits: 1.5 }, 'win32')).toBeUndefined();
    expect(refusal({ parity: 'even', stopBits: 2 }, 'linux')).toBeUndefined();
  });
});
