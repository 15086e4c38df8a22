import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { closest, didYouMean } from '../../src/base/index.ts';

const keys = ['model', 'label', 'port', 'interval', 'channels', 'restartSec'];

describe('closest', () => {
  it.each([
    ['modl', 'model'],
    ['modle', 'model'],
    ['prot', 'port'],
    ['chanels', 'channels'],
    ['RESTARTSEC', 'restartSec'],
    ['intervall', 'interval'],
  ])('takes %s for %s', (word, meant) => {
    expect(closest(word, keys)).toBe(meant);
  });

  it.each(['', 'x', 'journal', 'usb', 'homeAssistant'])('makes nothing of %j', (word) => {
    expect(closest(word, keys)).toBeUndefined();
  });

  it('takes no letter for another where there is only one', () => {
    expect(closest('1', ['K', 'V'])).toBeUndefined();
    expect(closest('k', ['K', 'V'])).toBe('K');
  });

  it('takes the nearest of several', () => {
    expect(closest('lakeshore-217x', ['lakeshore-218', 'lakeshore-217', 'line'])).toBe('lakeshore-217');
  });

  it('finds a word by any one letter that is changed', () => {
    fc.assert(
      fc.property(fc.nat(7), fc.constantFrom(...'qxyz'), (position, letter) => {
        expect(closest(`channels`.slice(0, position) + letter + 'channels'.slice(position + 1), keys)).toBe('channels');
      }),
    );
  });
});

describe('didYouMean', () => {
  it('is made to stand behind a sentence, and is nothing where nothing is near', () => {
    expect(didYouMean('modl', keys)).toBe(' Did you mean "model"?');
    expect(didYouMean('journal', keys)).toBe('');
  });
});
