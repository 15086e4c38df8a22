import { realpathSync } from 'node:fs';
import type { ConfigIssue } from '../base/index.ts';
import { type Configuration, type PortConfiguration, tcpAddressOf } from '../config/index.ts';

/** Two devices on one instrument would take it from each other for ever, by whatever names they call it. */
export function doublePorts({ devices }: Configuration): ConfigIssue[] {
  const owners = new Map<string, string>();
  const issues: ConfigIssue[] = [];
  for (const [id, { port }] of Object.entries(devices)) {
    const instrument = instrumentAt(port);
    if (instrument === undefined) continue;
    const owner = owners.get(instrument);
    if (owner === undefined) owners.set(instrument, id);
    else {
      const path = ['devices', id, 'port', 'path' in port ? 'path' : 'tcp'];
      const message = `${path.join('.')} leads to where ${owner} is connected already; give one of them another port`;
      issues.push({ code: 'CONFIG_INVALID', path, at: 'value', message, severity: 'error' });
    }
  }
  return issues;
}

/** The same text for the same place; undefined where each device has its own. */
function instrumentAt(port: PortConfiguration): string | undefined {
  if ('path' in port) return realPath(port.path);
  if (!('tcp' in port)) return undefined;
  const { host, port: number } = tcpAddressOf(port.tcp);
  return `tcp://${host.toLowerCase()}:${number}`;
}

/** A lasting name in `/dev/serial/by-id` is a link; what is not plugged in leads nowhere, and its name must do. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
