import { isObject, LabwireError, MEMBER, type Member, type MemberCore, show } from '../base/index.ts';
import { checkValue, type SettingValue } from './value-rules.ts';

/** What a command may do: read, change what is measured or put out, or lose something for good. */
export type Tier = 'safe' | 'stateful' | 'destructive';

interface NumberParameter {
  readonly type: 'number' | 'integer';
  readonly unit?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: number;
  readonly doc?: string;
}
interface TextParameter {
  readonly type: 'text';
  readonly default?: string;
  readonly doc?: string;
}
interface BooleanParameter {
  readonly type: 'boolean';
  readonly default?: boolean;
  readonly doc?: string;
}
interface EnumParameter {
  readonly type: 'enum';
  readonly options: readonly string[];
  readonly default?: string;
  readonly doc?: string;
}
export type Parameter = NumberParameter | TextParameter | BooleanParameter | EnumParameter;
export type Parameters = Readonly<Record<string, Parameter>>;

type ArgumentOf<P extends Parameter> = P extends { type: 'enum'; options: readonly (infer O)[] }
  ? O
  : P extends { type: 'text' }
    ? string
    : P extends { type: 'boolean' }
      ? boolean
      : number;
type OptionalNames<P extends Parameters> = { [N in keyof P]: P[N] extends { default: unknown } ? N : never }[keyof P];

/** What the function of a command gets: every parameter, defaults filled in. */
export type Arguments<P extends Parameters> = { readonly [N in keyof P]: ArgumentOf<P[N]> };
/** What a caller gives: parameters with a default may be left out. */
export type CallArguments<P extends Parameters> = {
  readonly [N in Exclude<keyof P, OptionalNames<P>>]: ArgumentOf<P[N]>;
} & { readonly [N in OptionalNames<P>]?: ArgumentOf<P[N]> };

export interface CommandOptions<P extends Parameters> {
  /** Default `safe`. */
  readonly tier?: Tier;
  readonly parameters?: P;
  /** Shown to clients. */
  readonly doc?: string;
}

export class CommandCore implements MemberCore {
  readonly kind = 'command';
  readonly attributes = [] as const;
  readonly methods = [''] as const;
  readonly doc: string;
  readonly tier: Tier;
  readonly parameters: Parameters;
  path = '';
  readonly #body: (named: never) => unknown;

  constructor(options: CommandOptions<Parameters>, body: (named: never) => unknown) {
    this.doc = options.doc ?? '';
    this.tier = options.tier ?? 'safe';
    this.parameters = options.parameters ?? {};
    this.#body = body;
    for (const [name, parameter] of Object.entries(this.parameters)) {
      if (parameter.default !== undefined) checkValue(`The default of parameter ${name}`, parameter, parameter.default);
    }
  }

  get(_attribute: string): undefined {
    return undefined;
  }

  /** A command has no value that could change. */
  onChange(_listener: (attribute: string, value: unknown) => void): () => void {
    return () => {};
  }

  /** Calls with arguments from anywhere. Rejects with LabwireError VALUE_INVALID, or with what the function threw. */
  async call(named: unknown = {}): Promise<unknown> {
    return this.#body(this.#checkArguments(named) as never);
  }

  #checkArguments(named: unknown): Record<string, SettingValue> {
    const what = this.path === '' ? 'The command' : `Command ${this.path}`;
    if (!isObject(named)) {
      throw new LabwireError('VALUE_INVALID', `${what} takes one object of named arguments, not ${show(named)}`);
    }
    const given = new Map<string, unknown>(Object.entries(named));
    const checked: [string, SettingValue][] = [];
    for (const [name, parameter] of Object.entries(this.parameters)) {
      const value = given.get(name) === undefined ? parameter.default : given.get(name);
      given.delete(name);
      if (value === undefined) throw new LabwireError('VALUE_INVALID', `${what} needs the argument ${name}`);
      checkValue(`${what}, argument ${name},`, parameter, value);
      checked.push([name, value]);
    }
    const [unknown] = given.keys();
    if (unknown !== undefined) {
      const known = Object.keys(this.parameters).join(', ') || 'none';
      throw new LabwireError('VALUE_INVALID', `${what} has no argument ${show(unknown)}; its arguments: ${known}`);
    }
    return Object.fromEntries(checked);
  }
}

type Named<P extends Parameters> = [keyof P] extends [never]
  ? []
  : Record<never, never> extends CallArguments<P>
    ? [named?: CallArguments<P>]
    : [named: CallArguments<P>];

/** A function that a client may call with one object of named arguments. */
export interface Command<P extends Parameters = Parameters, R = unknown> extends Member {
  readonly [MEMBER]: CommandCore;
  (...named: Named<P>): Promise<R>;
}

/** Declares a command. */
// biome-ignore lint/complexity/noBannedTypes: `{}` is the record of no parameters
export function command<const P extends Parameters = {}, R = unknown>(
  options: CommandOptions<P>,
  body: (named: Arguments<P>) => R | Promise<R>,
): Command<P, R> {
  const core = new CommandCore(options, body);
  const call = (named?: unknown): Promise<unknown> => core.call(named);
  return Object.assign(call, { [MEMBER]: core }) as unknown as Command<P, R>;
}
