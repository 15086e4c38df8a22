import { LabwireError } from '../../base/index.ts';
import { describePort, type PortInfo } from './port-info.ts';

/** What must be true of a USB adapter; what is left out may be anything. */
export interface PortMatch {
  /** Four hexadecimal digits, in either case, with or without `0x`: `0403`. */
  readonly vendorId?: string | undefined;
  readonly productId?: string | undefined;
  readonly serialNumber?: string | undefined;
  /** Two hexadecimal digits, or one: `00`. */
  readonly interface?: string | undefined;
  /** The socket, as `labwire ports` shows it: `1-1.4`. */
  readonly location?: string | undefined;
  readonly manufacturer?: string | undefined;
  readonly product?: string | undefined;
}

type Key = keyof PortMatch;

/** By what a candidate is told from the others, the more lasting first; and each more than one key only where it must. */
const TELLING: readonly (readonly Key[])[] = [
  ['serialNumber'],
  ['interface'],
  ['location'],
  ['serialNumber', 'interface'],
  ['location', 'interface'],
];
/** Ports that a message names; the rest is counted. */
const LONGEST_LIST = 8;

/**
 * The one port that fits.
 *
 * @throws LabwireError PORT_ABSENT with what there is, or PORT_AMBIGUOUS with all that fit and how to tell them apart
 */
export function matchPort(ports: readonly PortInfo[], match: PortMatch): PortInfo {
  const [port, ...others] = fittingPorts(ports, match);
  if (!port) throw absent(ports, match);
  if (others.length > 0) throw ambiguous([port, ...others], match);
  return port;
}

/** `usb 0403:6001 serial A5069RR4`. */
export function describeMatch(match: PortMatch): string {
  const { vendorId, productId, serialNumber, interface: number, location, manufacturer, product } = match;
  const ids = vendorId === undefined && productId === undefined ? [] : [`${idOf(vendorId)}:${idOf(productId)}`];
  const words = [
    ['serial', serialNumber],
    ['interface', number && normal('interface', number)],
    ['location', location],
    ['manufacturer', manufacturer && JSON.stringify(manufacturer)],
    ['product', product && JSON.stringify(product)],
  ].flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${value}`]));
  return ['usb', ...ids, ...words].join(' ');
}

const idOf = (id: string | undefined): string => (id === undefined ? '*' : normal('vendorId', id));

export function fittingPorts(ports: readonly PortInfo[], match: PortMatch): PortInfo[] {
  return ports.filter((port) => fits(port, match));
}

function fits(port: PortInfo, match: PortMatch): boolean {
  const keys = Object.keys(match) as Key[];
  return keys.every((key) => match[key] === undefined || normal(key, port[key]) === normal(key, match[key]));
}

function normal(key: Key, value: string): string;
function normal(key: Key, value: string | undefined): string | undefined;
function normal(key: Key, value: string | undefined): string | undefined {
  const digits = { vendorId: 4, productId: 4, interface: 2 }[key as string];
  return digits === undefined ? value : value?.toLowerCase().replace(/^0x/, '').padStart(digits, '0');
}

function absent(ports: readonly PortInfo[], match: PortMatch): LabwireError {
  const there = ports.length === 0 ? 'there is no serial port at all' : `there are ${list(ports)}`;
  return new LabwireError(
    'PORT_ABSENT',
    `There is no port ${describeMatch(match)}; ${there}. Plug the adapter in, or correct what the configuration says of it (\`labwire ports\`)`,
  );
}

function ambiguous(candidates: readonly PortInfo[], match: PortMatch): LabwireError {
  const keys = TELLING.find((telling) => tellApart(candidates, telling));
  const remedy = keys
    ? `Add ${keys.map((key) => `\`${key}\``).join(' and ')} to tell them apart`
    : 'Name the one that is meant by its path in /dev/serial/by-path';
  return new LabwireError(
    'PORT_AMBIGUOUS',
    `${candidates.length} ports fit ${describeMatch(match)}: ${candidates.map(describePort).join('; ')}. ${remedy}`,
  );
}

/** Whether each candidate has all these facts, and no two have the same. */
function tellApart(candidates: readonly PortInfo[], keys: readonly Key[]): boolean {
  if (candidates.some((port) => keys.some((key) => port[key] === undefined))) return false;
  return new Set(candidates.map((port) => JSON.stringify(keys.map((key) => port[key])))).size === candidates.length;
}

function list(ports: readonly PortInfo[]): string {
  const shown = ports.slice(0, LONGEST_LIST).map(describePort).join('; ');
  return ports.length > LONGEST_LIST ? `${shown}; and ${ports.length - LONGEST_LIST} more` : shown;
}
