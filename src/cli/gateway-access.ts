import { codeOf, type ErrorCode, LabwireError } from '../base/index.ts';
import type { CliIo } from './io.ts';

/** What lets one in at a gateway: what the command line says, else `LABWIRE_TOKEN`. */
export function givenToken(option: string | undefined, { env }: CliIo): string | undefined {
  return option ?? (env.LABWIRE_TOKEN || undefined);
}

/** What to do about it, where that is known. */
export function advised(error: Error, hadToken: boolean): Error {
  const code = codeOf(error);
  const more = code === null ? undefined : advice(hadToken)[code];
  if (!more || code === null || !(error instanceof LabwireError)) return error;
  return new LabwireError(code, `${error.detail.replace(/[.;]$/, '')}; ${more}`, { cause: error });
}

const advice = (hadToken: boolean): Partial<Record<ErrorCode, string>> => ({
  GATEWAY_UNREACHABLE: 'is `labwire run` running there? --url or LABWIRE_URL says where else it is',
  UNAUTHENTICATED: hadToken
    ? 'is the token right, and not revoked? `labwire token` lists those that there are'
    : 'give a token in LABWIRE_TOKEN, which `labwire token` makes on the gateway, or user and password within --url',
  FORBIDDEN: 'a token of another role may do it',
});
