import type { z } from 'zod';
import type { ConfigPath } from './config-path.ts';

interface Definition {
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>;
  readonly valueType?: z.core.$ZodType;
  readonly element?: z.core.$ZodType;
  readonly items?: readonly z.core.$ZodType[];
  readonly options?: readonly z.core.$ZodType[];
  readonly innerType?: z.core.$ZodType;
  readonly in?: z.core.$ZodType;
  readonly left?: z.core.$ZodType;
  readonly right?: z.core.$ZodType;
}

/** The keys that may stand at a place, those of every alternative of a union. */
export function keysAt(schema: z.ZodType, path: ConfigPath): string[] {
  let schemas: z.core.$ZodType[] = alternatives(schema);
  for (const step of path) schemas = schemas.flatMap((candidate) => below(candidate, step)).flatMap(alternatives);
  return [...new Set(schemas.flatMap((candidate) => Object.keys(definition(candidate).shape ?? {})))];
}

function definition(schema: z.core.$ZodType): Definition {
  return schema._zod.def as Definition;
}

/** What a schema is made of, without its wrappers (`optional`, `default`, `transform`, …). */
function alternatives(schema: z.core.$ZodType): z.core.$ZodType[] {
  const { options, innerType, in: input, left, right } = definition(schema);
  const inner = options ?? [innerType, input, left, right].filter((part) => part !== undefined);
  return inner.length > 0 ? inner.flatMap(alternatives) : [schema];
}

function below(schema: z.core.$ZodType, step: string | number): z.core.$ZodType[] {
  const { shape, valueType, element, items } = definition(schema);
  const next =
    (shape && Object.hasOwn(shape, step) ? shape[step] : undefined) ??
    valueType ??
    (typeof step === 'number' ? items?.[step] : undefined) ??
    element;
  return next === undefined ? [] : [next];
}
