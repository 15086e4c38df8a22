/** A serial port of this machine; what is not known is left out. */
export interface PortInfo {
  /** `/dev/ttyUSB0`, `COM3`. */
  readonly path: string;
  /** The same in every start: `/dev/serial/by-id/…` names the adapter, `/dev/serial/by-path/…` the socket it is in. */
  readonly byId?: string;
  readonly byPath?: string;
  /** Four hexadecimal digits in lower case. */
  readonly vendorId?: string;
  readonly productId?: string;
  readonly serialNumber?: string;
  readonly manufacturer?: string;
  readonly product?: string;
  /** Two hexadecimal digits: which of the interfaces of a USB device it is. An FT4232 has `00` to `03`. */
  readonly interface?: string;
  /** The USB socket, hubs included, as the system calls it: `1-1.4` on Linux. The same while the socket is the same. */
  readonly location?: string;
}

/** One line for people: `/dev/ttyUSB0 (0403:6001 FTDI FT232R USB UART, serial number A5069RR4, interface 00, location 1-1.4)`. */
export function describePort(port: PortInfo): string {
  const facts = [
    [usbId(port), whatIsIt(port)].filter(Boolean).join(' '),
    port.serialNumber && `serial number ${port.serialNumber}`,
    port.interface && `interface ${port.interface}`,
    port.location && `location ${port.location}`,
  ].filter(Boolean);
  return facts.length === 0 ? port.path : `${port.path} (${facts.join(', ')})`;
}

/** `0403:6001`; empty where it is no USB device. */
export function usbId({ vendorId, productId }: PortInfo): string {
  return vendorId === undefined ? '' : `${vendorId}:${productId ?? '?'}`;
}

/** Manufacturer and product, as far as the device says them. */
export function whatIsIt({ manufacturer, product }: PortInfo): string {
  return [manufacturer, product].filter(Boolean).join(' ');
}

type Known<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Without what is not known: also an empty text says nothing. */
export function known<T extends object>(values: T): Known<T> {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined && value !== ''),
  ) as Known<T>;
}

/** What a device says of itself, as one line that no terminal obeys: it may be anything. */
export function oneLine(text: string): string {
  return text.replace(/\p{C}+/gu, ' ').trim();
}

const collator = new Intl.Collator('en', { numeric: true });

/** By path, for sorting: `ttyUSB9` before `ttyUSB10`. */
export function inOrder(a: PortInfo, b: PortInfo): number {
  return collator.compare(a.path, b.path);
}
