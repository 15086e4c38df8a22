import { z } from 'zod';
import { configSchemaWith } from '../config/index.ts';
import { type InstrumentClass, modelSchema } from '../instrument/index.ts';

type Drivers = Readonly<Record<string, InstrumentClass>>;
interface JsonObject {
  [key: string]: unknown;
  properties?: Record<string, JsonObject>;
  additionalProperties?: JsonObject;
  required?: string[];
}

/** The JSON Schema of `labwire.yaml`, for editors: each driver's section as the driver itself describes it. */
export function configurationJsonSchema(drivers: Drivers): object {
  const schema = toJson(configSchemaWith(sectionsOf(drivers)), 'Configuration of labwire');
  const device = schema.properties?.devices?.additionalProperties;
  if (device) makePartial(device, drivers);
  return schema;
}

/** The JSON Schema of a catalogue entry. */
export function catalogueJsonSchema(drivers: Drivers): object {
  const sections = Object.entries(sectionsOf(drivers)).map(([name, section]) => [name, section.optional()]);
  const schema = toJson(modelSchema.extend(Object.fromEntries(sections)), 'Catalogue entry of labwire');
  makePartial(schema, drivers);
  return schema;
}

function sectionsOf(drivers: Drivers): Record<string, z.ZodType> {
  const own = Object.entries(drivers).flatMap(([name, { options }]) => (options ? [[name, options] as const] : []));
  return Object.fromEntries(own);
}

function toJson(schema: z.ZodType, title: string): JsonObject {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return { $schema, title, ...rest } as JsonObject;
}

/** A section may stand in part in the catalogue and in part in the site's configuration: neither needs all of it. */
function makePartial(owner: JsonObject, drivers: Drivers): void {
  for (const name of Object.keys(drivers)) delete owner.properties?.[name]?.required;
}
