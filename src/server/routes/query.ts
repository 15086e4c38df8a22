import { z } from 'zod';
import { configIssues, LabwireError, parseTime, TIME_FORM } from '../../base/index.ts';

/** A whole number of a query. */
export function whole(minimum: number, maximum: number) {
  return z
    .string()
    .transform((text, context) => {
      const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
      if (number >= minimum && number <= maximum) return number;
      context.addIssue(`must be a whole number from ${minimum} to ${maximum}`);
      return z.NEVER;
    })
    .meta({ type: 'integer', minimum, maximum });
}

/** A time of a query, see `parseTime`, in whole µs since the Unix epoch. */
export const time = z.string().transform((text, context) => {
  // A plus that was not encoded came as a blank.
  const at = parseTime(text.replace(/ (\d{2}:\d{2})$/, '+$1')) ?? parseTime(text);
  if (at !== undefined) return at;
  context.addIssue(TIME_FORM);
  return z.NEVER;
});

/** Reads what was given in a query or a path. @throws LabwireError REQUEST_INVALID, which names all that is wrong */
export function readParameters<Shape extends z.ZodType>(shape: Shape, given: unknown): z.output<Shape> {
  const result = shape.safeParse(given, { reportInput: true });
  if (result.success) return result.data;
  const issues = configIssues(result.error.issues, { schema: shape, whole: 'The request' });
  throw new LabwireError('REQUEST_INVALID', issues.map(({ message }) => message).join('; '));
}

/** @throws LabwireError REQUEST_INVALID where a range of time is none */
export function checkRange({ from, to }: { readonly from: number; readonly to: number }): void {
  if (from >= to) throw new LabwireError('REQUEST_INVALID', 'from must be earlier than to');
}
