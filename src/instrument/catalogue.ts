import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { configIssues, LabwireError, type Logger, toError } from '../base/index.ts';
import type { InstrumentClass } from './instrument.ts';
import {
  address,
  type ChannelFacts,
  channelFacts,
  duration,
  framing,
  id,
  modelId,
  serialSettings,
  settingValues,
  taskOptions,
  timing,
} from './schema-parts.ts';

/** What the identity is asked with, and what must come back. */
const identify = z.strictObject({
  query: z.string().min(1).describe('The question, e.g. *IDN?'),
  answer: z
    .string()
    .min(1)
    .refine(isRegularExpression, 'must be a regular expression')
    .describe('A regular expression; its groups serial and firmware, where it has them, are shown and compared.'),
});

function isRegularExpression(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}

const modelShape = {
  id: modelId.optional().describe("The model's id; default the file's name."),
  manufacturer: z.string().optional(),
  model: z.string().optional().describe("The manufacturer's name for it."),
  driver: z.string().describe('The family of instruments whose language it speaks.'),
  address: address.optional().describe('The address that it comes out of its box with.'),
  serial: serialSettings.optional(),
  framing: framing.optional(),
  timing: timing.optional(),
  identify: identify.optional(),
  interval: duration.optional().describe('Time between two polls.'),
  settings: settingValues.optional(),
  channels: z.record(id, channelFacts).optional(),
  tasks: taskOptions.optional(),
  source: z.string().optional().describe('Where the facts are from: manual and section.'),
};

/** A catalogue entry: all facts of one instrument model. Beside these keys it may have one named as its driver. */
export const modelSchema = z.strictObject(modelShape);

export interface Model extends Omit<z.output<typeof modelSchema>, 'id'> {
  readonly id: string;
  /** The section named as the driver, as it was written: the driver's own schema reads it. */
  readonly driverOptions: unknown;
}

export type ModelInput = z.input<typeof modelSchema> & { id: string } & { readonly [driverSection: string]: unknown };

/** Reads one catalogue entry. @throws LabwireError MODEL_INVALID, with all that is wrong */
export function parseModel(input: unknown, where: string, fallbackId?: string): Model {
  const invalid = (detail: string): LabwireError =>
    new LabwireError('MODEL_INVALID', `Catalogue entry ${where} is left out: ${detail}`);
  if (typeof input !== 'object' || input === null || Array.isArray(input)) throw invalid('it is no YAML mapping');
  const driver = (input as { driver?: unknown }).driver;
  const entries = Object.entries(input).filter(([key]) => key !== driver || key in modelShape);
  const result = modelSchema.safeParse(Object.fromEntries(entries), { reportInput: true });
  if (!result.success) {
    const issues = configIssues(result.error.issues, { schema: modelSchema, whole: 'it' });
    throw invalid(issues.map(({ message }) => message).join('; '));
  }
  const { id: ownId = fallbackId, ...facts } = result.data;
  if (ownId === undefined) throw invalid('it has no id');
  if (!modelId.safeParse(ownId).success) throw invalid(`"${ownId}" is no id of small letters, digits and -`);
  const hasSection = typeof driver === 'string' && !(driver in modelShape) && Object.hasOwn(input, driver);
  const driverOptions: unknown = hasSection ? Reflect.get(input, driver) : undefined;
  return { ...facts, id: ownId, driverOptions };
}

/** The channels of a model: those that it declares, and those that follow from its driver's section. */
export function modelChannels(model: Model, driver: InstrumentClass | undefined): Record<string, ChannelFacts> {
  const section = driver?.options?.safeParse(model.driverOptions);
  const fromSection = section?.success ? driver?.channelsFrom?.(section.data as never) : undefined;
  return { ...fromSection, ...model.channels };
}

/** All models that a gateway knows. A later entry replaces an earlier one of the same id: a site may correct ours. */
export class Catalogue {
  readonly #models = new Map<string, Model>();

  add(model: Model): void {
    this.#models.set(model.id, model);
  }

  /** Adds every `*.yaml` of a folder. What cannot be read is named in the log and left out; the rest is used. */
  addFolder(folder: string, log: Logger): void {
    for (const file of modelFiles(folder, log)) {
      try {
        this.add(readModelFile(file));
      } catch (error) {
        log.error({ file }, toError(error).message);
      }
    }
  }

  get ids(): string[] {
    return [...this.#models.keys()].sort();
  }

  get(modelName: string): Model | undefined {
    return this.#models.get(modelName);
  }

  [Symbol.iterator](): IterableIterator<Model> {
    return this.#models.values();
  }
}

function modelFiles(folder: string, log: Logger): string[] {
  try {
    // Editors keep their own hidden files beside the edited one.
    const names = readdirSync(folder).filter((name) => /^[^.].*\.ya?ml$/.test(name));
    return names.sort().map((name) => join(folder, name));
  } catch (error) {
    log.error({ file: folder }, leftOut(`Catalogue folder ${folder}`, error).message);
    return [];
  }
}

function readModelFile(file: string): Model {
  let input: unknown;
  try {
    input = parseYaml(readFileSync(file, 'utf8'));
  } catch (error) {
    throw leftOut(`Catalogue file ${file}`, error);
  }
  return parseModel(input, file, basename(file).replace(/\.ya?ml$/, ''));
}

function leftOut(what: string, error: unknown): LabwireError {
  return new LabwireError('MODEL_INVALID', `${what} is left out: ${toError(error).message}`, { cause: error });
}
