import { getEventListeners } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LinuxBinding } from '@serialport/bindings-cpp';
import { type EmulatedInstrument, type EmulatedLine, Plug } from '../../mocks/index.ts';
import { LabwireError, silentLogger, systemClock } from '../../src/base/index.ts';
import { Bus, type Link, lines, Port, type PortState, serialTransport, type Transport } from '../../src/port/index.ts';
import { ownTime } from '../own-time.ts';

/** For a test that fails only. */
export const LIMIT_MS = 30_000;
const SETTLE_MS = 5;
/** What is under way at an unplug is owed for four times as long, and the next question waits for it. */
const REPLY_MS = 20;
const MOST_STUCK = 3;

/** With the binding's own read an unplug may go unnoticed: with this set, the suite fails. */
const rawBinding = process.env.LABWIRE_TEST_RAW_BINDING === '1' ? { binding: LinuxBinding } : {};

/**
 * Answers `q<era>.<number>` with `a<era>.<number>`, and keeps silent about `silent<era>.<number>`. The era is the time
 * between two unplugs: what bears another one is stale. It has its power from the cable.
 */
export class EraInstrument implements EmulatedInstrument {
  era = 0;
  /** What it was asked in this era. */
  asked: string[] = [];
  /** Questions of another era, or of none. */
  readonly stale: string[] = [];
  received = 0;
  #line: EmulatedLine | undefined;
  #begun = '';
  #talking: NodeJS.Timeout | undefined;

