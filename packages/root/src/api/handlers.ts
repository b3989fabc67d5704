import type { IncomingMessage } from 'node:http';
import type { Who } from '../auth/api-tokens.ts';
import type { BodyOf, Operation, ParamsOf, QueryOf, ResponseOf } from './contract.ts';

export interface Call<O extends Operation> {
  readonly params: ParamsOf<O>;
  readonly query: QueryOf<O>;
  readonly body: BodyOf<O>;
  readonly who: Who;
  /** True if the request came over the plain listener, whose address is this machine's own. */
  readonly isLocal: boolean;
  /** Aborted when the client has gone or the server stops. */
  readonly signal: AbortSignal;
  readonly request: IncomingMessage;
}

export type Handler<O extends Operation> = (call: Call<O>) => Promise<ResponseOf<O>>;
/** One handler for each route of the contract: a missing one does not compile. */
export type Handlers = { readonly [O in Operation]: Handler<O> };
