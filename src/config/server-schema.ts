import { z } from 'zod';
import { ACCOUNT_NAME, letsStrangersIn, parsePasswordHash, roles } from '../base/index.ts';
import { listeningPort } from './mqtt-schema.ts';
import { line } from './port-schema.ts';

const MOST_USERS = 1000;
const MOST_ORIGINS = 100;
/** As who has shown nothing and is on this machine is called. */
const RESERVED_USER = 'local';

const userName = z
  .string()
  .regex(ACCOUNT_NAME, 'must be a letter or digit followed by letters, digits, ., _, @ or - (63 at most)')
  .refine((name) => name !== RESERVED_USER, `is reserved (${RESERVED_USER}); choose another`);

const user = z.strictObject({
  role: z
    .enum(roles)
    .describe('viewer looks, operator also changes settings and runs commands and tasks, admin may do all.'),
  password: z
    .string()
    .refine(
      (text) => parsePasswordHash(text) !== undefined,
      'must be the hash of a password: run `labwire password` and put here what it prints',
    )
    .describe('The hash that `labwire password` prints, never the password itself.'),
});

const origin = z
  .string()
  .max(300)
  .regex(
    /^https?:\/\/[^/?#@\s\\*]+$/i,
    'must be a scheme, host and port without a path, such as https://lab.example:3000',
  )
  .refine((text) => URL.canParse(text), 'must be a scheme, host and port, such as https://lab.example:3000');

const tls = z
  .strictObject({
    cert: line(4096).describe('File (PEM) of the certificate, followed by those between it and its authority.'),
    key: line(4096).describe('File (PEM) of its private key.'),
  })
  .describe('Serve https instead of http. Files that are replaced are read again.');

export const server = z
  .strictObject({
    host: line(255)
      .default('127.0.0.1')
      .describe('Where it listens: 127.0.0.1 for this machine only, 0.0.0.0 for all.'),
    port: listeningPort.default(8001).describe('0: any free one.'),
    users: z
      .record(userName, user)
      .refine((users) => Object.keys(users).length <= MOST_USERS, `must have at most ${MOST_USERS} users`)
      .default({})
      .describe('Who may use the gateway. Without any, every program on this machine may do everything.'),
    tokens: line(4096)
      .optional()
      .describe('The file of tokens, which labwire token writes; default tokens.json beside the journal.'),
    tls: tls.optional(),
    origins: z
      .array(origin)
      .max(MOST_ORIGINS)
      .default([])
      .describe('Web pages of other servers that may ask this one, e.g. https://lab.example:3000.'),
  })
  .superRefine(({ host, users, tokens }, context) => {
    if (!letsStrangersIn(host, users, tokens)) return;
    const example = 'users: { ada: { role: admin, password: … } } with what `labwire password` prints';
    context.addIssue({
      code: 'custom',
      path: ['host'],
      message: `lets others reach the gateway, so it must know who may: add ${example}, or tokens: tokens.json for \`labwire token\``,
    });
  })
  .describe('The server for people and programs: web pages, REST, socket.io.');
