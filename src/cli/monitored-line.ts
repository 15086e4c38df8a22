import { resolve } from 'node:path';
import { didYouMean, LabwireError } from '../base/index.ts';
import type { Configuration } from '../config/index.ts';
import { type FoundLine, type GatewayParts, modelLine } from '../gateway/index.ts';
import type { Model } from '../instrument/index.ts';
import { lines } from '../port/index.ts';

export interface LineWishes {
  /** Whose serial settings and framing it is to have. */
  readonly model: Model | undefined;
  readonly serial: FoundLine['serial'];
}

/** What is known where the command is called. */
export interface MonitoredSite {
  readonly configuration?: Configuration;
  readonly parts: GatewayParts;
}

const ID = /^[a-z][a-z0-9_]{0,62}$/;

/**
 * The line that a name means: that which the configuration has of it, or a path that no configuration knows. What is
 * wished counts more than the wished model, and that more than the configuration.
 *
 * @param configuration undefined where there is none, or it has mistakes
 * @throws LabwireError USAGE when nothing is known of the name, or its line is one that only its gateway has
 */
export function lineNamed(
  name: string,
  found: FoundLine | undefined,
  { model, serial }: LineWishes,
  { configuration, parts }: MonitoredSite,
): FoundLine {
  if (!found && ID.test(name)) throw unknown(name, configuration);
  const line = found ?? { port: { path: absolute(name) }, serial: {}, framing: lines({ send: '\r\n' }) };
  if ('emulated' in line.port) throw emulated(name);
  const wished = model && modelLine(model, parts.drivers);
  return { ...line, ...wished, serial: { ...line.serial, ...wished?.serial, ...serial } };
}

/** As the configuration, and so its gateway, spells it: a path may be a link to that. */
export function spelled(name: string, found: FoundLine | undefined): string {
  return found && 'path' in found.port && !ID.test(name) ? found.port.path : name;
}

/** `COM3` is a name, `./tty` a path. */
function absolute(name: string): string {
  return name.includes('/') ? resolve(name) : name;
}

function unknown(name: string, configuration: Configuration | undefined): LabwireError {
  const known = configuration ? [...Object.keys(configuration.devices), ...Object.keys(configuration.ports)] : [];
  const there = known.length === 0 ? '' : ` There are ${known.join(', ')}.`;
  const hint = didYouMean(name, known) || `${there} A port that is not configured is named by its path.`;
  return new LabwireError(
    'USAGE',
    `No gateway answers that has a device or port "${name}", and none is configured.${hint}`,
  );
}

function emulated(name: string): LabwireError {
  const message = `${name} is emulated, so its traffic is only where its gateway runs; start that with \`labwire run\`, or give its \`--url\``;
  return new LabwireError('USAGE', message);
}
