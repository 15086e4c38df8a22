import type { CliIo } from '../io.ts';
import { catalogueJsonSchema, configurationJsonSchema } from '../json-schema.ts';
import { drivers } from '../package.ts';

/** Prints the JSON Schema of the configuration or of a catalogue entry. */
export async function schemaCommand(options: { readonly catalogue?: boolean }, io: CliIo): Promise<number> {
  const schema = options.catalogue ? catalogueJsonSchema(drivers) : configurationJsonSchema(drivers);
  io.print(JSON.stringify(schema, null, 2));
  return 0;
}
