import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { configurationPage, type SchemaNode } from '../../src/cli/configuration-page.ts';
import { configurationJsonSchema } from '../../src/cli/json-schema.ts';
import { drivers } from '../../src/cli/package.ts';

const schema: SchemaNode = configurationJsonSchema(drivers);
const read = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');

function undescribed(node: SchemaNode, path = ''): string[] {
  const within = [node.items, node.additionalProperties, ...(node.anyOf ?? [])].filter(
    (one) => typeof one === 'object',
  );
  return [
    ...Object.entries(node.properties ?? {}).flatMap(([key, value]) => [
      ...(value.description || value.anyOf?.some(({ description }) => description) ? [] : [`${path}.${key}`]),
      ...undescribed(value, `${path}.${key}`),
    ]),
    ...within.flatMap((one) => undescribed(one, path)),
  ];
}

describe('docs/configuration.md', () => {
  it('is what `labwire schema --page` prints', () => {
    expect(configurationPage(schema)).toBe(read('docs/configuration.md'));
  });

  it('says of every key what it is for', () => {
    expect([...new Set(undescribed(schema))]).toEqual([]);
  });
});

describe('the files of schema/', () => {
  it('are what `labwire schema` prints', () => {
    expect(JSON.parse(read('schema/labwire.schema.json'))).toEqual(JSON.parse(JSON.stringify(schema)));
  });
});
