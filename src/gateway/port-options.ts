import { type PortConfiguration, tcpAddressOf } from '../config/index.ts';
import type { Model } from '../instrument/index.ts';
import {
  describeMatch,
  type EmulatedTransport,
  emulatedTransport,
  type LineOptions,
  type LinkTiming,
  rfc2217Transport,
  type SerialSettings,
  serialTransport,
  type Transport,
  tcpTransport,
  unixTransport,
  usbTransport,
} from '../port/index.ts';
import { definedOnly } from './defined-only.ts';

/** In words, for logs and `info`. */
export function portName(port: PortConfiguration): string {
  if ('path' in port) return port.path;
  if ('usb' in port) return describeMatch(definedOnly(port.usb));
  if ('tcp' in port) return `tcp://${port.tcp}`;
  if ('rfc2217' in port) return `rfc2217://${port.rfc2217}`;
  return 'unix' in port ? `unix:${port.unix}` : 'emulated';
}

export type SerialFacts = NonNullable<Model['serial']>;

/** How a line is set. `echo` is the bus's business. */
function serialSettings({ echo: _, break: seconds, ...facts }: SerialFacts): SerialSettings {
  return definedOnly({ ...facts, breakMs: seconds && seconds * 1000 });
}

/** Emulated instruments are put on the line of their devices, one by one; everything else is found by its address. */
export function isEmulated(transport: Transport): transport is EmulatedTransport {
  return 'attach' in transport;
}

/**
 * The way to the instruments that a configuration names.
 *
 * @param root of the file system in which USB adapters are looked for, for tests
 */
export function transportTo(port: PortConfiguration, facts: SerialFacts, root?: string): Transport {
  const serial = serialSettings(facts);
  if ('path' in port) return serialTransport(port.path, serial);
  if ('usb' in port) return usbTransport(definedOnly(port.usb), serial, definedOnly({ root }));
  if ('unix' in port) return unixTransport(port.unix);
  if ('emulated' in port) return emulatedTransport(portName(port), serial);
  const { host, port: number } = tcpAddressOf('tcp' in port ? port.tcp : port.rfc2217);
  return 'tcp' in port ? tcpTransport(host, number) : rfc2217Transport(host, number, serial);
}

type FramingFacts = NonNullable<Model['framing']>;

/** Without a word in catalogue or configuration, lines end as nearly all of them do. */
export function lineOptions(framing: FramingFacts['lines'] | undefined): LineOptions {
  if (framing === undefined) return { send: '\r\n' };
  if (typeof framing === 'string') return { receive: framing, send: framing };
  const { receive, send, maxLength } = framing;
  return {
    send: send ?? (typeof receive === 'string' ? receive : '\r\n'),
    ...(receive !== undefined && { receive }),
    ...(maxLength !== undefined && { maxLength }),
  };
}

type TimingFacts = NonNullable<Model['timing']>;

export function milliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000;
}

/** Limits and spacing of a link; the catalogue has seconds. */
export function linkTiming({ spacing, firstByte, reply, retries }: TimingFacts): LinkTiming {
  return definedOnly({
    spacingMs: milliseconds(spacing),
    firstByteMs: milliseconds(firstByte),
    replyMs: milliseconds(reply),
    retries,
  });
}
