import { readFile } from 'node:fs/promises';
import type { IClientOptions } from 'mqtt';
import { LabwireError, toError } from '../../base/index.ts';

/** Files in PEM. */
export interface CredentialFiles {
  /** Certificates of the authorities that are trusted instead of the system's. */
  readonly ca?: string | undefined;
  /** Certificate of this client, with its key. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

const LIMIT_MS = 5000;

/** Reads certificates and key. @throws LabwireError SINK_REFUSED where one cannot be read */
export async function readCredentials({ ca, cert, key }: CredentialFiles): Promise<IClientOptions> {
  const [readCa, readCert, readKey] = await Promise.all([read(ca), read(cert), read(key)]);
  return {
    ...(readCa && { ca: readCa }),
    ...(readCert && { cert: readCert }),
    ...(readKey && { key: readKey }),
  };
}

async function read(path: string | undefined): Promise<Buffer | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path, { signal: AbortSignal.timeout(LIMIT_MS) });
  } catch (error) {
    throw new LabwireError('SINK_REFUSED', `${path} cannot be read: ${toError(error).message}`, { cause: error });
  }
}
