import { readdir, readFile, readlink, realpath } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import { hangupBinding } from './hangup-binding.ts';

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
}

/**
 * The serial ports that there are, by path. On Linux they are read from `/sys` and `/dev`, since serialport's own list
 * spawns `udevadm` and ends the process where that is missing.
 *
 * @param options.root the root of the file system, for tests
 * @param options.platform as `process.platform`, for tests
 */
export async function listPorts(
  options: { readonly root?: string; readonly platform?: NodeJS.Platform } = {},
): Promise<PortInfo[]> {
  const ports =
    (options.platform ?? process.platform) === 'linux' ? await listLinux(options.root ?? '/') : await listBinding();
  return ports.sort((a, b) => a.path.localeCompare(b.path, 'en', { numeric: true }));
}

async function listBinding(): Promise<PortInfo[]> {
  const ports = await hangupBinding().list();
  return ports.map(({ path, vendorId, productId, serialNumber, manufacturer }) => ({
    path,
    ...known({ vendorId: vendorId?.toLowerCase(), productId: productId?.toLowerCase(), serialNumber, manufacturer }),
  }));
}

async function listLinux(root: string): Promise<PortInfo[]> {
  const classFolder = join(root, 'sys/class/tty');
  const byId = await links(root, '/dev/serial/by-id');
  const byPath = await links(root, '/dev/serial/by-path');
  const describe = async (name: string): Promise<PortInfo | undefined> => {
    const device = await realpath(join(classFolder, name, 'device')).catch(() => undefined);
    if (device === undefined || (await attribute(join(classFolder, name), 'type')) === UART_ABSENT) return undefined;
    const path = `/dev/${name}`;
    const usb = await usbAttributes(device, root);
    return { path, ...known({ byId: byId.get(path), byPath: byPath.get(path), ...usb }) };
  };
  const described = await Promise.all((await entries(classFolder)).map(describe));
  return described.filter((port) => port !== undefined);
}

/** `PORT_UNKNOWN` of Linux' serial_core.h: the kernel keeps a name for a UART that the machine may have but has not. */
const UART_ABSENT = '0';

/** From the port's device up to the USB device that it is a part of; a port on the board has none. */
async function usbAttributes(device: string, root: string): Promise<Partial<PortInfo>> {
  const top = join(await realpath(root), 'sys');
  for (let folder = device; folder.startsWith(top) && folder !== top; folder = dirname(folder)) {
    const vendorId = await attribute(folder, 'idVendor');
    if (vendorId === undefined) continue;
    const [productId, serialNumber, manufacturer, product] = await Promise.all(
      ['idProduct', 'serial', 'manufacturer', 'product'].map((name) => attribute(folder, name)),
    );
    return known({ vendorId, productId, serialNumber, manufacturer, product });
  }
  return {};
}

async function attribute(folder: string, name: string): Promise<string | undefined> {
  const text = await readFile(join(folder, name), 'utf8').catch(() => undefined);
  return text?.trim() || undefined;
}

/** By the device that they lead to. Their text is followed, not the link, since it is below `root` only by its meaning. */
async function links(root: string, folder: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const name of await entries(join(root, folder))) {
    const target = await readlink(join(root, folder, name)).catch(() => undefined);
    if (target !== undefined) found.set(posix.resolve(folder, target), `${folder}/${name}`);
  }
  return found;
}

/** What is not there, or vanishes while it is looked at, is no port. */
async function entries(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

type Known<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function known<T extends object>(values: T): Known<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Known<T>;
}
