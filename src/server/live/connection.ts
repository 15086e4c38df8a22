import type { Socket } from 'socket.io';

/** One connection of socket.io's engine, whether anybody has been let in by it or not. */
export type Connection = Socket['conn'];

/** Types of socket.io's packets that announce bytes: nothing of the wire is binary. */
const BINARY = /^[56]/;
/** Packets that may come at once: they are all read before anything else in the process has its turn. */
const MOST_AT_ONCE = 512;

/** Ends a connection at once: who does not read would not read a farewell either. To the client it is lost. */
export function cut(conn: Connection): void {
  // A websocket would wait for the client to agree.
  const { socket } = conn.transport as unknown as { readonly socket?: { terminate?(): void } };
  conn.close(true);
  socket?.terminate?.();
}

/** JSON's texts, so that they are left as they are, and what Python's JSON has besides. Never fails at a text's start. */
const TEXT_OR_NO_NUMBER = /"(?:[^"\\]|\\.)*"?|-?(?:NaN|Infinity)/gs;

/**
 * Lets numbers that JSON does not have come as texts: Python's clients send them as `NaN` and `Infinity`. Then they are
 * answered with what was wrong, where a packet that cannot be read ends a connection with all that it had under way.
 */
export function takeNoNumbers(conn: Connection): void {
  conn.on('packet', (packet: { data?: unknown }) => {
    const { data } = packet;
    if (typeof data === 'string' && /NaN|Infinity/.test(data))
      packet.data = data.replace(TEXT_OR_NO_NUMBER, (found) => (found.startsWith('"') ? found : `"${found}"`));
  });
}

/** Tells when what no client sends comes by a connection: bytes, or more at once than anybody has to ask. */
export function watchMisuse(conn: Connection, told: (what: string) => void): void {
  let atOnce = 0;
  conn.on('packet', ({ data }: { data?: unknown }) => {
    if (atOnce === 0)
      setImmediate(() => {
        atOnce = 0;
      });
    atOnce++;
    if (data !== undefined && (typeof data !== 'string' || BINARY.test(data))) told('it sends bytes');
    else if (atOnce > MOST_AT_ONCE) told(`it sends more than ${MOST_AT_ONCE} packets at once`);
  });
}
