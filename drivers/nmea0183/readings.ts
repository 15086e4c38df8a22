import { bad, type RecordValues } from '../../src/index.ts';
import { countField, letterField, malformed, numberField, positionFields } from './fields.ts';
import type { Sentence } from './sentence.ts';

const FOOT = 0.3048;
const FATHOM = 1.8288;
const NOTHING: RecordValues = {};
const NO_POSITION: RecordValues = { latitude: bad('invalid'), longitude: bad('invalid') };
const NO_MOTION: RecordValues = { speed: bad('invalid'), course: bad('invalid') };

/** GGA's quality as `fix`. 3 is GNSS with the precise service; 7 is typed in by hand and 8 a simulation: no fix. */
const QUALITIES: Readonly<Record<string, number>> = { 0: 0, 1: 1, 2: 2, 3: 1, 4: 4, 5: 5, 6: 6, 7: 0, 8: 0 };
/** The mode of RMC, VTG and GLL since version 2.3 as `fix`. */
const MODES: Readonly<Record<string, number>> = { N: 0, A: 1, D: 2, P: 1, R: 4, F: 5, E: 6, M: 0, S: 0 };
const MODE_LETTERS = Object.keys(MODES).join('');

interface Reader {
  /** How many fields it has, in the versions that are in use. */
  readonly lengths: readonly number[];
  /** @throws FrameError */
  read(fields: readonly string[]): RecordValues;
}

/** The types that say something about a channel, or could and must be well-formed. */
const readers: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['GGA', { lengths: [14], read: gga }],
  ['RMC', { lengths: [11, 12, 13], read: rmc }],
  ['GLL', { lengths: [6, 7], read: gll }],
  ['VTG', { lengths: [8, 9], read: vtg }],
  ['GSA', { lengths: [17, 18], read: gsa }],
  ['ZDA', { lengths: [6], read: zda }],
  ['DPT', { lengths: [2, 3], read: dpt }],
  ['DBT', { lengths: [6], read: dbt }],
  ['HDT', { lengths: [2], read: hdt }],
  ['HDG', { lengths: [5], read: hdg }],
  ['MTW', { lengths: [2], read: mtw }],
]);

export interface Reading {
  /** The type of the sentence, without its talker: GPS, GLONASS and a combined solution mean the same by it. */
  readonly type: string;
  readonly values: RecordValues;
}

/**
 * What a sentence says, by channel; undefined for a type that labwire does not read. A field that is empty says nothing
 * about its channel. Fields that are not used are not judged, times above all: receivers with a wrong clock have right
 * positions, and hours and seconds of 60 are met.
 *
 * @throws FrameError, reason `invalid`
 */
export function read({ address, fields }: Sentence): Reading | undefined {
  // An address with P is a maker's own, even where it ends like one of the standard's (Garmin has PGRMC).
  const type = address.length === 5 && !address.startsWith('P') ? address.slice(2) : '';
  const reader = readers.get(type);
  if (!reader) return undefined;
  if (!reader.lengths.includes(fields.length)) throw malformed(`${fields.length} fields as ${type}`);
  if (/[^\x20-\x7e]/.test(fields.join())) throw malformed(`a character in ${type} that is not printable ASCII`);
  return { type, values: reader.read(fields) };
}

/** Time, position, quality, satellites, dilution of precision, altitude and its unit, the geoid, corrections. */
function gga(fields: readonly string[]): RecordValues {
  const quality = fields[5] ?? '';
  const satellites = countField(fields[6]);
  const hdop = numberField(fields[7]);
  // A position whose quality is not said is not known to be one. A Firefly-II sends GGA so, and gpsd takes its positions
  // from RMC alone and knows no altitude of it.
  if (quality === '') return { satellites, hdop };
  const fix = QUALITIES[quality];
  if (fix === undefined) throw malformed(`${JSON.stringify(quality)} for a quality`);
  // Without a solution the dilution of precision is a filler (9.93, 99.9), or that of satellites only seen.
  if (fix === 0) return { ...NO_POSITION, altitude: bad('invalid'), hdop: bad('invalid'), satellites, fix };
  const altitude = numberField(fields[8]);
  return {
    ...positionFields(fields, 1),
    altitude: altitude === undefined || fields[9] === 'M' ? altitude : bad('unit'),
    hdop,
    satellites,
    fix,
  };
}

