import { z } from 'zod';
import { exactlyOne, line } from './port-schema.ts';
import { sinkName, url } from './sink-schema.ts';

/** 0: any free one. */
export const listeningPort = z.number().int().min(0).max(65_535);

const levels = z
  .string()
  .regex(/^[A-Za-z0-9_.-]+(\/[A-Za-z0-9_.-]+)*$/, 'must be levels of letters, digits, _, . and -, with / between them')
  .max(200);

const DISCOVERY_PREFIX = 'homeassistant';
const file = line(4096).optional();
const UNSECURED = /^(mqtt|ws):/;
const SECRETS = ['ca', 'cert', 'key', 'rejectUnauthorized'] as const;

export interface MqttCommon {
  readonly name?: string | undefined;
  readonly base: string;
  readonly qos: 0 | 1 | 2;
  readonly publish: 'channels' | 'samples';
  readonly homeAssistant?: { readonly prefix: string } | undefined;
}

export interface MqttBroker {
  readonly url: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly rejectUnauthorized?: boolean | undefined;
}

export type MqttConfiguration = MqttCommon &
  (MqttBroker | { readonly embedded: { readonly port?: number | undefined } });

export const mqtt = z
  .strictObject({
    name: sinkName,
    base: levels.default('labwire').describe('First level of every topic.'),
    qos: z
      .union([z.literal(0), z.literal(1), z.literal(2)])
      .default(1)
      .describe('Default 1. With 0, what is under way when the connection is lost is lost.'),
    publish: z
      .enum(['channels', 'samples'])
      .default('channels')
      .describe('One retained message for each channel, or one message for each poll, which is not retained.'),
    homeAssistant: z
      .union([
        z.boolean(),
        z.strictObject({
          prefix: levels.default(DISCOVERY_PREFIX).describe('First level of the topics of discovery.'),
        }),
      ])
      .optional()
      .describe(`Tells Home Assistant of the devices; true: below ${DISCOVERY_PREFIX}.`),
    url: url('mqtt', 'mqtts', 'ws', 'wss')
      .optional()
      .describe('Of the broker, e.g. mqtt://localhost:1883; mqtts and wss are encrypted.'),
    username: z.string().min(1).optional().describe('For a broker that asks who it is.'),
    password: z.string().optional().describe('Best from outside, by an environment variable or a file.'),
    ca: file.describe("File (PEM) of the authority that signed the broker's certificate; default: those of Node.js."),
    cert: file.describe('File (PEM) of the certificate by which labwire shows who it is; with key.'),
    key: file.describe('File (PEM) of the private key of cert.'),
    rejectUnauthorized: z
      .boolean()
      .optional()
      .describe("Default true. False: the broker's certificate is not checked, and whoever listens in can read along."),
    embedded: z
      .union([
        z.literal(true),
        z.strictObject({ port: listeningPort.optional().describe('Default 1883 or the next free; 0: any free one.') }),
      ])
      .optional()
      .describe('A broker within labwire, on the loopback interface, instead of a url.'),
  })
  .superRefine((value, context) => {
    const refuse = (path: string[], message: string): void => context.addIssue({ code: 'custom', path, message });
    exactlyOne(value, ['url', 'embedded'], context);
    if (value.password !== undefined && value.username === undefined) refuse([], 'has a password without a username');
    if (value.embedded !== undefined && value.username !== undefined)
      refuse(['username'], 'is not asked for by the embedded broker');
    if ((value.cert === undefined) !== (value.key === undefined)) refuse([], 'needs both of cert and key');
    for (const key of SECRETS) {
      if (value[key] === undefined || (value.url !== undefined && !UNSECURED.test(value.url))) continue;
      refuse([key], 'is for a connection with TLS, whose url begins with mqtts: or wss:');
    }
    if (value.homeAssistant && value.publish === 'samples')
      refuse(['homeAssistant'], 'needs publish: channels, since it shows what is retained');
  })
  .transform(({ url: address, embedded, homeAssistant, ...given }): MqttConfiguration => {
    const { username, password, ca, cert, key, rejectUnauthorized, ...common } = given;
    const prefix = homeAssistant === true ? DISCOVERY_PREFIX : homeAssistant ? homeAssistant.prefix : undefined;
    const all = { ...common, ...(prefix !== undefined && { homeAssistant: { prefix } }) };
    if (address === undefined) return { ...all, embedded: embedded === true || embedded === undefined ? {} : embedded };
    return { ...all, url: address, username, password, ca, cert, key, rejectUnauthorized };
  })
  .describe('The MQTT broker.');
