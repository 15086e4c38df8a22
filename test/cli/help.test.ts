import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import type { CliIo } from '../../src/cli/io.ts';
import { createProgram } from '../../src/cli/program.ts';

function help(args: readonly string[]): { text: string; status: number } {
  let text = '';
  const io: CliIo = {
    print: (line) => {
      text += `${line}\n`;
    },
    complain: (line) => {
      text += `${line}\n`;
    },
    env: {},
    terminal: false,
    untilStopped: async () => {},
  };
  try {
    createProgram(io, () => {}).parse([...args, '--help'], { from: 'user' });
  } catch (error) {
    return { text, status: (error as { exitCode: number }).exitCode };
  }
  return { text, status: -1 };
}

function commandsBelow(command: Command, path: readonly string[] = []): string[][] {
  return command.commands.flatMap((child) => {
    const own = [...path, child.name()];
    return [own, ...commandsBelow(child, own)];
  });
}

const io: CliIo = { print: () => {}, complain: () => {}, env: {}, terminal: false, untilStopped: async () => {} };
const all = commandsBelow(createProgram(io, () => {}));

/** Examples of a help text, as words. */
const examplesIn = (text: string): string[] =>
  text
    .slice(text.indexOf('Examples:'))
    .split('\n')
    .filter((line) => line.startsWith('  '))
    .map((line) => line.trim());

describe('labwire --help', () => {
  it('names every command with what it does, and shows examples', () => {
    const { text, status } = help([]);
    expect(status).toBe(0);
    expect(examplesIn(text).length).toBeGreaterThan(2);
    for (const [name, second] of all)
      if (second === undefined) expect(text).toMatch(new RegExp(`^ +${name} .*\\w`, 'm'));
  });

  it('fits on a terminal of 80 columns', () => {
    const long = help([])
      .text.split('\n')
      .filter((line) => line.length > 80);
    expect(long).toEqual([]);
  });

  it.each(all)('of %s %s shows examples of that very command', (...path) => {
    const names = path.filter((name) => typeof name === 'string');
    const { text, status } = help(names);
    expect(status).toBe(0);
    expect(text).toMatch(/^Usage: labwire /);
    const examples = examplesIn(text);
    expect(examples.length).toBeGreaterThan(0);
    expect(examples.filter((line) => !line.includes(`labwire ${names.join(' ')}`))).toEqual([]);
  });
});
