import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';

/** Calls when the connection closes, or at once where it has: a client may go while its credentials are looked at. */
export function onceClosed(response: ServerResponse, told: () => void): void {
  if (response.closed) told();
  else response.once('close', told);
}

/** Aborted when the connection closes before the answer is sent. */
export function gone({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController();
  onceClosed(raw, () => {
    if (!raw.writableFinished) controller.abort();
  });
  return controller.signal;
}
