/** Where a node stands and what may be done with it; of every node. */
interface Head {
  /** `''` of the root, of a result and of an exception. */
  readonly full_access_path: string;
  readonly readonly: boolean;
  readonly doc: string | null;
}

/** Own additions of a value that has them: how people write its unit, and what it takes. */
interface Facts {
  /** Canonical symbol, e.g. `°C`. */
  readonly unit?: string;
  readonly minimum?: number;
  readonly maximum?: number;
}

export interface NumberNode extends Head, Facts {
  readonly type: 'int' | 'float';
  readonly value: number;
}
export interface BoolNode extends Head {
  readonly type: 'bool';
  readonly value: boolean;
}
export interface TextNode extends Head {
  readonly type: 'str';
  readonly value: string;
}
/** Also of a value that is not known: then with what is known of it. */
export interface NoneNode extends Head, Facts {
  readonly type: 'NoneType';
  readonly value: null;
}
export interface DatetimeNode extends Head {
  readonly type: 'datetime';
  /** ISO 8601. */
  readonly value: string;
}
export interface QuantityNode extends Head, Facts {
  readonly type: 'Quantity';
  /** `unit` as Python's pint reads it. */
  readonly value: { readonly magnitude: number; readonly unit: string };
}
export interface EnumNode extends Head {
  readonly type: 'Enum';
  /** The name of the member, a key of `enum`. */
  readonly value: string;
  readonly name: string;
  readonly enum: Readonly<Record<string, string | number | boolean>>;
}
export interface ListNode extends Head {
  readonly type: 'list';
  readonly value: readonly WireNode[];
}
export interface DictNode extends Head {
  readonly type: 'dict';
  readonly value: Readonly<Record<string, WireNode>>;
}

/** A parameter of a method. Beside `annotation` and `default` stand own additions. */
export interface ParameterNode extends Facts {
  /** E.g. `<class 'float'>`. */
  readonly annotation: string;
  /** A node without its path; `{}`: the parameter must be given. */
  readonly default: object;
  /** The words of an enum. */
  readonly options?: readonly string[];
  readonly doc?: string;
}
export interface MethodNode extends Head {
  readonly type: 'method';
  readonly value: null;
  readonly async: boolean;
  readonly signature: {
    readonly parameters: Readonly<Record<string, ParameterNode>>;
    readonly return_annotation: object;
  };
  readonly frontend_render: boolean;
  /** Own addition, of a command: what it may do. */
  readonly tier?: 'safe' | 'stateful' | 'destructive';
}
export interface ExceptionNode extends Head {
  readonly type: 'Exception';
  /** The message. */
  readonly value: string;
  /** The class. */
  readonly name: string;
  /** Own addition: labwire's error code. */
  readonly code?: string;
}
export interface ServiceNode extends Head {
  readonly type: 'DataService' | 'Task';
  /** The class. */
  readonly name: string;
  readonly value: Readonly<Record<string, WireNode>>;
}

/** What goes over the wire: pydase's serialised objects. */
export type WireNode =
  | NumberNode
  | BoolNode
  | TextNode
  | NoneNode
  | DatetimeNode
  | QuantityNode
  | EnumNode
  | ListNode
  | DictNode
  | MethodNode
  | ExceptionNode
  | ServiceNode;
