import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { LabwireError } from '../base/index.ts';
import type { Configuration, PortConfiguration } from '../config/index.ts';
import { describeMatch, matchPort, type PortInfo } from '../port/index.ts';

/** A port and who is configured to have it: ids of devices, or of lines that devices share. */
export interface UsedPort {
  readonly port: PortInfo;
  readonly usedBy: readonly string[];
}

/** What is configured and does not lead to a port. */
export interface MissingPort {
  readonly usedBy: string;
  /** As it is configured: a path, or `usb 0403:6001`. */
  readonly port: string;
  readonly code: 'PORT_ABSENT' | 'PORT_AMBIGUOUS';
  readonly message: string;
}

export interface PortUse {
  /** All ports, and behind them those that are configured and there without being serial ports of the system. */
  readonly ports: readonly UsedPort[];
  readonly missing: readonly MissingPort[];
}

/** The configured ports by the name of their user: a device's id, or `bus1 (oven, dryer)` for a line that devices share. */
export function configuredPorts({ devices, ports }: Configuration): Map<string, PortConfiguration> {
  const configured = new Map<string, PortConfiguration>();
  for (const [name, port] of Object.entries(ports)) {
    const sharing = Object.keys(devices).filter((id) => devices[id]?.port === name);
    configured.set(sharing.length === 0 ? name : `${name} (${sharing.join(', ')})`, port);
  }
  for (const [id, { port }] of Object.entries(devices)) if (typeof port !== 'string') configured.set(id, port);
  return configured;
}

/**
 * Who has which port. Of what is configured only paths and USB adapters are ports of this machine.
 *
 * @param root of the file system, for tests
 */
export function usedBy(
  ports: readonly PortInfo[],
  configured: ReadonlyMap<string, PortConfiguration>,
  root = '/',
): PortUse {
  const users = new Map<PortInfo, string[]>(ports.map((port) => [port, []]));
  const missing: MissingPort[] = [];
  for (const [user, where] of configured) {
    try {
      const port = portAt(where, [...users.keys()], root);
      if (port) users.set(port, [...(users.get(port) ?? []), user]);
    } catch (error) {
      missing.push(missingPort(user, where, error));
    }
  }
  return { ports: [...users].map(([port, names]) => ({ port, usedBy: names })), missing };
}

/** @throws LabwireError PORT_ABSENT, PORT_AMBIGUOUS */
function portAt(where: PortConfiguration, ports: readonly PortInfo[], root: string): PortInfo | undefined {
  if ('usb' in where) return matchPort(ports, where.usb);
  return 'path' in where ? portOfPath(where.path, ports, root) : undefined;
}

/** A lasting name is a link; so it is what paths lead to that is compared. What is no tty of the system, as a pty, is listed too. */
function portOfPath(path: string, ports: readonly PortInfo[], root: string): PortInfo {
  const real = realPath(root, path);
  const same = ports.find(
    (port) =>
      [port.path, port.byId, port.byPath].includes(path) || (real !== undefined && realPath(root, port.path) === real),
  );
  if (same) return same;
  if (real !== undefined) return { path };
  throw new LabwireError('PORT_ABSENT', `There is no port ${path}`);
}

function realPath(root: string, path: string): string | undefined {
  try {
    return realpathSync(root === '/' ? path : join(root, path));
  } catch {
    return undefined;
  }
}

function missingPort(user: string, where: PortConfiguration, error: unknown): MissingPort {
  if (!(error instanceof LabwireError) || (error.code !== 'PORT_ABSENT' && error.code !== 'PORT_AMBIGUOUS'))
    throw error;
  const port = 'usb' in where ? describeMatch(where.usb) : 'path' in where ? where.path : '';
  return { usedBy: user, port, code: error.code, message: error.message };
}
