import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type ErrorCode, LabwireError } from '../base/index.ts';
import type { Actor } from '../service/index.ts';
import { exceptionNode } from '../wire/index.ts';
import { clientName } from './client-name.ts';
import { asLabwireError } from './error-reply.ts';
import { gone } from './gone.ts';
import type { ServiceRequests } from './service-requests.ts';

/** Of these nobody's access path is to blame. */
const otherStatus: Partial<Record<ErrorCode, number>> = { READ_ONLY: 403, QUEUE_FULL: 503, TIMEOUT: 503 };
/** Who may not come in learns so in the same words everywhere. */
const OF_THE_GATE: readonly ErrorCode[] = ['UNAUTHENTICATED', 'FORBIDDEN', 'TOO_MANY_ATTEMPTS'];

const path = { type: 'string', description: 'E.g. `cryostat.acquire.status`, `list[0].gain`, `map["key"].gain`' };
const node = { type: 'object', description: 'A value as pydase serialises it' };
const answers = {
  200: { ...node, description: 'Done' },
  400: { ...node, description: 'Not done: an Exception node says why' },
};
const writeAnswers = {
  ...answers,
  403: { type: 'object', description: 'Whoever asks may not do this, or nobody may, which an Exception node says' },
  503: { ...node, description: 'Too much is under way, or it takes too long: an Exception node says so' },
};

const writes: Readonly<Record<string, 'set' | 'call'>> = {
  '/api/v1/update_value': 'set',
  '/api/v1/trigger_method': 'call',
};

/** pydase's REST: `get_value`, `update_value`, `trigger_method`, `/service-properties`. */
export async function serviceRoutes(
  app: FastifyInstance,
  { requests }: { readonly requests: ServiceRequests },
): Promise<void> {
  // pydase reads JSON whatever its type is called. Others' pages cannot send PUT without being asked about first.
  app.addContentTypeParser('*', { parseAs: 'string' }, app.getDefaultJsonParser('error', 'error'));
  // What is asked is checked where it is carried out; schemas are for the document alone.
  app.setValidatorCompiler(() => () => true);
  app.setErrorHandler((thrown, request, reply) => {
    const error = asLabwireError(thrown);
    if (error.code === 'FORBIDDEN' && request.principal && !(thrown instanceof RefusedByService)) {
      const write = writes[request.routeOptions.url ?? ''];
      if (write) requests.refused(write, request.body, actor(request), error);
    }
    if (OF_THE_GATE.includes(error.code) && !(thrown instanceof RefusedByService)) throw thrown;
    const told = thrown instanceof RefusedByService ? thrown.cause : error;
    return reply.code(otherStatus[error.code] ?? 400).send(exceptionNode(told));
  });

  app.get('/service-properties', {
    config: { access: 'viewer' },
    schema: { tags: ['service'], summary: 'The whole service as one node', response: { 200: answers[200] } },
    handler: async () => requests.tree(),
  });
  app.get<{ Querystring: Record<string, unknown> }>('/api/v1/get_value', {
    config: { access: 'viewer' },
    schema: {
      tags: ['service'],
      summary: 'What stands at an access path',
      querystring: { type: 'object', required: ['access_path'], properties: { access_path: path } },
      response: answers,
    },
    handler: async ({ query }) => ofService(async () => requests.value(query.access_path)),
  });
  app.put('/api/v1/update_value', {
    config: { access: 'operator', refusesWithBody: true },
    schema: {
      tags: ['service'],
      summary: 'Sets a setting or a writable channel',
      body: { type: 'object', required: ['access_path', 'value'], properties: { access_path: path, value: node } },
      response: { ...writeAnswers, 200: { description: 'Set', type: 'null' } },
    },
    handler: async (request, reply) => {
      await ofService(() => requests.update(request.body, actor(request), gone(reply)));
      return reply.send();
    },
  });
  app.put('/api/v1/trigger_method', {
    config: { access: 'operator', refusesWithBody: true },
    schema: {
      tags: ['service'],
      summary: 'Calls a command, or a method of a task',
      description: 'Answers when it has ended. It goes on to its end if the client does not wait.',
      body: {
        type: 'object',
        required: ['access_path'],
        properties: { access_path: path, args: { ...node, nullable: true }, kwargs: { ...node, nullable: true } },
      },
      response: writeAnswers,
    },
    handler: async (request, reply) => ofService(() => requests.call(request.body, actor(request), gone(reply))),
  });
}

/** What a service itself threw, whatever that is: never an answer of the gate, nor a mistake of labwire. */
class RefusedByService extends LabwireError {}

async function ofService<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw new RefusedByService(codeFor(thrown), 'The service refused', { cause: thrown });
  }
}

function codeFor(thrown: unknown): ErrorCode {
  const { code } = asLabwireError(thrown);
  return code;
}

function actor({ principal, headers }: FastifyRequest): Actor {
  if (!principal) throw new LabwireError('INTERNAL', 'A write without anybody who writes');
  return { name: clientName(principal, headers), via: 'http' };
}
