import type { Clock, Timer } from '../../base/index.ts';
import { type Connection, cut } from './connection.ts';

const MOST = 256;
const LIMIT_MS = 10_000;

/**
 * Connections by which nobody has been let in yet. Anybody can open one, also who has no credentials, so there are few,
 * for a short time; and where too many come, the one that has waited longest has to go: who has credentials is through
 * before it is his turn.
 */
export class Entrance {
  readonly #clock: Clock;
  readonly #waiting = new Map<Connection, Timer>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#waiting.size;
  }

  add(conn: Connection): void {
    const [oldest] = this.#waiting.keys();
    if (oldest && this.#waiting.size >= MOST) cut(oldest);
    this.#waiting.set(
      conn,
      this.#clock.setTimer(() => cut(conn), LIMIT_MS),
    );
    conn.once('close', () => this.remove(conn));
  }

  /** It is over, or somebody has come in. */
  remove(conn: Connection): void {
    this.#waiting.get(conn)?.cancel();
    this.#waiting.delete(conn);
  }
}
