import { listPorts, type PortInfo } from '../../port/index.ts';
import type { CliIo } from '../io.ts';
import { table } from '../table.ts';

/** Prints the serial ports of this machine. */
export async function portsCommand(
  options: { readonly json?: boolean },
  io: CliIo,
  list: () => Promise<PortInfo[]> = listPorts,
): Promise<number> {
  const ports = await list();
  if (options.json) io.print(JSON.stringify(ports, null, 2));
  else if (ports.length === 0) io.print('No serial ports are there.');
  else io.print(table(['PORT', 'USB', 'WHAT', 'SERIAL NUMBER', 'LASTING NAME'], ports.map(row)));
  return 0;
}

function row(port: PortInfo): string[] {
  const usb = port.vendorId === undefined ? '' : `${port.vendorId}:${port.productId ?? '?'}`;
  const what = [port.manufacturer, port.product].filter(Boolean).join(' ');
  return [port.path, usb, what, port.serialNumber ?? '', port.byId ?? port.byPath ?? ''];
}
