import type { CliIo } from '../io.ts';
import { catalogueJsonSchema, configurationJsonSchema } from '../json-schema.ts';
import { packageParts } from '../package-parts.ts';

/** Prints the JSON Schema of the configuration or of a catalogue entry. */
export async function schemaCommand(options: { readonly catalogue?: boolean }, io: CliIo): Promise<number> {
  const { drivers } = packageParts;
  const schema = options.catalogue ? catalogueJsonSchema(drivers) : configurationJsonSchema(drivers);
  io.print(JSON.stringify(schema, null, 2));
  return 0;
}
