import { schemaParts } from '../instrument/index.ts';

/** What is read of a JSON Schema. */
export interface SchemaNode {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly anyOf?: readonly SchemaNode[];
  readonly items?: SchemaNode;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly required?: readonly string[];
  readonly [schemaParts.WRITTEN_AS]?: string;
}

const INTRODUCTION = `# Configuration

<!-- Made by \`labwire schema --page\`; a test holds it to the schema. -->

All keys of \`labwire.yaml\`. \`<id>\` is an id of your own choice: small letters, digits and \`_\`. A duration is \`500ms\`, \`1s\`,
\`5min\`, \`2h\`, \`30d\` or a number of seconds; a size is \`500MB\`, \`2GB\` or a number of bytes. Relative paths are relative to the
file. \`\${NAME}\` takes a value from the environment, \`\${file:/run/secrets/name}\` from a file. Files of \`devices.d/\` beside it
hold more devices, without the key \`devices\` above them. An edit applies at once; a faulty one changes nothing.

\`labwire check\` says all that is wrong. For completion in an editor, \`labwire schema > labwire.schema.json\`, and as the
first line of the file:

\`\`\`yaml
# yaml-language-server: $schema=labwire.schema.json
\`\`\`
`;

/** Markdown: a section for each mapping of the configuration with a row for each of its keys. */
export function configurationPage(schema: SchemaNode): string {
  const page = new Page();
  const keys = Object.entries(schema.properties ?? {});
  for (const [key, node] of keys) page.section(key, node);
  return `${INTRODUCTION}${page.text}`;
}

/** Mappings of up to so many keys stand in the table of their owner. */
const SMALL = 2;

class Page {
  text = '';
  /** Sections by what is in them: what a device and a shared port have in common is told once. */
  readonly #known = new Map<string, string>();

  section(path: string, node: SchemaNode): void {
    const mapping = mappingOf(node);
    const at = mapping === node || !node.additionalProperties ? path : `${path}.<id>`;
    this.#known.set(JSON.stringify(mapping), at);
    const later: [string, SchemaNode][] = [];
    const rows = this.#rows(mapping, '', at, later);
    const words = [node.description, mapping === node ? undefined : mapping.description];
    const several = node.anyOf?.some(({ items }) => items) ? ['One, or a list of several, each with a `name`.'] : [];
    const about = [...new Set(words), ...several].filter(Boolean).join(' ');
    this.text += `\n## \`${at}\`\n\n${escaped(about)}\n\n| key | value | default | |\n|---|---|---|---|\n${rows.join('\n')}\n`;
    for (const [further, inner] of later) this.section(further, inner);
  }

  #rows(owner: SchemaNode, prefix: string, path: string, later: [string, SchemaNode][]): string[] {
    return Object.entries(owner.properties ?? {}).flatMap(([key, node]) => {
      const name = prefix + key;
      const mapping = mappingOf(node);
      const count = Object.keys(mapping.properties ?? {}).length;
      const isRecord = mapping !== node && node.additionalProperties !== undefined;
      const needed = owner.required?.includes(key) && node.default === undefined;
      const row = (value: string): string =>
        `| \`${name}\` | ${value} | ${needed ? 'needed' : defaultOf(node)} | ${escaped(node.description ?? '')} |`;
      if (count === 0) return [row(valueInWords(node))];
      if (count <= SMALL && !isRecord) {
        const others = valueInWords(node);
        const own = others === 'a mapping' ? [] : [row(others)];
        return [...own, ...this.#rows(mapping, `${name}.`, path, later)];
      }
      const place = `${path}.${name}${isRecord ? '.<id>' : ''}`;
      const known = this.#known.get(JSON.stringify(mapping));
      if (known === undefined) {
        later.push([`${path}.${name}`, node]);
        this.#known.set(JSON.stringify(mapping), place);
      }
      const others = valueInWords(node).replace(/(?: · )?a mapping(?: by id)?/, '');
      return [row([others, `see [\`${known ?? place}\`](#${anchor(known ?? place)})`].filter(Boolean).join(' · '))];
    });
  }
}

/** The mapping within: of a mapping itself, of one or several, of ids to such. */
function mappingOf(node: SchemaNode): SchemaNode {
  if (node.properties) return node;
  const within = typeof node.additionalProperties === 'object' ? mappingOf(node.additionalProperties) : undefined;
  if (within?.properties) return within;
  return node.anyOf?.map(mappingOf).find(({ properties }) => properties) ?? node;
}

function valueInWords(node: SchemaNode): string {
  if (node[schemaParts.WRITTEN_AS] !== undefined) return node[schemaParts.WRITTEN_AS];
  if (node.const !== undefined) return `\`${node.const}\``;
  if (node.enum) return node.enum.map((value) => `\`${value}\``).join(' · ');
  if (node.anyOf) return [...new Set(node.anyOf.map(valueInWords))].join(' · ');
  if (node.properties) return 'a mapping';
  if (typeof node.additionalProperties === 'object')
    return `${valueInWords(node.additionalProperties)} by id`.replace(/( by id)+$/, ' by id');
  if (node.type === 'array') return node.items ? `list of ${valueInWords(node.items)}` : '`[lowest, highest]`';
  if (node.type === 'integer' || node.type === 'number') return numberOf(node);
  if (node.type === 'boolean') return '`true` · `false`';
  return typeof node.type === 'object'
    ? node.type.map((type) => (type === 'string' ? 'text' : type)).join(' · ')
    : 'text';
}

/** Beyond it a limit is that of the computer. */
const LARGE = 2 ** 31;

function numberOf({ type, minimum, maximum, exclusiveMinimum }: SchemaNode): string {
  const kind = type === 'integer' ? 'whole number' : 'number';
  if (exclusiveMinimum !== undefined) return `${kind} above ${exclusiveMinimum}`;
  const lowest = minimum !== undefined && minimum > -LARGE ? minimum : undefined;
  const highest = maximum !== undefined && maximum < LARGE ? maximum : undefined;
  if (lowest !== undefined && highest !== undefined) return `${kind}, ${lowest} to ${highest}`;
  return lowest === undefined ? kind : `${kind} from ${lowest}`;
}

function defaultOf({ default: value }: SchemaNode): string {
  return value === undefined || (typeof value === 'object' && value !== null) ? '' : `\`${value}\``;
}

/** As GitHub makes it of a heading. */
const anchor = (heading: string): string => heading.toLowerCase().replaceAll(/[^a-z0-9_-]/g, '');

const escaped = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
