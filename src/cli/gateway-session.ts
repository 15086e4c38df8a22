import { type ErrorCode, errorCodes, LabwireError, toError } from '../base/index.ts';
import { type Client, connect, RemoteError, type Subscription } from '../client/index.ts';
import { advised, givenToken } from './gateway-access.ts';
import type { CliIo } from './io.ts';

/** What every command has that asks a running gateway. */
export interface GatewayOptions {
  /** Default `LABWIRE_URL`, that of the configuration, or http://127.0.0.1:8001. */
  readonly url?: string;
  /** Default `LABWIRE_TOKEN`. */
  readonly token?: string;
  /** Default labwire.yaml, where there is one. */
  readonly config?: string;
  readonly json?: boolean;
  /** Longest wait for an answer, in seconds. Default 30. */
  readonly timeout?: number;
}

/** Where the gateway is, and what opens it. */
export interface GatewayPlace {
  readonly url: string;
  readonly token: string | undefined;
  readonly timeoutMs: number;
}

const TIMEOUT_MS = 30_000;

/** @throws LabwireError USAGE, CONFIG_… where the configuration that was named does not tell where its gateway is */
export async function gatewayPlace(options: GatewayOptions, io: CliIo): Promise<GatewayPlace> {
  const url = options.url ?? (io.env.LABWIRE_URL || (await configuredUrl(options.config, io)));
  const token = givenToken(options.token, io);
  const timeoutMs = options.timeout === undefined ? TIMEOUT_MS : options.timeout * 1000;
  return { url, token, timeoutMs };
}

/**
 * Does something with a gateway, until it is done or Ctrl-C.
 *
 * @param work its signal is aborted at Ctrl-C, after which its calls fail
 */
export async function withGateway<R>(
  options: GatewayOptions & { readonly subscription?: Subscription },
  io: CliIo,
  work: (client: Client, signal: AbortSignal) => Promise<R>,
): Promise<R> {
  const { url, token, timeoutMs } = await gatewayPlace(options, io);
  const { subscription } = options;
  return untilStopped(io, async (signal) => {
    let client: Client | undefined;
    const close = (): void => client?.close();
    try {
      client = await connect(url, {
        signal,
        timeout: timeoutMs,
        ...(token !== undefined && { token }),
        ...(subscription && { subscription }),
      });
      signal.addEventListener('abort', close);
      return await work(client, signal);
    } catch (error) {
      throw advised(inOwnWords(error), token !== undefined);
    } finally {
      close();
      signal.removeEventListener('abort', close);
    }
  });
}

/** Gives a signal that Ctrl-C aborts, for as long as the work lasts. */
export async function untilStopped<R>(io: CliIo, work: (signal: AbortSignal) => Promise<R>): Promise<R> {
  const stop = new AbortController();
  const over = new AbortController();
  void io.untilStopped(over.signal).then(() => stop.abort());
  try {
    return await work(stop.signal);
  } finally {
    over.abort();
  }
}

/** The gateway's errors with labwire's codes are labwire's own. */
function inOwnWords(thrown: unknown): Error {
  if (!(thrown instanceof RemoteError)) return toError(thrown);
  const known = Object.hasOwn(errorCodes, thrown.code);
  if (known) return new LabwireError(thrown.code as ErrorCode, thrown.detail, { cause: thrown });
  return new LabwireError('GATEWAY_REFUSED', `The gateway says: ${thrown.name}: ${thrown.detail}`, { cause: thrown });
}

/** Who names the gateway does not wait until all that a configuration may hold is loaded. */
async function configuredUrl(config: string | undefined, io: CliIo): Promise<string> {
  const { configuredGatewayUrl } = await import('./gateway-url.ts');
  return configuredGatewayUrl(config, io);
}
