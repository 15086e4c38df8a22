import type { BindingInterface } from '@serialport/bindings-cpp';
import { hangupBinding } from '../transport/hangup-binding.ts';
import { listLinuxPorts } from './linux-ports.ts';
import { inOrder, known, oneLine, type PortInfo } from './port-info.ts';

export interface ListPortsOptions {
  /** The root of the file system, for tests. */
  readonly root?: string;
  /** As `process.platform`, for tests. */
  readonly platform?: NodeJS.Platform;
  /** What lists the ports of macOS and Windows, for tests. */
  readonly binding?: BindingInterface;
}

/**
 * The serial ports that there are, by path. On Linux they are read from `/sys` and `/dev`, since serialport's own list
 * spawns `udevadm` and ends the process where that is missing.
 */
export async function listPorts(options: ListPortsOptions = {}): Promise<PortInfo[]> {
  return (options.platform ?? process.platform) === 'linux'
    ? [...(await listLinuxPorts(options.root ?? '/'))]
    : listBinding(options.binding ?? hangupBinding());
}

/** Windows tells the interface within the PnP id: `USB\VID_0403&PID_6011&MI_01\…`. */
const WINDOWS_INTERFACE = /&MI_([0-9A-F]{2})/i;

async function listBinding(binding: BindingInterface): Promise<PortInfo[]> {
  const ports = await binding.list();
  const infos = ports.map(({ path, vendorId, productId, serialNumber, manufacturer, locationId, pnpId }) => ({
    path,
    ...known({
      vendorId: vendorId?.toLowerCase(),
      productId: productId?.toLowerCase(),
      serialNumber: oneLine(serialNumber ?? ''),
      manufacturer: oneLine(manufacturer ?? ''),
      interface: WINDOWS_INTERFACE.exec(pnpId ?? '')?.[1]?.toLowerCase(),
      location: locationId,
    }),
  }));
  return infos.sort(inOrder);
}
