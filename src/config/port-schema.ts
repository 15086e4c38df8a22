import { z } from 'zod';
import { schemaParts } from '../instrument/index.ts';

/** Text of one line: it goes into topics, points and logs, where a line feed would begin something new. */
export const line = (longest: number): z.ZodString =>
  z
    .string()
    .min(1)
    .max(longest)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
    .regex(/^[^\u0000-\u001f\u007f]*$/, 'must be one line without control characters');

/** Adds an issue where not exactly one of the keys is given. */
export function exactlyOne(value: object, keys: readonly string[], context: z.RefinementCtx): void {
  const given = keys.filter((key) => Reflect.get(value, key) !== undefined);
  if (given.length === 0) context.addIssue({ code: 'custom', message: `needs one of ${keys.join(', ')}` });
  if (given.length > 1) context.addIssue({ code: 'custom', message: `can have only one of ${given.join(', ')}` });
}

const ADDRESS = /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s:/[\]]+)):([1-9]\d{0,4})$/;

const address = z
  .string()
  .regex(ADDRESS, 'must be a host and a port number, such as 192.168.1.5:4001')
  .refine((text) => Number(ADDRESS.exec(text)?.[3] ?? 0) <= 65_535, 'has a port number above 65535');

/** Host and port of a checked `tcp` or `rfc2217` address. */
export function tcpAddressOf(text: string): { host: string; port: number } {
  const [, literal, name, number] = ADDRESS.exec(text) ?? [];
  return { host: literal ?? name ?? '', port: Number(number) };
}

const HEXADECIMAL = /^(?:0x)?[0-9a-f]{4}$/i;

/** A text, since YAML reads 0403 as the number 403 and 10e4 as 100000. */
const usbId = z
  .string()
  .regex(HEXADECIMAL, 'must be four hexadecimal digits, such as "0403"')
  .transform((text) => text.replace(/^0x/i, '').toLowerCase());

const usb = z
  .strictObject({
    vendorId: usbId.optional().describe('Four hexadecimal digits, e.g. "0403" for FTDI.'),
    productId: usbId.optional().describe('Four hexadecimal digits, e.g. "6001".'),
    serialNumber: line(200).optional().describe("The adapter's serial number; some have none."),
    interface: line(10).optional().describe('Of an adapter with several ports the one that is meant, e.g. "00".'),
    location: line(200)
      .optional()
      .describe('The socket that it is plugged into, e.g. 1-1.4, as labwire ports shows it.'),
    manufacturer: line(200).optional().describe('As the adapter itself says it.'),
    product: line(200).optional().describe('As the adapter itself says it.'),
  })
  .refine((match) => Object.values(match).some((value) => value !== undefined), 'needs at least one key')
  .describe('A USB adapter by what it is, whatever its path is at the moment.');

/** What a USB adapter must be to be meant. */
export type UsbConfiguration = z.output<typeof usb>;

/** Where an instrument is connected. A checked configuration is a valid input again, so an address stays one text. */
export type PortConfiguration =
  | { readonly path: string }
  | { readonly usb: UsbConfiguration }
  | { readonly tcp: string }
  | { readonly rfc2217: string }
  | { readonly unix: string }
  | { readonly emulated: true };

const roads = {
  path: line(4096).optional().describe('A serial port, best by its name in /dev/serial/by-id/.'),
  usb: usb.optional(),
  tcp: address.optional().describe('Host and port of a serial device server that passes bytes, e.g. 192.168.1.5:4001.'),
  rfc2217: address.optional().describe('Host and port of a device server that lets its baud rate be set (RFC 2217).'),
  unix: line(4096).optional().describe('A Unix socket that passes the bytes of a port.'),
  emulated: z.literal(true).optional().describe('An emulated instrument of the model instead of a real one.'),
};
const roadNames = Object.keys(roads);

/** The one road that is given. */
function road(value: { readonly [K in keyof typeof roads]?: unknown }): PortConfiguration {
  const name = roadNames.find((key) => Reflect.get(value, key) !== undefined) ?? 'emulated';
  return { [name]: Reflect.get(value, name) } as unknown as PortConfiguration;
}

/** The port of one device. */
export const port = z
  .strictObject(roads)
  .superRefine((value, context) => exactlyOne(value, roadNames, context))
  .transform(road)
  .describe(`Where the instrument is connected: one of ${roadNames.join(', ')}.`);

const own = {
  serial: schemaParts.serialSettings.optional(),
  timing: schemaParts.timing
    .pick({ spacing: true, settle: true })
    .optional()
    .describe('Least time between any two transactions on the line, and time after an opening.'),
};

/** A port that several devices share. */
export const sharedPort = z
  .strictObject({ ...roads, ...own })
  .superRefine((value, context) => exactlyOne(value, roadNames, context))
  .transform(({ serial, timing, ...where }): SharedPortConfiguration => ({ ...road(where), serial, timing }))
  .describe('A port that several devices share by their addresses, e.g. an RS-485 line.');

export type SharedPortConfiguration = PortConfiguration & {
  readonly serial: z.output<(typeof own)['serial']>;
  readonly timing: z.output<(typeof own)['timing']>;
};
