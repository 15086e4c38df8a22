import { DO, DONT, telnetNegotiation, type Verb, WILL, WONT } from './telnet-codec.ts';

/** `asked`: not answered yet. */
export type OptionState = 'asked' | 'agreed' | 'refused';

interface Side {
  readonly wanted: Map<number, OptionState>;
  /** What was asked of this side in vain: it is refused once, so that two deaf sides do not refuse for ever. */
  readonly refused: Set<number>;
  /** How often this side has answered a change of the other's mind, by option. */
  readonly changes: Map<number, number>;
  /** The verbs that this side is spoken of with: by us, and by the other. */
  readonly offer: Verb;
  readonly refuse: Verb;
}

/**
 * What the two sides of a Telnet connection agree to do (RFC 854, RFC 855): each option per side, and an answer only to
 * what changes something, or two sides might answer each other for ever.
 */
export class TelnetOptions {
  readonly #ours: Side;
  readonly #theirs: Side;

  /**
   * @param ours what we want to do
   * @param theirs what the other side shall do
   */
  constructor(ours: readonly number[], theirs: readonly number[]) {
    const side = (wanted: readonly number[], offer: Verb, refuse: Verb): Side => ({
      wanted: new Map(wanted.map((option) => [option, 'asked'])),
      refused: new Set(),
      changes: new Map(),
      offer,
      refuse,
    });
    this.#ours = side(ours, WILL, WONT);
    this.#theirs = side(theirs, DO, DONT);
  }

  /** What is to be sent first. */
  offers(): Buffer {
    const offersOf = ({ wanted, offer }: Side): Buffer[] =>
      [...wanted.keys()].map((option) => telnetNegotiation(offer, option));
    return Buffer.concat([...offersOf(this.#ours), ...offersOf(this.#theirs)]);
  }

  /** @returns what is to be answered, if anything */
  receive(verb: Verb, option: number): Buffer | undefined {
    const side = verb === DO || verb === DONT ? this.#ours : this.#theirs;
    const answer = verb === DO || verb === WILL ? asked(side, option) : denied(side, option);
    return answer === undefined ? undefined : telnetNegotiation(answer, option);
  }

  ours(option: number): OptionState {
    return this.#ours.wanted.get(option) ?? 'refused';
  }

  theirs(option: number): OptionState {
    return this.#theirs.wanted.get(option) ?? 'refused';
  }
}

/** The other side wants it, or agrees to our wish. */
function asked(side: Side, option: number): Verb | undefined {
  const before = side.wanted.get(option);
  if (before === undefined) {
    if (side.refused.has(option)) return undefined;
    side.refused.add(option);
    return side.refuse;
  }
  side.wanted.set(option, 'agreed');
  return before === 'refused' ? changed(side, option, side.offer) : undefined;
}

/** The other side does not want it, or no longer. */
function denied(side: Side, option: number): Verb | undefined {
  side.refused.delete(option);
  const before = side.wanted.get(option);
  if (before === undefined) return undefined;
  side.wanted.set(option, 'refused');
  return before === 'agreed' ? changed(side, option, side.refuse) : undefined;
}

/** Where several changes are under way at once, each side answers the other's answers (RFC 1143): it must end. */
const MOST_CHANGES = 3;

function changed(side: Side, option: number, answer: Verb): Verb | undefined {
  const changes = (side.changes.get(option) ?? 0) + 1;
  side.changes.set(option, changes);
  return changes > MOST_CHANGES ? undefined : answer;
}
