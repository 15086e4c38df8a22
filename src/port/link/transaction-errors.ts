import { LabwireError } from '../../base/index.ts';
import type { Request } from './request.ts';

export function timeoutError(request: Request, lacksEcho: boolean): LabwireError {
  const tries = request.tries === 1 ? '' : `, asked ${request.tries} times`;
  const missing = lacksEcho ? 'not even the echo came' : 'no answer';
  const cause = lacksEcho ? 'the adapter, cable and whether it has an echo' : 'power, cable and the serial settings';
  return new LabwireError(
    'REPLY_TIMEOUT',
    `${request.what}: ${missing} within ${request.asking.replyMs / 1000} s${tries}; check ${cause}`,
  );
}

export function echoError(request: Request): LabwireError {
  return new LabwireError(
    'REPLY_UNEXPECTED',
    `${request.what}: what comes first is not the echo of what was sent: a collision on the line, or an adapter without one (then remove serial.echo)`,
  );
}

export function stuckError(request: Request): LabwireError {
  const limit = `${request.asking.replyMs / 1000} s`;
  return new LabwireError('TIMEOUT', `${request.what} could not be sent within ${limit}; check flow control and cable`);
}
