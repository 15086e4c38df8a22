import { describe, expect, test } from 'vitest';
import { LabwireError } from '../../src/base/index.ts';
import { Trouble } from '../../src/sinks/trouble.ts';
import { LogLines } from './parts.ts';

function reported(...messages: string[]): string[] {
  const log = new LogLines();
  const trouble = new Trouble(log);
  for (const message of messages) {
    if (message === 'over') trouble.over('it is over');
    else trouble.report(new LabwireError('SINK_REFUSED', message));
  }
  return log.lines.map((line) => line.replace(' (SINK_REFUSED)', ''));
}

describe('a trouble of a sink', () => {
  test('is told once, however often it is tried again', () => {
    expect(reported('no answer', 'no answer', 'no answer')).toEqual(['error no answer']);
  });

  test('is told anew when something else is wrong, each thing once', () => {
    expect(reported('bad password', 'bucket is missing', 'bad password', 'bucket is missing')).toEqual([
      'error bad password',
      'error bucket is missing',
    ]);
  });

  test('is the same where only numbers differ', () => {
    expect(reported('refused from port 4711', 'refused from port 4712')).toEqual(['error refused from port 4711']);
  });

  test('never fills the log, however its words change', () => {
    const words = Array.from({ length: 500 }, (_, i) => 'x'.repeat(i + 1));
    expect(reported(...words)).toHaveLength(20);
  });

  test('is over once, and a new one is told again', () => {
    expect(reported('no answer', 'over', 'over', 'no answer')).toEqual([
      'error no answer',
      'info it is over',
      'error no answer',
    ]);
  });
});
