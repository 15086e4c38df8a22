import { createHash } from 'node:crypto';
import type { IPublishPacket, MqttClient } from 'mqtt';
import { Allowance, type Clock, codeOf, LabwireError, type Logger, type Timer, toError } from '../../base/index.ts';
import type { Requests } from '../requests.ts';
import { carryOut, REQUEST_FILTERS, readTarget, type Target } from './request.ts';
import type { PublishOptions, Topics } from './topics.ts';

export interface RequestDeskParts {
  readonly requests: Requests;
  readonly topics: Topics;
  readonly clock: Clock;
  readonly log: Logger;
  /** @returns whether there is room for it */
  readonly send: (topic: string, payload: string, options: PublishOptions) => boolean;
}

type Properties = NonNullable<IPublishPacket['properties']>;

/** Requests of one device that are under way: a device that hangs costs the others nothing. */
const MOST_OF_A_DEVICE = 8;
const BURST = 100;
const PER_SECOND = 50;
const LIMIT_MS = 30_000;
const LONGEST_ANSWER = 262_144;
const LONGEST_TOPIC = 1024;
/** Requests whose answers are remembered, and for how long, to recognise them when they come again. */
const REMEMBERED = 64;
const REMEMBERED_MS = 30_000;
/** Topics of retained requests that have been told of. */
const TOLD = 100;

/** Takes requests from the broker, has them carried out, and answers each. */
export class RequestDesk {
  readonly #parts: RequestDeskParts;
  readonly #allowance: Allowance;
  readonly #underWay = new Map<string, number>();
  readonly #answers = new Map<string, { readonly answer: Promise<string>; readonly until: number }>();
  readonly #told = new Set<string>();
  readonly #limits = new Set<Timer>();
  #flooded = false;
  #refused = false;

  constructor(parts: RequestDeskParts) {
    this.#parts = parts;
    this.#allowance = new Allowance(parts.clock, BURST, PER_SECOND);
  }

  open(client: MqttClient): void {
    const filters = REQUEST_FILTERS.map((filter) => `${this.#parts.topics.root}/${filter}`);
    // Retained as published: a request that is retained is known as such at once, not only when it comes again (MQTT 5).
    client.subscribe(filters, { qos: 1, rap: true }, (error) => {
      if (!error || !client.connected || this.#refused) return;
      this.#refused = true;
      this.#parts.log.warn({ err: error }, `The broker does not let labwire hear requests: ${error.message}`);
    });
  }

  /** Waits for nothing any longer. */
  close(): void {
    for (const limit of this.#limits) limit.cancel();
  }

  /** Takes a message below the gateway's root. @returns whether it was a request */
  received(topic: string, levels: readonly string[], payload: Buffer, packet: IPublishPacket): boolean {
    let target: Target | undefined;
    let fault: unknown;
    try {
      target = readTarget(levels);
      if (!target) return false;
    } catch (error) {
      fault = error;
    }
    if (this.#allowance.rested) this.#flooded = false;
    if (!this.#allowance.take()) {
      this.#flood();
      return true;
    }
    const reply = this.#replyTo(topic, packet.properties);
    if (packet.retain) this.#tellRetained(topic);
    if (packet.retain || !target) {
      const retained = new LabwireError(
        'REQUEST_INVALID',
        'A retained request is not carried out; send it without retain',
      );
      this.#send(reply, failure(fault ?? retained));
      return true;
    }
    void this.#once(target, topic, payload, packet).then((answer) => this.#send(reply, answer));
    return true;
  }

  /** A request that comes again, as QoS 1 permits, is carried out once; it is known by its correlation data, or as marked. */
  #once(target: Target, topic: string, payload: Buffer, { dup, properties }: IPublishPacket): Promise<string> {
    const { correlationData, responseTopic = '' } = properties ?? {};
    const hash = createHash('sha256').update(payload).digest('base64');
    const key = [topic, responseTopic, correlationData?.toString('base64') ?? '', hash].join(' ');
    const now = this.#parts.clock.monotonic();
    const before = this.#answers.get(key);
    if (before && now < before.until && (dup || correlationData)) return before.answer;
    const answer = this.#answer(target, payload);
    this.#answers.delete(key);
    this.#answers.set(key, { answer, until: now + REMEMBERED_MS });
    const [oldest] = this.#answers.keys();
    if (this.#answers.size > REMEMBERED && oldest !== undefined) this.#answers.delete(oldest);
    return answer;
  }

  async #answer(target: Target, payload: Buffer): Promise<string> {
    const { requests, log } = this.#parts;
    const { device, path } = target;
    const busy = this.#underWay.get(device) ?? 0;
    try {
      if (busy >= MOST_OF_A_DEVICE)
        throw new LabwireError('QUEUE_FULL', `${busy} requests to ${device} are under way already`);
      log.debug(`Request over MQTT to ${path}`);
      this.#underWay.set(device, busy + 1);
      const work = carryOut(target, payload, requests).finally(() => this.#done(device));
      return success(await this.#inTime(path, work));
    } catch (error) {
      return failure(error);
    }
  }

  /** Counted until it has really ended, also when nobody waits for it any longer. */
  #done(device: string): void {
    const left = (this.#underWay.get(device) ?? 1) - 1;
    if (left > 0) this.#underWay.set(device, left);
    else this.#underWay.delete(device);
  }

  #inTime(path: string, work: Promise<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const timer = this.#parts.clock.setTimer(
        () => reject(new LabwireError('TIMEOUT', `${path} is not done after ${LIMIT_MS / 1000} s; it may still be`)),
        LIMIT_MS,
      );
      this.#limits.add(timer);
      work.then(resolve, reject).finally(() => {
        timer.cancel();
        this.#limits.delete(timer);
      });
    });
  }

