import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { type AdapterFacts, type UsbAdapter, usbAdapters } from './usb-adapters.ts';

export interface UsbTreeOptions {
  /** Whether there is udev, which makes the lasting names in `/dev/serial`; default true. Most containers have none. */
  readonly udev?: boolean;
  /** Whether there is `/sys`; default true. */
  readonly sys?: boolean;
}

export interface PlugOptions {
  readonly adapter: UsbAdapter;
  /** The socket: bus, hubs and ports as Linux writes them. `1-1` is the first one, `1-1.4` the fourth one of a hub in it. */
  readonly location: string;
  /** The name that the kernel gives the port, such as `ttyUSB0`; of an adapter with several ports one for each. */
  readonly tty: string | readonly string[];
  /** Of this specimen; null for none. Default that of `usbAdapters`. */
  readonly serialNumber?: string | null;
  /**
   * What the port leads to, such as the path of a `Pty`; of an adapter with several ports one for each. Without it the
   * node is an empty file.
   */
  readonly target?: string | readonly string[];
}

interface Plugged {
  readonly location: string;
  readonly ttys: readonly string[];
  /** Those of `/dev/serial` that udev makes for it, by path, with the tty that each leads to. */
  readonly links: ReadonlyMap<string, string>;
}

const CONTROLLER = '/sys/devices/pci0000:00/0000:00:14.0';
const LOCATION = /^(\d+)-\d+(\.\d+)*$/;
/** Major numbers of Linux. */
const MAJOR = { serial: 188, acm: 166 };
const HUB: AdapterAttributes = { vendorId: '05e3', productId: '0608', product: 'USB2.0 Hub' };
const ROOT_HUB: AdapterAttributes = {
  vendorId: '1d6b',
  productId: '0002',
  manufacturer: 'Linux xhci-hcd',
  product: 'xHCI Host Controller',
  serialNumber: '0000:00:14.0',
};

type AdapterAttributes = Omit<AdapterFacts, 'ports' | 'kind'>;

/**
 * A folder that looks like `/sys` and `/dev` of a Linux machine with USB adapters in it, as far as labwire looks: for
 * tests of what finds ports, without any hardware. Give its `root` to `listPorts`, to
 * `watchPorts`, or as `systemRoot` to a `Gateway`.
 *
 * ```ts
 * const tree = UsbTree.open(folder);
 * const pty = Pty.open();
 * tree.plug({ adapter: 'ftdi', location: '1-1.4', tty: 'ttyUSB0', target: pty.path });
 * tree.unplug('1-1.4');
 * ```
 */
export class UsbTree {
  readonly root: string;
  readonly #udev: boolean;
  readonly #sys: boolean;
  readonly #plugged = new Map<string, Plugged>();
  /** Of `/dev/serial`, those that are made, by path, with the tty that each leads to. */
  readonly #links = new Map<string, string>();

  private constructor(root: string, options: UsbTreeOptions) {
    this.root = root;
    this.#udev = options.udev ?? true;
    this.#sys = options.sys ?? true;
  }

