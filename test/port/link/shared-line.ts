import { FakeClock, silentLogger } from '../../../src/base/index.ts';
import { Bus, type BusOptions, type Link, type LinkOptions, lines, memoryLine, Port } from '../../../src/port/index.ts';

export type Drop = readonly [reason: string, bytes: number];

/** A line in memory with a bus on it, and a clock that stands still. */
export async function sharedLine(options: Partial<BusOptions> = {}, simulated = false, settleMs = 0) {
  const clock = new FakeClock();
  const memory = memoryLine('/dev/ttyBUS', { simulated, deliver: queueMicrotask });
  const watchers = new Set<() => void>();
  const watch = (appeared: () => void): (() => void) => {
    watchers.add(appeared);
    return () => watchers.delete(appeared);
  };
  const port = new Port({ transport: { ...memory.transport, watch }, clock, log: silentLogger, settleMs });
  const bus = new Bus({ port, clock, ...options });
  const sent: { text: string; at: number }[] = [];
  const instruments: ((text: string) => void)[] = [];
  memory.line.onReceive((bytes) => {
    const text = bytes.toString('latin1').replace(/\r?\n$/, '');
    sent.push({ text, at: clock.monotonic() });
    for (const instrument of instruments) instrument(text);
  });
  port.start();
  await clock.advance(settleMs);
  /** Plugs the line in, and the port sees it. */
  const replug = (): void => {
    memory.plug();
    for (const appeared of [...watchers]) appeared();
  };

  const link = (timing: LinkOptions['timing'] = {}, framing = lines({ send: '\n' })) => {
    const drops: Drop[] = [];
    const made = bus.link({ framing, timing, onDrop: (reason, bytes) => drops.push([reason, bytes]) });
    return Object.assign(made, { drops });
  };
  const say = async (text: string): Promise<void> => {
    memory.line.send(text);
    await clock.advance(0);
  };
  /** Answers, some ms after, whatever begins with its address; nothing where `answer` gives nothing. */
  const instrument = (address: string, answer: (text: string) => string | undefined, afterMs = 0): void => {
    instruments.push((text) => {
      const reply = text.startsWith(address) ? answer(text) : undefined;
      if (reply !== undefined) clock.setTimer(() => memory.line.send(`${reply}\n`), afterMs);
    });
  };
  const asked = (address: string) => sent.filter(({ text }) => text.startsWith(address)).map(({ at }) => at);
  return { clock, memory, port, bus, sent, link, say, instrument, asked, replug };
}

/** Asks as a driver of an addressed instrument does. */
export function ask(link: Link, text: string, signal?: AbortSignal): Promise<string> {
  const address = text.slice(0, 1);
  return link.query(text, { accepts: (frame) => frame.startsWith(address), ...(signal && { signal }) });
}

/** Lets a promise that will reject wait for its test. */
export function held<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
