import { LabwireError, MEMBER, type Member, type MemberCore } from '../base/index.ts';

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

export interface CommandCore extends MemberCore {
  readonly kind: 'command';
  readonly tier: Tier;
  readonly parameters: Parameters;
  /** Calls with arguments from outside. Rejects with LabwireError VALUE_INVALID, or with what the function threw. */
  call(named: unknown): Promise<unknown>;
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
  _options: CommandOptions<P>,
  _body: (named: Arguments<P>) => R | Promise<R>,
): Command<P, R> {
  throw new LabwireError('INTERNAL', 'not yet');
}
