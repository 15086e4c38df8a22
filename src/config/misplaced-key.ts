import type { ConfigPath } from '../base/index.ts';
import { schemaParts } from '../instrument/index.ts';

const serialKeys = Object.keys(schemaParts.serialSettings.shape);
/** What describes the instrument or its line, and not where it is connected. */
const besidePort = ['serial', 'timing', 'address', 'interval', 'framing'];

/** Where a key belongs that stands a level too high or too low; undefined where that is not what is wrong. */
export function misplacedKey(path: ConfigPath, key: string): string | undefined {
  const [section, , inner] = path;
  const inPort = section === 'devices' && inner === 'port' && path.length === 3;
  const onLine = (section === 'devices' || section === 'ports') && path.length === 2;
  const setting = serialKeys.find((known) => known.toLowerCase() === key.toLowerCase());
  if (setting !== undefined && (inPort || onLine)) {
    return ` Write serial: { ${setting}: … }${inPort ? ' beside "port"' : ''}`;
  }
  return inPort && besidePort.includes(key) ? ' It stands beside "port", not in it' : undefined;
}
