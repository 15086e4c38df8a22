import { FrameError } from '../../src/index.ts';
import { decimal } from '../number.ts';

/** A sentence with a right checksum and a field that cannot be: a receiver's mistake, or two bytes garbled alike. */
export function malformed(what: string): FrameError {
  return new FrameError('FRAME_INVALID', 'invalid', `A sentence has ${what}`);
}

/** A number; undefined where the field is empty, which says "unknown". @throws FrameError */
export function numberField(field = ''): number | undefined {
  if (field === '') return undefined;
  const value = decimal(field);
  if (value === undefined) throw malformed(`${JSON.stringify(field)} for a number`);
  return value;
}

/** A count; undefined where the field is empty. @throws FrameError */
export function countField(field = ''): number | undefined {
  if (field === '') return undefined;
  if (!/^\d{1,3}$/.test(field)) throw malformed(`${JSON.stringify(field)} for a count`);
  return Number(field);
}

/** One of the given letters, or nothing. @throws FrameError */
export function letterField(field: string | undefined, letters: string): string | undefined {
  if (field === undefined || field === '') return undefined;
  if (field.length !== 1 || !letters.includes(field))
    throw malformed(`${JSON.stringify(field)}, not one of ${letters}`);
  return field;
}

export interface Position {
  /** Degrees, north positive. */
  readonly latitude: number;
  /** Degrees, east positive. */
  readonly longitude: number;
}

/**
 * Four fields: `4854.2575`, `N`, `00219.9816`, `E` are 48 degrees and 54.2575 minutes north, 2 degrees and 19.9816 minutes
 * east. Undefined where all are empty.
 *
 * @throws FrameError where only some are there, or one is out of its range
 */
export function positionFields(fields: readonly string[], at: number): Position | undefined {
  const [latitude, north, longitude, east] = fields.slice(at, at + 4);
  // Some receivers go on sending the hemisphere when they have lost the position.
  if (latitude === '' && longitude === '') return undefined;
  return {
    latitude: angle(latitude, /^(\d{2})(\d{2}(?:\.\d*)?)$/, 90) * sign(north, 'N', 'S'),
    longitude: angle(longitude, /^(\d{3})(\d{2}(?:\.\d*)?)$/, 180) * sign(east, 'E', 'W'),
  };
}

function angle(field: string | undefined, form: RegExp, limit: number): number {
  const match = form.exec(field ?? '');
  const minutes = Number(match?.[2]);
  const degrees = Number(match?.[1]) + minutes / 60;
  if (!match || minutes >= 60 || degrees > limit) throw malformed(`${JSON.stringify(field)} for a coordinate`);
  return degrees;
}

function sign(field: string | undefined, positive: string, negative: string): 1 | -1 {
  if (field === positive) return 1;
  if (field === negative) return -1;
  throw malformed(`${JSON.stringify(field)} for ${positive} or ${negative}`);
}