  connect(line: EmulatedLine): void {
    this.era++;
    this.asked = [];
    this.received = 0;
    this.#begun = '';
    this.#line = line;
    line.onReceive((bytes) => this.#receive(bytes.toString('latin1')));
  }

  disconnect(): void {
    clearInterval(this.#talking);
    this.#line = undefined;
  }

  say(text: string): void {
    this.#line?.send(text);
  }

  /** Sends a line each millisecond until the cable is pulled. */
  talk(): void {
    let said = 0;
    this.#talking = setInterval(() => this.say(`t${this.era}.${++said}\n`), 1);
  }

  #receive(text: string): void {
    this.received += text.length;
    const questions = (this.#begun + text).split('\n');
    this.#begun = questions.pop() ?? '';
    for (const question of questions) {
      this.asked.push(question);
      const [, kind, era, number] = /^(q|silent)(\d+)\.(\d+)x*$/.exec(question) ?? [];
      if (Number(era) !== this.era) this.stale.push(`${question} in era ${this.era}`);
      else if (kind === 'q') this.say(`a${era}.${number}\n`);
    }
  }
}

/** An instrument on a plug, the port that it is plugged into, and a link to it. */
export class UnplugBench {
  readonly folder = mkdtempSync(join(tmpdir(), 'labwire-unplug-'));
  readonly path: string;
  readonly instrument = new EraInstrument();
  readonly plug: Plug;
  readonly port: Port;
  readonly bus: Bus;
  readonly link: Link;
  /** Passed to everything that takes one: no listener may stay on it. */
  readonly signal: AbortSignal = new AbortController().signal;
  /** Asked again and again, until an answer comes or the port is lost. */
  readonly patient = { signal: this.signal, replyMs: REPLY_MS, retries: LIMIT_MS / REPLY_MS };
  /** From each return of the path to the open port, in ms of the time that this process was given. */
  readonly returns: number[] = [];
  #asked = 0;
  #stuck = 0;

  /** @param path where the port looks, below a folder of its own; default where the plug is */
  constructor(path = 'tty', wrap: (transport: Transport) => Transport = (transport) => transport) {
    mkdirSync(join(this.folder, 'dev'));
    this.path = join(this.folder, 'dev', path);
    this.plug = Plug.into(this.instrument, { path: join(this.folder, 'dev', 'tty'), poweredByCable: true });
    this.port = new Port({
      transport: wrap(serialTransport(this.path, {}, rawBinding)),
      clock: systemClock,
      log: silentLogger,
      settleMs: SETTLE_MS,
    });
    this.bus = new Bus({ port: this.port, clock: systemClock });
    this.link = this.bus.link({ framing: lines({ send: '\n' }), timing: { replyMs: LIMIT_MS } });
  }

  async start(): Promise<this> {
    this.port.start();
    await this.until('open');
    return this;
  }

  /** Resolves when the port is in that state. */
  until(state: PortState): Promise<void> {
    return limited(
      `the port is ${state}`,
      new Promise((resolve) => {
        if (this.port.state === state) return resolve();
        const end = this.port.onChange((now) => {
          if (now !== state) return;
          end();
          resolve();
        });
      }),
    );
  }

  /**
   * Asks what is never answered, and waits until the instrument has received some of it.
   *
   * @returns what holds once the question was ended by the loss of the port
   */
  askInVain(): Promise<{ over: Promise<void> }> {
    return this.#underWay(this.link.query(this.question('silent'), this.patient));
  }

  /** Sends so many bytes that their sending takes long, and waits until the instrument has received some of them. */
  sendMuch(bytes: number): Promise<{ over: Promise<void> }> {
    return this.#underWay(this.link.send(`${this.question('silent')}${'x'.repeat(bytes)}`, { signal: this.signal }));
  }

  async #underWay(request: Promise<unknown>): Promise<{ over: Promise<void> }> {
    const before = this.instrument.received;
    const over = lost(request).catch((error) => this.#forgiveStuck(error));
    over.catch(() => {});
    const begin = performance.now();
    while (this.instrument.received === before) {
      if (performance.now() - begin > LIMIT_MS) throw new Error('The instrument receives nothing');
      await turn();
    }
    return { over };
  }

  /** A busy machine may take longer than the short limit to send. The port is then opened anew, which is seldom. */
  #forgiveStuck(error: unknown): void {
    if (!(error instanceof LabwireError) || error.code !== 'TIMEOUT' || this.#stuck++ === MOST_STUCK) throw error;
  }

  /** A question that no other is like. */
  question(kind: 'q' | 'silent' = 'q'): string {
    return `${kind}${this.instrument.era}.${++this.#asked}`;
  }

  /** Asks, and holds the answer to be that of this question. */
  async ask(): Promise<void> {
    const question = this.question();
    const answer = await this.link.query(question, this.patient).catch(async (error) => {
      this.#forgiveStuck(error);
      await this.until('open');
      return this.link.query(question, this.patient);
    });
    if (answer !== question.replace('q', 'a')) throw new Error(`${question} was answered ${answer}`);
  }

  /** Plugs in again, waits for the port, and asks. */
  async comeBack(replug: () => unknown = () => this.plug.replug()): Promise<void> {
    const time = ownTime();
    await replug();
    await this.until('open');
    this.returns.push(time());
    await limited('the answer after the return', this.ask());
    if (this.instrument.stale.length > 0) throw new Error(`Stale: ${this.instrument.stale.join(', ')}`);
  }

  async end(): Promise<void> {
    this.bus.close();
    await this.port.stop();
    this.plug.remove();
    rmSync(this.folder, { recursive: true });
    const left = getEventListeners(this.signal, 'abort').length;
    if (left > 0) throw new Error(`${left} listeners were left on the signal`);
  }
}

/** Holds a promise to be rejected as that of a lost port, by an error that shows who waited. */
export async function lost(promise: Promise<unknown>, caller?: string): Promise<void> {
  const error: unknown = await limited(
    'the waiter is settled',
    promise.then(
      (value) => new Error(`Settled well: ${JSON.stringify(value)}`),
      (thrown: unknown) => thrown,
    ),
  );
  if (!(error instanceof LabwireError) || error.code !== 'CONDITION_LOST') throw error;
  if (caller !== undefined && !error.stack?.includes(caller))
    throw new Error(`The stack does not show ${caller}: ${error.stack}`);
}

/** Settles as `promise` does; the limit is for a test that fails. */
export function limited<T>(what: string, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const limit = setTimeout(() => reject(new Error(`Not within ${LIMIT_MS} ms: ${what}`)), LIMIT_MS);
    promise.then(resolve, reject).finally(() => clearTimeout(limit));
  });
}

/** Lets whatever is ready have its turn. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