  #replyTo(topic: string, properties: Properties | undefined): Reply {
    const { topics } = this.#parts;
    const { responseTopic, correlationData } = properties ?? {};
    const answered = responseTopic !== undefined && this.#mayAnswer(responseTopic);
    const reply = { topic: answered ? responseTopic : topic.replace(/[^/]*$/, 'result') };
    const options = correlationData
      ? { ...topics.passingOptions, properties: { correlationData } }
      : topics.passingOptions;
    return { ...reply, options };
  }

  /** Nobody is to have labwire write where only labwire may: below its own root, and where brokers write. */
  #mayAnswer(topic: string): boolean {
    if (topic === '' || topic.length > LONGEST_TOPIC || /[+#\0]|^\$/.test(topic)) return false;
    return !topic.startsWith(`${this.#parts.topics.root}/`);
  }

  #send({ topic, options }: Reply, answer: string): void {
    if (!this.#parts.send(topic, answer, options)) this.#parts.log.debug(`An answer to ${topic} could not be sent`);
  }

  #tellRetained(topic: string): void {
    if (this.#told.has(topic) || this.#told.size >= TOLD) return;
    this.#told.add(topic);
    this.#parts.log.warn(`The request at ${topic} is retained, and so not carried out; clear it there`);
  }

  #flood(): void {
    if (this.#flooded) return;
    this.#flooded = true;
    this.#parts.log.warn(`More than ${PER_SECOND} requests per second over MQTT: what is more is ignored`);
  }
}

interface Reply {
  readonly topic: string;
  readonly options: PublishOptions;
}

function success(value: unknown): string {
  const text = JSON.stringify({ ok: true, value: value ?? null });
  if (text.length <= LONGEST_ANSWER) return text;
  throw new LabwireError('REQUEST_INVALID', `The answer has ${text.length} characters, more than ${LONGEST_ANSWER}`);
}

function failure(thrown: unknown): string {
  const error = toError(thrown);
  const message = error instanceof LabwireError ? error.detail : error.message;
  return JSON.stringify({ ok: false, error: { code: codeOf(error) ?? 'INTERNAL', message } });
}