/** Time, status, position, speed in knots, course, date, magnetic variation, mode, navigational status. */
function rmc(fields: readonly string[]): RecordValues {
  // The navigational status is not looked at: receivers without that feature send V, "not for navigation", with each fix.
  const fix = fixOf(fields[1], fields[11]);
  if (fix === undefined) return NOTHING;
  if (fix === 0) return { ...NO_POSITION, ...NO_MOTION, fix };
  return {
    ...positionFields(fields, 2),
    speed: knots(numberField(fields[6])),
    course: bearing(numberField(fields[7])),
    fix,
  };
}

/** Position, time, status, mode. */
function gll(fields: readonly string[]): RecordValues {
  const fix = fixOf(fields[5], fields[6]);
  if (fix === undefined) return NOTHING;
  return fix === 0 ? { ...NO_POSITION, fix } : { ...positionFields(fields, 0), fix };
}

/** @returns 0 for a void fix; undefined where the sentence does not say */
function fixOf(statusField: string | undefined, modeField: string | undefined): number | undefined {
  const status = letterField(statusField, 'AV');
  const mode = letterField(modeField, MODE_LETTERS);
  if (status === undefined) return undefined;
  return status === 'V' ? 0 : (MODES[mode ?? 'A'] ?? 0);
}

/** Course and T, magnetic course and M, speed in knots and N, speed in km/h and K, mode. */
function vtg(fields: readonly string[]): RecordValues {
  const mode = letterField(fields[8], MODE_LETTERS);
  if (mode !== undefined && MODES[mode] === 0) return NO_MOTION;
  return {
    course: bearing(numberField(fields[0])),
    speed: knots(numberField(fields[4])) ?? kilometresPerHour(numberField(fields[6])),
  };
}

/**
 * How chosen, dimension of the fix, twelve satellites, three dilutions of precision, system. A receiver of several
 * systems sends one for each, without a fix for a system that it does not use: only GGA says that there is none at all.
 */
function gsa(fields: readonly string[]): RecordValues {
  const dimension = letterField(fields[1], '123');
  const hdop = numberField(fields[15]);
  return dimension === '2' || dimension === '3' ? { hdop } : NOTHING;
}

/** Time, day, month, year, local zone: the time of a sample is that of its arrival, so nothing is recorded. */
function zda(fields: readonly string[]): RecordValues {
  for (const field of fields) numberField(field);
  return NOTHING;
}

/** Depth below the transducer in m, offset of the transducer, range. As in DBT, the offset is not added. */
function dpt(fields: readonly string[]): RecordValues {
  return { depth: numberField(fields[0]) };
}

/** Depth below the transducer in feet and f, m and M, fathoms and F. */
function dbt(fields: readonly string[]): RecordValues {
  const [feet, metres, fathoms] = [numberField(fields[0]), numberField(fields[2]), numberField(fields[4])];
  return { depth: metres ?? scaled(feet, FOOT) ?? scaled(fathoms, FATHOM) };
}

/** Heading from true north and T. */
function hdt(fields: readonly string[]): RecordValues {
  return { heading: bearing(numberField(fields[0])) };
}

/**
 * Reading of a magnetic compass, deviation and E or W, variation and E or W. The channel is the heading from true north,
 * so without a variation there is none.
 */
function hdg(fields: readonly string[]): RecordValues {
  const compass = numberField(fields[0]);
  const deviation = eastward(fields[1], fields[2]);
  const variation = eastward(fields[3], fields[4]);
  if (compass === undefined) return NOTHING;
  if (variation === undefined) return { heading: bad('unit') };
  if (bearing(compass) !== compass) return { heading: bad('invalid') };
  return { heading: bearing((compass + (deviation ?? 0) + variation + 360) % 360) };
}

function eastward(angle: string | undefined, side: string | undefined): number | undefined {
  const value = numberField(angle);
  const letter = letterField(side, 'EW');
  if (value === undefined) return undefined;
  if (letter === undefined) throw malformed('an angle without E or W');
  return letter === 'E' ? value : -value;
}

/** Temperature of the water and its unit. */
function mtw(fields: readonly string[]): RecordValues {
  const temperature = numberField(fields[0]);
  return { water_temperature: temperature === undefined || fields[1] === 'C' ? temperature : bad('unit') };
}

const scaled = (value: number | undefined, factor: number): number | undefined =>
  value === undefined ? undefined : value * factor;

/** Speeds in m/s. Multiplied first, so that 36 knots are 18.52 and not 18.520000000000003. */
const knots = (value: number | undefined) => (value === undefined ? undefined : (value * 1852) / 3600);
const kilometresPerHour = (value: number | undefined) => (value === undefined ? undefined : value / 3.6);

const bearing = (degrees: number | undefined) =>
  degrees === undefined || (degrees >= 0 && degrees <= 360) ? degrees : bad('invalid');
