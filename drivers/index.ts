import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type InstrumentClass, LabwireError } from '../src/index.ts';
import { LakeShore } from './lakeshore.ts';
import { Line } from './line.ts';
import { Modbus } from './modbus.ts';
import { Nmea0183 } from './nmea0183.ts';

export { LakeShore, Line, Modbus, Nmea0183 };

/** The families of instruments whose language labwire speaks, by the name that catalogue entries use. */
export const drivers = { lakeshore: LakeShore, nmea0183: Nmea0183, line: Line, modbus: Modbus } satisfies Record<
  string,
  InstrumentClass
>;

/** The folder of labwire's own catalogue entries. */
export const models: string = join(packageFolder(dirname(fileURLToPath(import.meta.url))), 'devices');

/** This file runs from `drivers/` and, built, from `dist/drivers/`: the package's folder is the one with both. */
function packageFolder(from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json')) && existsSync(join(folder, 'devices'))) return folder;
    if (folder === dirname(folder)) {
      throw new LabwireError('INTERNAL', `No folder above ${from} holds labwire's catalogue; install labwire again`);
    }
  }
}
