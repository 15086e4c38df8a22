import type { IncomingMessage, ServerResponse } from 'node:http';
import { isLocal } from './loopback.ts';
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
    const refuse = (status: number, error: string): void => reply(response, status, { error });
    if (request.method !== 'GET') refuse(405, 'Only GET');
    else if (!isLocal(request))
      refuse(403, 'The traffic of a port is only for programs on this machine: ask 127.0.0.1');
    else if (name === undefined) refuse(400, 'The name of the port is not well encoded');
    else if (follow !== 'true' && follow !== 'false') refuse(400, 'follow must be true or false');
    else if (!port) refuse(404, `There is no port "${name}" here; ${this.#known()}`);
    else if (this.#followers >= FOLLOWERS) refuse(503, `${FOLLOWERS} clients follow ports already: end one of them`);
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
