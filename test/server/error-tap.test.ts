import { describe, expect, it } from 'vitest';
import { tapErrors } from '../../src/server/index.ts';
import { memoryLogger } from '../task/bench.ts';

describe('errors of the log', () => {
  it('are told with what they are about and without secrets, and the log is as it was', () => {
    const log = memoryLogger();
    const told: [string, string][] = [];
    const tapped = tapErrors(log, (levelname, message) => told.push([levelname, message]));
    tapped.info('not this');
    tapped.error('it burns');
    tapped
      .child({ device: 'oven' })
      .child({ task: 'oven.acquire' })
      .error({ err: new Error('x') }, 'no answer');
    tapped.child({ device: 'oven' }).child({ count: 2 }).fatal('mqtt://anna:secret@broker is gone');
    tapped.error(new Error('thrown'));
    expect(told).toEqual([
      ['ERROR', 'it burns'],
      ['ERROR', 'oven.acquire: no answer'],
      ['CRITICAL', expect.stringMatching(/^oven: mqtt:\/\/(?!.*secret)/)],
      ['ERROR', 'thrown'],
    ]);
    expect(log.lines.map(({ level }) => level)).toEqual(['info', 'error', 'error', 'fatal', 'error']);
    expect(log.lines[2]?.details).toMatchObject({ device: 'oven', task: 'oven.acquire', err: expect.any(Error) });
  });
});
