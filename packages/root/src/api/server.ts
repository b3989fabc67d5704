import type { IncomingMessage } from 'node:http';
import swagger from '@fastify/swagger';
import { XylemError } from '@xylem/core';
import type { Clock, Log } from '@xylem/platform';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { addressOf, withOrigin } from '../audit/origin.ts';
import { accessOf } from '../auth/access.ts';
import type { Who } from '../auth/api-tokens.ts';
import { identify } from '../auth/identify.ts';
import type { Database } from '../db/tables.ts';
import { authorise, type Named } from './authorise.ts';
import { apiPrefix, contract, type Operation, type RouteContract } from './contract.ts';
import type { Call, Handlers } from './handlers.ts';
import { needsText } from './needs.ts';
import { problemOf, toXylemError } from './problems.ts';
import { Nothing, Problem } from './schemas/common.ts';
import { addSecurityHeaders, securityHeaders } from './security-headers.ts';

export interface ApiOptions {
  readonly db: Database;
  readonly clock: Pick<Clock, 'now'>;
  /** Meant where none is named. */
  readonly tenant: string;
  readonly handlers: Handlers;
  readonly log: Log;
  /** Aborts held requests when the server stops. */
  readonly stop: AbortSignal;
  readonly isLocal: (request: IncomingMessage) => boolean;
}

const defaultBodyBytes = 4 * 1024 * 1024;

/** The API as a request handler without a listener of its own: `app.routing(request, response)`, after `ready()`. */
export async function createApi(options: ApiOptions): Promise<FastifyInstance> {
  const { log } = options;
  const app = fastify({
    bodyLimit: defaultBodyBytes,
    // Each request that a schema does not describe exactly is refused: nothing is removed, guessed or converted.
    ajv: {
      customOptions: {
        removeAdditional: false,
        coerceTypes: false,
        useDefaults: false,
        allErrors: false,
        verbose: true,
      },
    },
    forceCloseConnections: true,
    // What is refused before there is a route runs through no hook.
    frameworkErrors: (error, request, reply) => {
      const { status, problem } = problemOf(error);
      void (reply as FastifyReply).code(status).headers(securityHeaders(request)).send(problem);
    },
  });
  addSecurityHeaders(app);
  app.setErrorHandler((error, request, reply) => {
    const { status, problem } = problemOf(error);
    if (status >= 500)
      log.error('api request failed', { route: request.routeOptions.url, error: toXylemError(error) });
    return reply.code(status).type('application/json').send(problem);
  });
  app.setNotFoundHandler((_request, reply) => {
    const { problem } = problemOf(new XylemError('E_NOT_FOUND', 'There is no such route.'));
    return reply.code(404).send(problem);
  });
  app.addContentTypeParser('application/octet-stream', (_request, payload, done) => done(null, payload));
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Xylem root server', version: '1', license: { name: 'Apache-2.0' } },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
    refResolver: {
      buildLocalReference: (json, _uri, _fragment, index) =>
        typeof json['$id'] === 'string' ? json['$id'] : `def-${index}`,
    },
  });
  app.addSchema({ $id: 'Problem', ...Problem });
  await app.register(async (scope) => {
    for (const operation of Object.keys(contract) as Operation[]) addRoute(scope, operation, options);
  });
  return app;
}

function addRoute(app: FastifyInstance, operation: Operation, options: ApiOptions): void {
  const route: RouteContract = contract[operation];
  const isStream = route.body === 'stream';
  app.route({
    method: route.method,
    url: `${apiPrefix}${route.path}`,
    ...(route.maxBodyBytes === undefined ? {} : { bodyLimit: route.maxBodyBytes }),
    schema: {
      operationId: operation,
      summary: route.summary,
      description: needsText(route.needs),
      ...(route.params ? { params: route.params } : {}),
      querystring: route.query ?? Nothing,
      ...(route.body && route.body !== 'stream' ? { body: route.body } : {}),
      ...(isStream ? { consumes: ['application/octet-stream'] } : {}),
      response: { 200: route.response, default: { $ref: 'Problem#' } },
    },
    // Before the body is read: who has no right sends nothing that is kept.
    onRequest: async (request) => {
      if (route.needs.where === 'nobody') {
        request.who = nobody;
        return;
      }
      request.who = await identify(options.db, options.clock, bearerOf(request));
      await authorise(route.needs, namedBy(request), request.who, options);
    },
    preHandler: (request) => authorise(route.needs, namedBy(request), request.who, options),
    // What handlers return is typed by the same schema; serialising by it would drop a key silently.
    serializerCompiler: () => JSON.stringify,
    handler: async (request, reply) => {
      const gone = new AbortController();
      reply.raw.on('close', () => gone.abort());
      const call = {
        params: request.params,
        query: request.query,
        body: request.body,
        who: request.who,
        isLocal: options.isLocal(request.raw),
        signal: AbortSignal.any([gone.signal, options.stop]),
        request: request.raw,
      };
      const handler = options.handlers[operation] as (call: Call<Operation>) => Promise<unknown>;
      const origin = { who: request.who.subject, from: addressOf(request.raw.socket.remoteAddress) };
      const answer = await withOrigin(origin, () => handler(call as unknown as Call<Operation>));
      return reply.send(answer);
    },
  });
}

/** Who is not signed in, on the routes by which one signs in. */
const nobody: Who = {
  kind: 'person',
  tokenId: '',
  name: 'nobody',
  account: 'nobody',
  subject: 'nobody',
  access: accessOf([]),
  expiresMs: null,
};

/** The body is not there yet when it is asked first, and may be of any kind. */
function namedBy({ params, body }: FastifyRequest): Named {
  const record = (value: unknown): Named['params'] =>
    typeof value === 'object' && value !== null ? (value as Named['params']) : {};
  return { params: record(params), body: record(body) };
}

export function bearerOf(request: FastifyRequest): string | null {
  const [, token] = /^Bearer (\S{1,200})$/i.exec(request.headers.authorization ?? '') ?? [];
  return token ?? null;
}

declare module 'fastify' {
  interface FastifyRequest {
    who: import('../auth/api-tokens.ts').Who;
  }
}
