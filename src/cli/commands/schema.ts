import { configurationPage } from '../configuration-page.ts';
import type { CliIo } from '../io.ts';
import { catalogueJsonSchema, configurationJsonSchema } from '../json-schema.ts';
import { drivers } from '../package.ts';

export interface SchemaOptions {
  readonly catalogue?: boolean;
  readonly page?: boolean;
}

/** Prints the JSON Schema of the configuration or of a catalogue entry, or a page with all keys of the configuration. */
export async function schemaCommand(options: SchemaOptions, io: CliIo): Promise<number> {
  if (options.page) {
    io.print(configurationPage(configurationJsonSchema(drivers)).trimEnd());
    return 0;
  }
  const schema = options.catalogue ? catalogueJsonSchema(drivers) : configurationJsonSchema(drivers);
  io.print(JSON.stringify(schema, null, 2));
  return 0;
}