  /** Lays out a machine without any adapter below a folder, which is made where it is missing. */
  static open(folder: string, options: UsbTreeOptions = {}): UsbTree {
    const tree = new UsbTree(folder, options);
    mkdirSync(join(folder, 'dev'), { recursive: true });
    if (tree.#sys) mkdirSync(join(folder, 'sys/class/tty'), { recursive: true });
    return tree;
  }

  /**
   * Plugs an adapter in: first the kernel tells of it in `/sys`, then it makes the node in `/dev`, then udev the links.
   *
   * @returns the paths of its ports, without the root
   */
  plug(options: PlugOptions): string[] {
    const { location, adapter, serialNumber } = options;
    const facts: AdapterFacts = usbAdapters[adapter];
    const ttys = [options.tty].flat();
    const targets = [options.target ?? []].flat();
    if (ttys.length !== facts.ports)
      throw new TypeError(`The adapter ${adapter} has ${facts.ports} ports: name as many`);
    if (!LOCATION.test(location)) throw new TypeError(`A location is written like 1-1.4, not ${location}`);
    if (this.#plugged.has(location)) throw new TypeError(`There is an adapter in ${location} already`);
    const twice = [...this.#plugged.values()].flatMap((other) => other.ttys).find((tty) => ttys.includes(tty));
    if (twice !== undefined) throw new TypeError(`There is a port ${twice} already`);

    const { serialNumber: usual, ...rest } = facts;
    const serial = serialNumber === undefined ? usual : (serialNumber ?? undefined);
    const own: AdapterFacts = { ...rest, ...(serial !== undefined && { serialNumber: serial }) };
    for (const [index, tty] of ttys.entries()) if (this.#sys) this.#describe(own, location, index, tty);
    for (const [index, tty] of ttys.entries()) this.#makeNode(tty, targets[index]);
    this.#plugged.set(location, { location, ttys, links: linksOf(own, location, ttys) });
    this.#makeLinks();
    return ttys.map((tty) => `/dev/${tty}`);
  }

  /** Pulls the adapter in a socket, or a hub with all that is in it. */
  unplug(location: string): void {
    for (const { location: place, ttys } of [...this.#plugged.values()]) {
      if (place !== location && !place.startsWith(`${location}.`)) continue;
      for (const tty of ttys) {
        rmSync(join(this.root, '/sys/class/tty', tty), { force: true });
        rmSync(join(this.root, '/dev', tty), { force: true });
      }
      this.#plugged.delete(place);
    }
    rmSync(join(this.root, folderOf(location)), { recursive: true, force: true });
    this.#makeLinks();
  }

  #describe(facts: AdapterFacts, location: string, index: number, tty: string): void {
    const device = folderOf(location);
    this.#usbDevice(dirname(folderOf(location.replace(/\..*$/, ''))), ROOT_HUB);
    for (let hub = location; hub.includes('.'); ) {
      hub = hub.replace(/\.\d+$/, '');
      this.#usbDevice(folderOf(hub), HUB);
    }
    this.#usbDevice(device, facts);
    const port = `${device}/${location}:1.${index}`;
    this.#file(`${port}/bInterfaceNumber`, index.toString(16).padStart(2, '0'));
    // A driver of serial adapters has a device for each port; the tty of an ACM device stands below its interface.
    const parent = facts.kind === 'serial' ? `${port}/${tty}` : port;
    const folder = `${parent}/tty/${tty}`;
    this.#file(`${folder}/dev`, `${MAJOR[facts.kind]}:${/\d+$/.exec(tty)?.[0] ?? 0}`);
    this.#link(`${folder}/device`, parent);
    this.#link(`/sys/class/tty/${tty}`, folder);
  }

  #usbDevice(folder: string, facts: AdapterAttributes): void {
    const attributes = {
      idVendor: facts.vendorId,
      idProduct: facts.productId,
      serial: facts.serialNumber,
      manufacturer: facts.manufacturer,
      product: facts.product,
    };
    for (const [name, value] of Object.entries(attributes))
      if (value !== undefined) this.#file(`${folder}/${name}`, value);
  }

  #makeNode(tty: string, target: string | undefined): void {
    const path = join(this.root, '/dev', tty);
    if (target === undefined) writeFileSync(path, '', { flag: 'wx' });
    else symlinkSync(target, path);
  }

  /** Two equal adapters have one name: it leads to the one that came last, and back to the other when that is pulled. */
  #makeLinks(): void {
    if (!this.#udev) return;
    const wanted = new Map([...this.#plugged.values()].flatMap(({ links }) => [...links]));
    for (const folder of ['/dev/serial/by-id', '/dev/serial/by-path', '/dev/serial']) {
      const place = join(this.root, folder);
      const present = existsSync(place) ? readdirSync(place) : [];
      // What leads where it shall is left alone, or those who watch would see it made again.
      for (const name of present) this.#removeLink(`${folder}/${name}`, wanted);
      if (existsSync(place) && readdirSync(place).length === 0) rmdirSync(place);
    }
    for (const [path, tty] of wanted) {
      if (this.#links.get(path) === tty) continue;
      this.#link(path, `/dev/${tty}`);
      this.#links.set(path, tty);
    }
  }

  #removeLink(path: string, wanted: ReadonlyMap<string, string>): void {
    const tty = this.#links.get(path);
    if (tty === undefined || tty === wanted.get(path)) return;
    unlinkSync(join(this.root, path));
    this.#links.delete(path);
  }

  #file(path: string, text: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), `${text}\n`);
  }

  /** Relative, as the kernel and udev make them. */
  #link(path: string, target: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    symlinkSync(relative(dirname(path), target), join(this.root, path));
  }
}

/** `1-1.4` stands below `1-1`, and that below `usb1`. */
function folderOf(location: string): string {
  const [bus, ports = ''] = location.split('-');
  const chain = ports.split('.').map((_, index, all) => `${bus}-${all.slice(0, index + 1).join('.')}`);
  return [CONTROLLER, `usb${bus}`, ...chain].join('/');
}

/** The names that udev's rules for serial devices make. */
function linksOf(facts: AdapterFacts, location: string, ttys: readonly string[]): Map<string, string> {
  const { manufacturer, vendorId, product, productId, serialNumber, kind } = facts;
  const id = ['usb', manufacturer ?? vendorId, product ?? productId, serialNumber].filter(Boolean).join('_');
  const ports = location.split('-')[1];
  const end = kind === 'serial' ? '-port0' : '';
  return new Map(
    ttys.flatMap((tty, index): [string, string][] => [
      [`/dev/serial/by-id/${safe(id.replace('usb_', 'usb-'))}-if${index.toString(16).padStart(2, '0')}${end}`, tty],
      [`/dev/serial/by-path/pci-0000:00:14.0-usb-0:${ports}:1.${index}${end}`, tty],
    ]),
  );
}

/** udev puts an underscore for each character that it does not trust. */
function safe(text: string): string {
  return text.replace(/[^\w#+\-.:=@]/g, '_');
}
