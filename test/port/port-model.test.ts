import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConditionLost, FakeClock, LabwireError, silentLogger } from '../../src/base/index.ts';
import type { ConnectionEvents, Transport } from '../../src/port/connection.ts';
import { Port } from '../../src/port/port.ts';

/** What happens to a port, by its owner, its driver, its cable and its user. */
const step = fc.oneof(
  fc.record({ does: fc.constantFrom('start', 'stop', 'reopen', 'appear', 'write', 'flush', 'wait') }),
  fc.record({ does: fc.constantFrom('opens', 'fails', 'loses', 'loses before it is open', 'sends', 'closes') }),
  fc.record({ does: fc.constantFrom('late bytes', 'late loss', 'comes up', 'comes up', 'comes up') }),
  // Who is told of the next change does this.
  fc.record({ does: fc.constant('reacts'), how: fc.constantFrom('stop', 'start', 'reopen', 'stop and start') }),
  fc.record({ does: fc.constant('time passes'), ms: fc.constantFrom(0, 1, 49, 50, 100, 500, 2_000, 10_000, 30_000) }),
);
type Step = { does: string; ms?: number; how?: string };

interface FakeConnection {
  readonly events: ConnectionEvents;
  isClosed: boolean;
  /** Settles the write, flush or close under way. */
  readonly settle: (() => void)[];
}

/** A transport whose every answer is given by hand, and which counts what it is asked at once. */
class FakeTransport implements Transport {
  readonly name = '/dev/ttyTEST';
  readonly simulated = false;
  readonly connections: FakeConnection[] = [];
  readonly watchers = new Set<() => void>();
  attempts: { events: ConnectionEvents; resolve(): void; reject(): void }[] = [];
  mostAtOnce = 0;
  /** Times that it was given up while something was under way. */
  disposedInUse = 0;
  /** Whether an opening ends when it is given up, or hangs in the driver. */
  readonly #obeys: boolean;
  /** Whether a connection closes at once. */
  readonly #closesAtOnce: boolean;
  readonly watch?: (appeared: () => void) => () => void;

  constructor(obeys: boolean, closesAtOnce: boolean, watches: boolean) {
    this.#obeys = obeys;
    this.#closesAtOnce = closesAtOnce;
    if (watches)
      this.watch = (appeared) => {
        this.watchers.add(appeared);
        return () => this.watchers.delete(appeared);
      };
  }

  get held(): FakeConnection[] {
    return this.connections.filter((connection) => !connection.isClosed);
  }

  async open(events: ConnectionEvents, signal: AbortSignal) {
    await new Promise<void>((resolve, reject) => {
      const attempt = { events, resolve, reject: () => reject(new LabwireError('PORT_ABSENT', 'There is no port')) };
      this.attempts.push(attempt);
      this.#count();
      if (this.#obeys) signal.addEventListener('abort', () => attempt.reject(), { once: true });
    }).finally(() => {
      this.attempts = this.attempts.filter((attempt) => attempt.events !== events);
    });
    const connection: FakeConnection = { events, isClosed: false, settle: [] };
    this.connections.push(connection);
    this.#count();
    const byHand = () => new Promise<void>((resolve) => connection.settle.push(resolve));
    return {
      write: byHand,
      flush: async () => {},
      close: async () => {
        if (!this.#closesAtOnce) await byHand();
        connection.isClosed = true;
      },
    };
  }

  async dispose(): Promise<void> {
    if (this.attempts.length + this.held.length > 0) this.disposedInUse++;
  }

  #count(): void {
    this.mostAtOnce = Math.max(this.mostAtOnce, this.attempts.length + this.held.length);
  }
}

class Model {
  readonly clock = new FakeClock();
  readonly transport: FakeTransport;
  readonly port: Port;
  isStarted = false;
  /** Closings that the port gave up waiting for free nothing: two may be held then, and that is no mistake. */
  readonly closesAtOnce: boolean;
  readonly obeys: boolean;
  #told = 0;
  #reaction: string | undefined;
  #wrong: string[] = [];
  #waits: Promise<unknown>[] = [];

  constructor(obeys: boolean, closesAtOnce: boolean, watches: boolean, settleMs: number) {
    this.closesAtOnce = closesAtOnce;
    this.obeys = obeys;
    this.transport = new FakeTransport(obeys, closesAtOnce, watches);
    this.port = new Port({ transport: this.transport, clock: this.clock, log: silentLogger, settleMs });
    let last = this.port.state;
    this.port.onChange((state) => {
      if (state === last) this.#wrong.push(`told twice that it is ${state}`);
      last = state;
      this.#react();
    });
    this.port.onData((bytes) => {
      this.#told++;
      if (this.port.state !== 'open') this.#wrong.push(`data told while ${this.port.state}`);
      if (bytes.toString() !== 'now') this.#wrong.push(`told: ${bytes.toString()}`);
    });
    this.port.onOpen(() => {
      if (this.port.state !== 'open') this.#wrong.push('opening told while it is not open');
      this.#react();
    });
    this.port.onLost(() => {
      if (this.port.state === 'open') this.#wrong.push('loss told while it is open');
      this.#react();
    });
  }

