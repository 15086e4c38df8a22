import {
  type ClientRequest,
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

export type Fault =
  /** Answered in place of the server, which hears nothing of it. */
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string }
  /** The server has done it, and half of its answer comes back. */
  | 'half'
  /** The server hears nothing, and no answer comes. */
  | 'never'
  /** The server has done it, and the connection breaks. */
  | 'cut';

export interface Passing {
  readonly path: string;
  readonly body: string;
}

/** Stands before a real HTTP server and answers in its place, whenever a test says so. */
export class FaultProxy {
  url = '';
  readonly requests: Passing[] = [];
  /** Asked for each request; undefined passes it on. */
  fault: (passing: Passing) => Fault | undefined = () => undefined;
  /** Asked for each request that is passed on: whether it waits until `release()`. */
  held: (passing: Passing) => boolean = () => false;
  /** Requests that the server has, and has not answered. */
  readonly onTheWay = new Set<ClientRequest>();
  readonly #waiting: (() => void)[] = [];
  readonly #target: URL;
  readonly #server: Server;

  constructor(target: string) {
    this.#target = new URL(target);
    this.#server = createServer((incoming, response) => this.#take(incoming, response));
  }

  /** The faults of the next requests, one each; then all is well. */
  next(...faults: Fault[]): void {
    const rest = [...faults];
    this.fault = () => rest.shift();
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  /** Lets go on what is held, and holds no more. */
  release(): void {
    this.held = () => false;
    for (const go of this.#waiting.splice(0)) go();
  }

  #take(incoming: IncomingMessage, response: ServerResponse): void {
    let body = '';
    incoming.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    incoming.on('end', () => {
      const passing = { path: incoming.url ?? '', body };
      this.requests.push(passing);
      const fault = this.fault(passing);
      if (fault === 'never') return;
      if (typeof fault === 'object') response.writeHead(fault.status, fault.headers).end(fault.body);
      else if (this.held(passing)) this.#waiting.push(() => this.#pass(incoming, passing, response, fault));
      else this.#pass(incoming, passing, response, fault);
    });
  }

  #pass(
    incoming: IncomingMessage,
    { path, body }: Passing,
    response: ServerResponse,
    fault: 'half' | 'cut' | undefined,
  ): void {
    const { hostname, port } = this.#target;
    const { method, headers } = incoming;
    const onward = request({ hostname, port, path, method, headers, agent: false }, (answer) => {
      this.onTheWay.delete(onward);
      if (fault === 'cut') return response.destroy();
      if (fault === 'half') {
        response.writeHead(answer.statusCode === 204 ? 200 : (answer.statusCode ?? 500), { 'content-length': 100 });
        response.write('{"half', () => response.destroy());
        return;
      }
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    this.onTheWay.add(onward);
    onward.on('error', () => {
      this.onTheWay.delete(onward);
      response.destroy();
    });
    onward.end(body);
  }
}
