import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ErrorCode, LabwireError } from '../base/index.ts';
import { errorBody, statusOf } from './error-reply.ts';
import type { PortsView } from './ports-view.ts';
import { reply } from './reply.ts';
import { streamTraffic } from './traffic-stream.ts';

const PATH = /^\/api\/v1\/ports\/(.+)\/traffic$/;
const FOLLOWERS = 8;

/**
 * `GET /api/v1/ports/<device, port or path>/traffic`: what lately went over a port and what goes over it now, a JSON
 * object per line; with `?follow=false` it ends with what is there. Only for this machine.
 */
export class TrafficRoute {
  readonly #ports: PortsView;
  #followers = 0;

  constructor(ports: PortsView) {
    this.#ports = ports;
  }

  /** Answers if the path is its own. */
  answer(request: IncomingMessage, response: ServerResponse): boolean {
    const [path = '', query] = (request.url ?? '').split('?');
    const [, written] = PATH.exec(path) ?? [];
    if (written === undefined) return false;
    const follow = new URLSearchParams(query).get('follow') ?? 'true';
    const name = decoded(written);
    const port = name === undefined ? undefined : this.#ports.find(name);
    const refuse = (code: ErrorCode, detail: string): void => {
      const error = new LabwireError(code, detail);
      reply(response, statusOf(error), errorBody(error));
    };
    if (request.method !== 'GET') refuse('METHOD_NOT_ALLOWED', 'Only GET');
    else if (name === undefined) refuse('REQUEST_INVALID', 'The name of the port is not well encoded');
    else if (follow !== 'true' && follow !== 'false') refuse('REQUEST_INVALID', 'follow must be true or false');
    else if (!port) refuse('NOT_FOUND', `There is no port "${name}" here; ${this.#known()}`);
    else if (this.#followers >= FOLLOWERS)
      refuse('QUEUE_FULL', `${FOLLOWERS} clients follow ports already: end one of them`);
    else {
      this.#followers++;
      response.on('close', () => this.#followers--);
      streamTraffic(port, response, follow === 'true');
    }
    return true;
  }

  #known(): string {
    const names = this.#ports.names();
    return names.length === 0 ? 'there are none' : `there are ${names.join(', ')}`;
  }
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
