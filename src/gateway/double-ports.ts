import type { ConfigIssue } from '../base/index.ts';
import { type Configuration, type PortConfiguration, tcpAddressOf } from '../config/index.ts';
import { realPath } from './real-path.ts';

/** Two devices on one instrument would take it from each other for ever, by whatever names they call it. */
export function doublePorts({ devices, ports }: Configuration): ConfigIssue[] {
  const owners = new Map<string, string>();
  const issues: ConfigIssue[] = [];
  const check = (owner: string, path: string[], port: PortConfiguration): void => {
    const instrument = instrumentAt(port);
    if (instrument === undefined) return;
    const other = owners.get(instrument);
    if (other === undefined) owners.set(instrument, owner);
    else {
      const whole = [...path, ...Object.keys(port).slice(0, 1)];
      const message = `${whole.join('.')} leads to where ${other} is connected already; give one of them another port, or let them share one of "ports"`;
      issues.push({ code: 'CONFIG_INVALID', path: whole, at: 'value', message, severity: 'error' });
    }
  };
  for (const [name, { serial, timing, ...port }] of Object.entries(ports)) check(name, ['ports', name], port);
  for (const [id, { port }] of Object.entries(devices)) {
    if (typeof port !== 'string') check(id, ['devices', id, 'port'], port);
  }
  return issues;
}

/** The same text for the same place; undefined where each device has its own. */
function instrumentAt(port: PortConfiguration): string | undefined {
  if ('path' in port) return realPath(port.path);
  if ('unix' in port) return realPath(port.unix);
  if ('usb' in port) return JSON.stringify(Object.entries(port.usb).sort());
  if ('emulated' in port) return undefined;
  const { host, port: number } = tcpAddressOf('tcp' in port ? port.tcp : port.rfc2217);
  return `tcp://${host.toLowerCase()}:${number}`;
}
