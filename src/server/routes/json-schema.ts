import { z } from 'zod';

/** JSON Schema as OpenAPI 3.1 has it. */
type JsonSchema = Record<string, unknown>;

/** What the document says of a shape; of a parameter, what is written in the request. */
function jsonSchema(shape: z.ZodType): JsonSchema {
  const { $schema, ...schema } = z.toJSONSchema(shape, {
    io: 'input',
    override: ({ jsonSchema: made }) => {
      // That a double holds no larger whole number is no rule of the shape.
      if (made.minimum === Number.MIN_SAFE_INTEGER) delete made.minimum;
      if (made.maximum === Number.MAX_SAFE_INTEGER) delete made.maximum;
      delete made.propertyNames;
    },
  });
  return schema;
}

/** What labwire's own routes answer to what they do not do. */
const errorShape = z.object({
  error: z.object({ code: z.string().describe('One of docs/errors.md.'), message: z.string() }),
});

const error = jsonSchema(errorShape);
const errors = {
  400: 'A mistake in the request; the message says what is wrong',
  401: 'It needs credentials, and those that were given are not known',
  403: 'Whoever asks may not do this',
  404: 'There is no such thing',
  429: 'Too many attempts with wrong credentials; `retry-after` says when the next one is looked at',
  503: 'Not now: too much is asked at once, or it takes too long',
};
type ErrorStatus = keyof typeof errors;

/** What the document says of answers of these statuses. */
export function errorAnswers(...statuses: readonly ErrorStatus[]): Record<number, JsonSchema> {
  return Object.fromEntries(statuses.map((status) => [status, { ...error, description: errors[status] }]));
}

export interface RouteFacts {
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  /** Query parameters. */
  readonly query?: z.ZodType;
  /** Parts of the path. */
  readonly params?: z.ZodType;
  /** Of status 200. */
  readonly answer: z.ZodType;
  /** Other statuses than 200, with their shape where it is not that of an error. */
  readonly others?: readonly (ErrorStatus | readonly [status: number, description: string, shape: z.ZodType])[];
}

/** The schema of a route for the document. What is asked is read by its shape, in the handler. */
export function routeSchema({ query, params, answer, others = [], ...facts }: RouteFacts): object {
  const response: Record<number, JsonSchema> = { 200: { description: 'OK', ...jsonSchema(answer) } };
  for (const other of others) {
    if (typeof other === 'number') Object.assign(response, errorAnswers(other));
    else response[other[0]] = { ...jsonSchema(other[2]), description: other[1] };
  }
  return {
    ...facts,
    ...(query && { querystring: jsonSchema(query) }),
    ...(params && { params: jsonSchema(params) }),
    response,
  };
}
