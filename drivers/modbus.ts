import {
  bad,
  type ChannelFacts,
  type Exchange,
  type Framing,
  Instrument,
  LabwireError,
  type RecordValue,
  setting,
  task,
  z,
} from '../src/index.ts';
import { asciiFraming } from './modbus/ascii.ts';
import { type Block, planBlocks } from './modbus/blocks.ts';
import { exceptionWords, isPassing } from './modbus/exception.ts';
import { channelsOf, type ModbusOptions, modbusOptions, pointsOf, type ReadPoint, range } from './modbus/options.ts';
import { type Answer, answerTo, exchange, request } from './modbus/question.ts';
import { rtuFraming } from './modbus/rtu.ts';
import { valuesOf } from './modbus/value.ts';

const DEFAULT_ADDRESS = 1;

/**
 * Whatever holds its readings in Modbus registers, on a serial line: RTU or ASCII. Which registers and what they mean, the
 * section `modbus` of catalogue or site says. Reads only, functions 1 to 4; one sample per poll.
 *
 * Sources: Modbus Application Protocol Specification 1.1b3; Modbus over Serial Line 1.02; captures of a flow meter, an
 * input and output module and two temperature controllers.
 */
export class Modbus extends Instrument {
  static readonly options = modbusOptions;
  static readonly address = z
    .int()
    .min(1)
    .max(254)
    .describe('The Modbus address of the device, 1 to 247; some answer at any address to 254, on a line of their own.');

  static framing({ mode }: ModbusOptions): Framing {
    return mode === 'rtu' ? rtuFraming() : asciiFraming();
  }

  static exchanges(options: ModbusOptions, channels: readonly string[]): Exchange[] {
    return blocksOf(options, (channel) => channels.includes(channel)).map((block) => exchange(options.mode, block));
  }

  static channelsFrom(options: ModbusOptions): Record<string, ChannelFacts> {
    return channelsOf(options);
  }

  readonly interval = setting(1, { unit: 's', minimum: 0.05, doc: 'Time between two readings of all registers.' });

  readonly acquire = task({ autostart: true, doc: 'Reads the registers.' }, async ({ every, signal }) => {
    const options = this.options as ModbusOptions;
    const blocks = blocksOf(options, (channel) => this.wants(channel));
    for await (const _ of every(this.interval)) await this.#poll(blocks, signal);
  });

  /** By block, the exception that answered it last. */
  readonly #refused = new Map<string, number>();

  async #poll(blocks: readonly Block<ReadPoint>[], signal: AbortSignal): Promise<void> {
    const values: Record<string, RecordValue> = {};
    const refusals: [block: Block, exception: number][] = [];
    for (const block of blocks) {
      const answer = await this.#ask(block, signal);
      if ('data' in answer) {
        Object.assign(values, valuesOf(block, answer.data));
        this.#noteRefusal(block, undefined);
        continue;
      }
      refusals.push([block, answer.exception]);
      for (const { id } of block.points) values[id] = bad('rejected');
    }
    const [first] = refusals;
    if (first && refusals.length === blocks.length) throw new LabwireError('REPLY_REJECTED', this.#refusal(...first));
    for (const [block, exception] of refusals) this.#noteRefusal(block, exception);
    this.record(values);
  }

  async #ask(block: Block, signal: AbortSignal): Promise<Answer> {
    const { mode } = this.options as ModbusOptions;
    const question = { ...block, address: this.#address };
    const accepts = (frame: string): boolean => answerTo(mode, question, frame) !== undefined;
    const frame = await this.link.query(request(mode, question), { signal, accepts });
    const answer = answerTo(mode, question, frame);
    if (!answer)
      throw new LabwireError('INTERNAL', `A frame was taken for an answer that ${this.#where(block)} is not`);
    if ('exception' in answer && isPassing(answer.exception)) {
      throw new LabwireError('REPLY_REJECTED', this.#refusal(block, answer.exception));
    }
    return answer;
  }

  get #address(): number {
    return typeof this.address === 'number' ? this.address : DEFAULT_ADDRESS;
  }

  #where({ table, start, count }: Block): string {
    return `${range(table, start, count)} of address ${this.#address}`;
  }

  #refusal(block: Block, exception: number): string {
    const { gap: allowed } = this.options as ModbusOptions;
    const gap = allowed > 0 ? ', or set "gap: 0" so that only what is wanted is asked for' : '';
    return `Reading ${this.#where(block)}: ${exceptionWords(exception)}${gap}`;
  }

  /** Logs when a block begins or ceases to be refused, or is so for another reason. */
  #noteRefusal(block: Block, exception: number | undefined): void {
    const where = this.#where(block);
    const before = this.#refused.get(where);
    if (before === exception) return;
    if (exception === undefined) {
      this.#refused.delete(where);
      this.log.info(`${where} can be read again`);
    } else {
      this.#refused.set(where, exception);
      this.log.warn(this.#refusal(block, exception));
    }
  }
}

/** What one poll asks for. */
function blocksOf(options: ModbusOptions, wants: (channel: string) => boolean): Block<ReadPoint>[] {
  const wanted = pointsOf(options).filter(({ id }) => wants(id));
  return planBlocks(wanted, options);
}
