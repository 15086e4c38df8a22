import { expect, it } from 'vitest';
import { z } from 'zod';
import { configIssues, type IssueContext } from '../../src/base/index.ts';

const schema = z.strictObject({
  word: z.string().refine((text) => text === 'x', { error: ({ input }) => `is ${input}, not x` }),
});

function messages(input: unknown, context: Partial<IssueContext> = {}): string[] {
  const { error } = schema.safeParse(input, { reportInput: true });
  return configIssues(error?.issues ?? [], { schema, ...context }).map(({ message }) => message);
}

it('names the whole as its context does', () => {
  expect(messages(5)).toEqual(['The configuration must be a mapping of keys to values, is 5']);
  expect(messages({}, { whole: 'it' })).toEqual(['it lacks "word"']);
  expect(messages({}, { prefix: ['devices', 'a', 'line'] })).toEqual(['devices.a.line lacks "word"']);
});

it('has a better word on an unknown key than a similar one, where its context has one', () => {
  const context = { hint: (_path: unknown, key: string) => (key === 'scale' ? ' It goes elsewhere' : undefined) };
  expect(messages({ word: 'x', scale: 1, wort: 1 }, context)).toEqual([
    'The configuration has an unknown key "scale". It goes elsewhere',
    'The configuration has an unknown key "wort". Did you mean "word"?',
  ]);
});

it('never shows a concealed value, not even where the schema repeats it', () => {
  expect(messages({ word: 'geheim' })).toEqual(['word is geheim, not x, is "geheim"']);
  expect(messages({ word: 'geheim' }, { concealed: () => true })).toEqual([
    'word is not what its key takes, is a text that is not shown here',
  ]);
});
