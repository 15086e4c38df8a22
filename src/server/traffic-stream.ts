import type { ServerResponse } from 'node:http';
import { isoTime } from '../base/index.ts';
import { onceClosed } from './gone.ts';
import type { PortView, TrafficLine } from './ports-view.ts';

/** Characters that are given to the socket at once. */
const CHUNK = 64 * 1024;
/** A client that takes nothing for so long is cut. */
const STALL_LIMIT_MS = 30_000;

/**
 * Sends a line about the port, what its ring holds, and, if `live`, what comes until the client goes or the port is given
 * up. Nothing is queued: what a slow client has not taken waits in the ring, and what is overwritten there it misses,
 * which the gap in `sequence` tells.
 */
export function streamTraffic(port: PortView, response: ServerResponse, live: boolean): void {
  const { name, state, counters, serial, traffic } = port;
  const end = live ? Number.POSITIVE_INFINITY : traffic.newest;
  let sent = 0;
  let scheduled = false;
  let stall: NodeJS.Timeout | undefined;

  const write = (text: string): boolean => {
    if (text === '' || response.write(text)) return true;
    stall ??= setTimeout(() => response.destroy(), STALL_LIMIT_MS).unref();
    return false;
  };
  const pump = (): void => {
    scheduled = false;
    if (stall || response.writableEnded || response.destroyed) return;
    let text = '';
    for (const line of traffic.since(sent)) {
      sent = Math.min(line.sequence, end);
      if (line.sequence > end) break;
      text += json(line);
      if (text.length < CHUNK) continue;
      if (!write(text)) return;
      text = '';
    }
    if (write(text) && (sent >= end || port.state === 'closed')) response.end();
  };
  // Not within the port's own work; and what comes at once is sent at once.
  const endListening = traffic.onEntry(() => {
    if (!scheduled) setImmediate(pump);
    scheduled = true;
  });
  response.on('drain', () => {
    clearTimeout(stall);
    stall = undefined;
    pump();
  });
  onceClosed(response, () => {
    clearTimeout(stall);
    endListening();
  });

  response.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
  if (write(`${JSON.stringify({ port: name, state, counters, serial, ring: traffic.id })}\n`)) pump();
}

function json({ sequence, at, kind, bytes, text }: TrafficLine): string {
  const hex = bytes && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
  return `${JSON.stringify({ sequence, at: isoTime(at), kind, hex, text })}\n`;
}
