import { describe, expect, it } from 'vitest';
import { ConditionLost, codeOf, FrameError, LabwireError } from '../../src/base/index.ts';

describe('an error of labwire', () => {
  it('has its code in the message, and the message without it as its detail', () => {
    for (const error of [
      new LabwireError('PORT_ABSENT', 'There is no port'),
      new FrameError('PORT_ABSENT', 'invalid', 'There is no port'),
    ]) {
      expect([error.message, error.detail]).toEqual(['There is no port (PORT_ABSENT)', 'There is no port']);
    }
  });

  it('is known by its code, also when another copy of labwire made it', () => {
    const foreign = Object.assign(new Error('gone (CONDITION_LOST)'), { code: 'CONDITION_LOST' });
    expect([new ConditionLost('gone'), foreign].map(codeOf)).toEqual(['CONDITION_LOST', 'CONDITION_LOST']);
  });

  it.each([{}, { code: 'ENOENT' }, { code: 7 }, { code: 'toString' }])('is no other error: %j', (properties) => {
    expect(codeOf(Object.assign(new Error('x'), properties))).toBeNull();
  });
});
