import { silentLog } from '@xylem/platform';
import type { Database } from '../db/tables.ts';
import { apiPrefix, contract, type RouteContract } from './contract.ts';
import type { Handlers } from './handlers.ts';
import { createApi } from './server.ts';

/** The API's OpenAPI description, from the same schemas that check each request. */
export async function openApiText(): Promise<string> {
  const app = await createApi({
    db: {} as Database,
    clock: { now: () => 0 },
    tenant: 'default',
    handlers: {} as Handlers,
    log: silentLog,
    stop: new AbortController().signal,
    isLocal: () => true,
  });
  await app.ready();
  const document = app.swagger() as { paths?: Record<string, Record<string, { requestBody?: unknown }>> };
  for (const route of Object.values<RouteContract>(contract)) {
    if (route.body !== 'stream') continue;
    const path = `${apiPrefix}${route.path.replace(/:(\w+)/g, '{$1}')}`;
    const described = document.paths?.[path]?.[route.method.toLowerCase()];
    if (described === undefined) throw new TypeError(`${path} is not described`);
    const schema = { type: 'string', format: 'binary' };
    described.requestBody = { required: true, content: { 'application/octet-stream': { schema } } };
  }
  const text = `${JSON.stringify(document, null, 2)}\n`;
  await app.close();
  return text;
}
