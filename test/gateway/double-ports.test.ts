import { mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configSchema } from '../../src/config/index.ts';
import { doublePorts } from '../../src/gateway/double-ports.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'labwire-ports-'));
  writeFileSync(join(folder, 'ttyUSB0'), '');
  symlinkSync('ttyUSB0', join(folder, 'by-id'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function double(...ports: object[]): string[] {
  const devices = Object.fromEntries(ports.map((port, index) => [`d${index}`, { model: 'line', port }]));
  return doublePorts(configSchema([]).parse({ devices })).map(({ message }) => message);
}

describe('two devices on one instrument', () => {
  it.each([
    ['of one path', { path: '/dev/ttyX' }, { path: '/dev/ttyX' }],
    ['of one address', { tcp: 'Moxa:4001' }, { tcp: 'moxa:4001' }],
  ])('are found by ports %s, with the name of the other device', (_what, one, other) => {
    expect(double({ emulated: true }, one, other)).toEqual([
      `devices.d2.port.${'path' in one ? 'path' : 'tcp'} leads to where d1 is connected already; give one of them another port, or let them share one of "ports"`,
    ]);
  });

  it('are found by a lasting name beside that of the port itself', () => {
    const real = realpathSync(folder);
    expect(double({ path: join(real, 'by-id') }, { path: join(folder, 'ttyUSB0') })).toHaveLength(1);
  });

  it('are not seen in ports that differ, nor in emulated ones', () => {
    expect(double({ path: '/dev/ttyX' }, { path: '/dev/ttyY' }, { tcp: 'moxa:4001' }, { tcp: 'moxa:4002' })).toEqual(
      [],
    );
    expect(double({ emulated: true }, { emulated: true })).toEqual([]);
  });
});
