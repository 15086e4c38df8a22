import type { Dirent } from 'node:fs';
import { readdir, readFile, readlink, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, posix } from 'node:path';
import { inOrder, known, oneLine, type PortInfo } from './port-info.ts';

export const BY_ID = '/dev/serial/by-id';
export const BY_PATH = '/dev/serial/by-path';

/** A listing that runs, and the one that follows it for all who asked meanwhile. */
interface Listing {
  readonly now: Promise<PortInfo[]>;
  next?: Promise<PortInfo[]>;
}

const listings = new Map<string, Listing>();

/**
 * The ports below `root`, from `/sys` and `/dev`. When a hub with 256 ports returns all of them ask at once, and each
 * listing reads some thousand files: so who asks while a listing runs gets the next one, together with all the others.
 */
export function listLinuxPorts(root: string): Promise<readonly PortInfo[]> {
  const running = listings.get(root);
  if (running) {
    running.next ??= running.now.then(() => startListing(root));
    return running.next;
  }
  return startListing(root);
}

function startListing(root: string): Promise<PortInfo[]> {
  const listing: Listing = { now: readPorts(root).then((ports) => ports.sort(inOrder)) };
  listings.set(root, listing);
  void listing.now.then(() => {
    if (!listing.next) listings.delete(root);
  });
  return listing.now;
}

/** Never rejects: what is not there, or vanishes while it is looked at, is no port. */
async function readPorts(root: string): Promise<PortInfo[]> {
  const [names, top] = await Promise.all([entries(join(root, 'sys/class/tty')), realpath(root).catch(() => root)]);
  if (names.length === 0) return portsByName(root);
  const lines = (await Promise.all(names.map((name) => serialLine(root, name)))).filter((line) => line !== undefined);
  const [nodes, byId, byPath] = await Promise.all([nodesOf(root, lines), links(root, BY_ID), links(root, BY_PATH)]);
  const describe = async ({ name, device }: SerialLine): Promise<PortInfo | undefined> => {
    const path = nodes.get(name);
    if (path === undefined) return undefined;
    const usb = await usbAttributes(device, join(top, 'sys'));
    return { path, ...known({ byId: byId.get(path), byPath: byPath.get(path) }), ...usb };
  };
  return (await Promise.all(lines.map(describe))).filter((port) => port !== undefined);
}

/**
 * Names of serial devices: `ttyUSB0`, `ttyACM0`, `ttyAMA0`, `ttymxc0`, `rfcomm0`; not `tty1` (a console) and not `ttyp0`
 * (an old pseudo-terminal).
 */
const SERIAL_NAME = /^(?:tty(?:[A-Z]|[a-z]{2})[A-Za-z]*\d+|rfcomm\d+)$/;

/** Where `/sys` is hidden, as in some containers, the names of the nodes are all there is. */
async function portsByName(root: string): Promise<PortInfo[]> {
  const names = (await entries(join(root, 'dev'))).filter((name) => SERIAL_NAME.test(name));
  const [byId, byPath] = await Promise.all([links(root, BY_ID), links(root, BY_PATH)]);
  return names.map((name) => {
    const path = `/dev/${name}`;
    return { path, ...known({ byId: byId.get(path), byPath: byPath.get(path) }) };
  });
}

/** A tty of the kernel that has a device, which consoles and pseudo-terminals have not. */
interface SerialLine {
  readonly name: string;
  /** Its folder in `/sys/devices`. */
  readonly device: string;
  /** `major:minor`. */
  readonly number: string | undefined;
}

/** `PORT_UNKNOWN` of Linux' serial_core.h: the kernel keeps a name for a UART that the machine may have but has not. */
const UART_ABSENT = '0';

async function serialLine(root: string, name: string): Promise<SerialLine | undefined> {
  const folder = join(root, 'sys/class/tty', name);
  const device = await realpath(join(folder, 'device')).catch(() => undefined);
  if (device === undefined || (await attribute(folder, 'type')) === UART_ABSENT) return undefined;
  return { name, device, number: await attribute(folder, 'dev') };
}

/**
 * The path of each line that has a node. A container sees all lines of its host in `/sys`, but may open only those whose
 * nodes it was given, and these may have other names there: `docker run --device /dev/ttyUSB3:/dev/ttyUSB0`. So it is
 * the number of a node that counts.
 */
async function nodesOf(root: string, lines: readonly SerialLine[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const present = new Map((await files(join(root, 'dev'))).map((file) => [file.name, file]));
  await Promise.all(
    lines.map(async ({ name, number }) => {
      const file = present.get(name);
      if (!file) return;
      const another =
        number !== undefined && file.isCharacterDevice() && (await numberOf(join(root, 'dev', name))) !== number;
      if (!another) found.set(name, `/dev/${name}`);
    }),
  );
  if (found.size === lines.length) return found;
  const others = await nodesByNumber(root);
  for (const { name, number } of lines) {
    const path = number === undefined ? undefined : others.get(number);
    if (path !== undefined && !found.has(name)) found.set(name, path);
  }
  return found;
}

async function nodesByNumber(root: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const folder of [BY_PATH, BY_ID, '/dev']) {
    const nodes = (await files(join(root, folder))).filter((file) => file.isCharacterDevice());
    const numbers = await Promise.all(nodes.map(({ name }) => numberOf(join(root, folder, name))));
    for (const [index, number] of numbers.entries())
      if (number !== undefined) found.set(number, `${folder}/${nodes[index]?.name}`);
  }
  return found;
}

/** `major:minor`, taken apart as makedev(3) of Linux puts them together. */
async function numberOf(path: string): Promise<string | undefined> {
  const rdev = (await stat(path).catch(() => undefined))?.rdev;
  if (rdev === undefined) return undefined;
  return `${(rdev >>> 8) & 0xfff}:${(rdev & 0xff) | ((rdev >>> 12) & 0xfff00)}`;
}

/** From the port's device up to the USB device that it is a part of; a port on the board has none. */
async function usbAttributes(device: string, top: string): Promise<Partial<PortInfo>> {
  let number: string | undefined;
  for (let folder = device; folder.startsWith(top) && folder !== top; folder = dirname(folder)) {
    number ??= await attribute(folder, 'bInterfaceNumber');
    const vendorId = await attribute(folder, 'idVendor');
    if (vendorId === undefined) continue;
    const [productId, serialNumber, manufacturer, product] = await Promise.all(
      ['idProduct', 'serial', 'manufacturer', 'product'].map((name) => attribute(folder, name)),
    );
    const location = basename(folder);
    return known({ vendorId, productId, serialNumber, manufacturer, product, interface: number, location });
  }
  return {};
}

async function attribute(folder: string, name: string): Promise<string | undefined> {
  const text = await readFile(join(folder, name), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : oneLine(text) || undefined;
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

async function entries(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

async function files(folder: string): Promise<Dirent[]> {
  return readdir(folder, { withFileTypes: true }).catch(() => []);
}
