import { describe, expect, it } from 'vitest';
import { LabwireError, type Logger } from '../../src/base/index.ts';
import { createLogger, type LoggerOptions } from '../../src/cli/log.ts';

function logged(use: (log: Logger) => void, options: LoggerOptions = { pretty: false }): string {
  let text = '';
  const write = (line: string): void => {
    text += line;
  };
  use(createLogger({ env: {}, ...options, destination: { write } }));
  return text;
}

describe('the log', () => {
  it('writes one JSON object per line, with level in words and time', () => {
    const line = logged((log) => log.child({ device: 'oven' }).info({ port: '/dev/x' }, 'port open'));
    expect(line.endsWith('\n')).toBe(true);
    expect(JSON.parse(line)).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      device: 'oven',
      port: '/dev/x',
      msg: 'port open',
    });
  });

  it('keeps its level', () => {
    const use = (log: Logger): void => {
      log.info('a');
      log.warn('b');
    };
    expect(logged(use, { pretty: false, level: 'warn' }).trim().split('\n')).toHaveLength(1);
  });

  it.each([
    ['a password', (log: Logger) => log.info({ mqtt: { password: 'hunter2' } }, 'x')],
    ['a token at the top', (log: Logger) => log.info({ token: 'hunter2' }, 'x')],
    ['a URL in a message', (log: Logger) => log.warn('mqtt://joe:hunter2@host is away')],
    ['a URL in a detail', (log: Logger) => log.warn({ url: 'mqtt://joe:hunter2@host' }, 'away')],
    ['a URL in a message behind details', (log: Logger) => log.warn({ a: 1 }, 'mqtt://joe:hunter2@host is away')],
    ['a URL in an error', (log: Logger) => log.error({ err: new Error('mqtt://joe:hunter2@host') }, 'away')],
    ['an error by itself', (log: Logger) => log.error(new Error('mqtt://joe:hunter2@host'))],
  ])('never shows %s', (_what, use) => {
    for (const pretty of [false, true]) {
      const text = logged(use, { pretty });
      expect(text).toContain('***');
      expect(text).not.toContain('hunter2');
    }
  });

  it('tells an expected outage once: by its message, with the code and what the cause adds, and no stack', () => {
    const cause = new Error('read ENXIO from tcp://joe:hunter2@host');
    const err = new LabwireError('PORT_FAILED', 'oven was lost', { cause });
    const told = { level: 'warn', time: expect.any(String), port: 'oven', code: 'PORT_FAILED', msg: err.message };
    const line = logged((log) => log.warn({ port: 'oven', err }, err.message));
    expect(JSON.parse(line)).toEqual({ ...told, cause: 'read ENXIO from tcp://***@host' });
    const { port: _, ...alone } = { ...told, cause: 'read ENXIO from tcp://***@host' };
    expect(JSON.parse(logged((log) => log.warn(err)))).toEqual(alone);

    const repeating = new LabwireError('PORT_FAILED', 'no opening: EIO', { cause: new Error('EIO') });
    expect(JSON.parse(logged((log) => log.warn({ err: repeating }, 'x')))).not.toHaveProperty('cause');
  });

  it('keeps the stack of what nobody expected, and of every error at the level error', () => {
    const lines = [
      logged((log) => log.warn({ err: new TypeError('x is undefined') }, 'failed')),
      logged((log) => log.error({ err: new LabwireError('TIMEOUT', 'abandoned') }, 'failed')),
    ].map((line) => JSON.parse(line));
    expect(lines).toEqual([
      expect.objectContaining({
        err: { type: 'TypeError', message: 'x is undefined', stack: expect.stringContaining('log.test.ts') },
      }),
      expect.objectContaining({
        err: {
          type: 'LabwireError',
          message: 'abandoned (TIMEOUT)',
          stack: expect.stringContaining('log.test.ts'),
        },
      }),
    ]);
  });

  it('is readable on a terminal, in colours unless NO_COLOR is set', () => {
    const use = (log: Logger): void => log.info({ device: 'oven' }, 'port open');
    const colour = String.fromCharCode(27);
    expect(logged(use, { pretty: true })).toContain(colour);
    const plain = logged(use, { pretty: true, env: { NO_COLOR: '1' } });
    expect(plain).not.toContain(colour);
    expect(plain).toMatch(/^\[\d\d:\d\d:\d\d\] INFO: port open \{"device":"oven"\}\n$/);
  });
});