  async does({ does, ms, how }: Step): Promise<void> {
    const { transport, port } = this;
    const connection = transport.connections.at(-1);
    const wasOpen = port.state === 'open';
    const toldBefore = this.#told;
    if (does === 'start' || does === 'stop' || does === 'reopen') this.#acts(does);
    else if (does === 'reacts') this.#reaction = how;
    else if (does === 'comes up') {
      await this.clock.advance(500);
      transport.attempts.at(-1)?.resolve();
      await this.clock.advance(50);
    } else if (does === 'appear') for (const appeared of [...transport.watchers]) appeared();
    else if (does === 'write') this.#hold(port.write(Buffer.from('question')));
    else if (does === 'flush') this.#hold(port.flush());
    else if (does === 'wait') this.#hold(port.opened(new AbortController().signal));
    else if (does === 'opens') transport.attempts.at(-1)?.resolve();
    else if (does === 'fails') transport.attempts.at(-1)?.reject();
    else if (does === 'loses') connection?.events.lost(new Error('pulled'));
    else if (does === 'loses before it is open') transport.attempts.at(-1)?.events.lost(new Error('pulled'));
    else if (does === 'closes') for (const settle of connection?.settle.splice(0) ?? []) settle();
    else if (does === 'late bytes') transport.connections.at(-2)?.events.data(Buffer.from('before'));
    else if (does === 'late loss') transport.connections.at(-2)?.events.lost(new Error('pulled before'));
    else if (does === 'sends' && connection && !connection.isClosed) {
      connection.events.data(Buffer.from('now'));
      if (this.#told - toldBefore !== (wasOpen ? 1 : 0)) this.#wrong.push(`${this.#told - toldBefore} tellings`);
    }
    await this.clock.advance(ms ?? 0);
    this.#check();
  }

  #acts(how: string): void {
    if (how.includes('stop')) {
      this.isStarted = false;
      this.#waits.push(this.port.stop());
    }
    if (how.includes('start')) {
      this.isStarted = true;
      this.port.start();
    }
    if (how === 'reopen') this.port.reopen(new Error('dead'));
  }

  #react(): void {
    const reaction = this.#reaction;
    this.#reaction = undefined;
    if (reaction !== undefined) this.#acts(reaction);
  }

  /** Ends everything; nothing may be left. */
  async ends(): Promise<void> {
    this.#reaction = undefined;
    this.isStarted = false;
    const stopped = this.port.stop();
    await this.clock.advance(2_000);
    await stopped;
    expect(this.port.state).toBe('closed');
    expect(this.transport.watchers.size).toBe(0);
    await Promise.all(this.#waits);
    // What hung in the driver comes late, and is closed.
    for (const attempt of this.transport.attempts) attempt.resolve();
    await this.clock.advance(0);
    for (const connection of this.transport.connections) for (const settle of connection.settle) settle();
    await this.clock.advance(2_000);
    expect(this.transport.held).toEqual([]);
    expect(this.clock.pending).toBe(0);
    this.#check();
  }

  #hold(promise: Promise<void>): void {
    this.#waits.push(
      promise.catch((error: unknown) => {
        if (error instanceof ConditionLost) return;
        if (!(error instanceof LabwireError && error.code === 'PORT_CLOSED')) this.#wrong.push(`rejected: ${error}`);
      }),
    );
  }

  #check(): void {
    const { port, transport, clock } = this;
    expect(this.#wrong).toEqual([]);
    if (this.closesAtOnce) expect(transport.mostAtOnce).toBeLessThanOrEqual(1);
    else expect(transport.attempts.length).toBeLessThanOrEqual(1);
    if (this.closesAtOnce && this.obeys) expect(transport.disposedInUse).toBe(0);
    expect(port.state === 'closed').toBe(!this.isStarted);
    if (port.state === 'open' || port.state === 'settling') expect(transport.held.length).toBeGreaterThan(0);
    // While it is wanted it is open, or something is under way that leads there.
    if (this.isStarted && port.state !== 'open') expect(transport.attempts.length + clock.pending).toBeGreaterThan(0);
    if (port.state === 'open' && this.closesAtOnce) expect(clock.pending).toBe(0);
    expect(transport.watchers.size).toBeLessThanOrEqual(port.state === 'open' || port.state === 'closed' ? 0 : 1);
  }
}

describe('a port, whatever happens to it', () => {
  it('has one connection at most, tells only what that says, goes on while it is wanted, and leaves nothing behind', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          obeys: fc.boolean(),
          closesAtOnce: fc.boolean(),
          watches: fc.boolean(),
          settleMs: fc.constantFrom(0, 50),
        }),
        fc.array(step, { maxLength: 40 }),
        async ({ obeys, closesAtOnce, watches, settleMs }, steps: Step[]) => {
          const model = new Model(obeys, closesAtOnce, watches, settleMs);
          await model.does({ does: 'start' });
          for (const each of steps) await model.does(each);
          await model.ends();
        },
      ),
      { numRuns: 500 },
    );
  });

  it('is open again after anything, once its driver opens it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps: Step[]) => {
        const model = new Model(true, true, false, 50);
        for (const each of steps) await model.does(each);
        await model.does({ does: 'reacts' });
        await model.does({ does: 'start' });
        for (let waited = 0; model.port.state !== 'open' && waited < 60; waited++) {
          await model.does({ does: 'opens' });
          await model.does({ does: 'time passes', ms: 500 });
        }
        expect(model.port.state).toBe('open');
        await model.ends();
      }),
      { numRuns: 100 },
    );
  });
});
