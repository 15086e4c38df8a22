import { LabwireError, show } from '../base/index.ts';
import { type Credentials, readAddress } from './address.ts';
import { Client, openClient, type Subscription } from './client.ts';

export interface ConnectOptions extends Credentials {
  /** A token that `labwire token` made; goes before user and password. */
  readonly token?: string;
  readonly user?: string;
  readonly password?: string;
  /** Gives the first connection up. */
  readonly signal?: AbortSignal;
  /** Longest wait for an answer, in ms. Default 30 000. */
  readonly timeout?: number;
  /** What the server is to tell by itself; of all else the last known value is that of the connection. Default everything. */
  readonly subscription?: Subscription;
}

const TIMEOUT_MS = 30_000;

/**
 * Connects to a server of labwire or of pydase. With the type of its service everything below `client.service` is typed:
 * `const client = await connect<SensorService>('http://127.0.0.1:8001')`.
 *
 * @param url with `http`, `https`, `ws` or `wss`; may hold user and password
 * @throws LabwireError GATEWAY_UNREACHABLE where nothing answers, GATEWAY_REFUSED or UNAUTHENTICATED where it is not let in,
 * PROTOCOL_UNSUPPORTED where the server is newer than the client understands, TIMEOUT, ABORTED, or USAGE
 */
export async function connect<T = unknown>(url: string, options: ConnectOptions = {}): Promise<Client<T>> {
  const { timeout = TIMEOUT_MS, subscription, signal } = options;
  if (!(timeout > 0 && timeout < 2 ** 31)) {
    throw new LabwireError('USAGE', `timeout is a number of milliseconds above 0, not ${show(timeout)}`);
  }
  const client = new Client<T>({ address: readAddress(url, options), timeout, subscription });
  return openClient(client, signal);
}
