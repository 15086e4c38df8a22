import type { MemberCore } from '../base/index.ts';
import { type CommandCore, isValueCore, type Parameter, type SettingValue } from '../service/index.ts';
import type { DictNode, MethodNode, ParameterNode, ServiceNode, WireNode } from './node.ts';
import { plainNode, valueNode } from './value-node.ts';

/** What pydase's clients know of a task. */
const TASK_STATUS = { RUNNING: 'running', NOT_RUNNING: 'not_running' } as const;

/** The node of a whole member: of a value, of a command, or, as of a task, a service of its values and methods. */
export function memberNode(core: MemberCore, path: string): WireNode {
  if (isValueCore(core)) return valueNode({ path, readonly: !core.writable, doc: core.doc }, core.rules, core.get(''));
  if (isCommand(core)) return commandNode(core, path);
  const values = core.attributes.map((name) => [name, attributeNode(core, path, name, core.get(name))] as const);
  const methods = core.methods.map((name) => [name, plainMethod(`${path}.${name}`)] as const);
  return {
    full_access_path: path,
    readonly: false,
    doc: core.doc === '' ? null : core.doc,
    type: core.kind === 'task' ? 'Task' : 'DataService',
    name: core.kind === 'task' ? 'Task' : core.kind,
    value: Object.fromEntries([...values, ...methods]),
  } satisfies ServiceNode;
}

/** The node of one value of a member, or of one of its methods. */
export function attributeNode(core: MemberCore, path: string, attribute: string, value: unknown): WireNode {
  if (attribute === '') {
    if (!isValueCore(core)) return memberNode(core, path);
    return valueNode({ path, readonly: !core.writable, doc: core.doc }, core.rules, value as SettingValue | null);
  }
  const at = `${path}.${attribute}`;
  if (core.methods.includes(attribute)) return plainMethod(at);
  if (core.kind === 'task' && attribute === 'status' && Object.hasOwn(TASK_STATUS, String(value))) {
    const head = { full_access_path: at, readonly: true, doc: null };
    return { ...head, type: 'Enum', value: String(value), name: 'TaskStatus', enum: TASK_STATUS };
  }
  return plainNode(at, value);
}

/** The part of a value that a path leads to within it; undefined if there is none. */
export function partOf(node: WireNode, steps: readonly object[]): WireNode | undefined {
  let part: WireNode | undefined = node;
  for (const step of steps) {
    if (part?.type === 'dict' && 'key' in step) part = entry(part, step.key as string);
    else if (part?.type === 'list' && 'index' in step) part = part.value[step.index as number];
    else return undefined;
  }
  return part;
}

const entry = ({ value }: DictNode, key: string): WireNode | undefined =>
  Object.hasOwn(value, key) ? value[key] : undefined;

const plainMethod = (path: string): MethodNode => ({
  full_access_path: path,
  readonly: true,
  doc: null,
  type: 'method',
  value: null,
  async: false,
  signature: { parameters: {}, return_annotation: {} },
  frontend_render: true,
});

function commandNode(core: CommandCore, path: string): MethodNode {
  const parameters = Object.entries(core.parameters).map(([name, parameter]) => [name, parameterNode(name, parameter)]);
  return {
    ...plainMethod(path),
    doc: core.doc === '' ? null : core.doc,
    async: true,
    signature: { parameters: Object.fromEntries(parameters), return_annotation: {} },
    tier: core.tier,
  };
}

const annotations = {
  number: "<class 'float'>",
  integer: "<class 'int'>",
  text: "<class 'str'>",
  boolean: "<class 'bool'>",
  enum: "<class 'str'>",
} as const;

function parameterNode(name: string, parameter: Parameter): ParameterNode {
  const { type, default: initial, doc } = parameter;
  return {
    annotation: annotations[type],
    default: initial === undefined ? {} : defaultNode(name, parameter, initial),
    ...('unit' in parameter && parameter.unit !== undefined && { unit: parameter.unit }),
    ...('minimum' in parameter && parameter.minimum !== undefined && { minimum: parameter.minimum }),
    ...('maximum' in parameter && parameter.maximum !== undefined && { maximum: parameter.maximum }),
    ...('options' in parameter && { options: parameter.options }),
    ...(doc !== undefined && { doc }),
  };
}

/** A default has no place in the tree. A number stands in the parameter's unit, as the function takes it. */
function defaultNode(name: string, parameter: Parameter, value: SettingValue): object {
  const rules = { type: parameter.type, ...('options' in parameter && { options: parameter.options }) };
  const { full_access_path: _, ...node } = valueNode({ path: name, readonly: false, doc: '' }, rules, value);
  return node;
}

/** By kind, not by class: a driver may bring its own copy of labwire. */
const isCommand = (core: MemberCore): core is CommandCore => core.kind === 'command';
