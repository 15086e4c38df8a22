import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'vitest';

type Schema = Record<string, unknown>;
interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly responses: Record<string, { readonly content?: Record<string, { readonly schema: Schema }> }>;
  readonly security?: readonly object[];
  readonly summary?: string;
}
export interface OpenApi {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
}

const ajv = new Ajv2020({ strict: false, allErrors: true });

/** Holds an answer to what the document says of it; a key that it does not name is a mistake here. */
export function expectDocumented(document: OpenApi, path: string, status: number, body: unknown): void {
  const [content] = Object.values(document.paths[path]?.get?.responses[String(status)]?.content ?? {});
  expect(content, `${path} ${status} is not documented`).toBeDefined();
  const validate = ajv.compile(closed(content?.schema ?? {}) as object);
  const fits = validate(body);
  expect(fits ? [] : validate.errors, `${path} ${status}`).toEqual([]);
}

/** The schema without room for what it does not name. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const inner = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  return 'properties' in inner && !('additionalProperties' in inner)
    ? { ...inner, additionalProperties: false }
    : inner;
}
