import {
  apiPrefix,
  type BodyOf,
  contract,
  type Operation,
  type ParamsOf,
  type Problem,
  type QueryOf,
  type ResponseOf,
  type RouteContract,
} from '../api/contract.ts';

export interface CallOptions<O extends Operation> {
  readonly params?: ParamsOf<O>;
  readonly query?: QueryOf<O>;
  readonly body?: BodyOf<O> | Uint8Array;
}

export type ApiClient = <O extends Operation>(
  operation: O,
  options?: CallOptions<O>,
) => Promise<ResponseOf<O>>;

/** The problem that the API answered with. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;
  constructor(status: number, problem: Problem) {
    super(`${status} ${problem.code}: ${problem.message}`);
    this.status = status;
    this.code = problem.code;
    this.details = problem.details ?? {};
  }
}

/** Calls the API over real HTTP by the contract. */
export function apiClient(baseUrl: () => string, token: string): ApiClient {
  return async (operation, options = {}) => {
    const route: RouteContract = contract[operation];
    const params = (options.params ?? {}) as Record<string, string>;
    const path = route.path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
    const query = new URLSearchParams(options.query as Record<string, string> | undefined);
    const isStream = route.body === 'stream';
    const response = await fetch(
      `${baseUrl()}${apiPrefix}${path}${query.size > 0 ? `?${query.toString()}` : ''}`,
      {
        method: route.method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(options.body === undefined
            ? {}
            : { 'content-type': isStream ? 'application/octet-stream' : 'application/json' }),
        },
        ...(options.body === undefined
          ? {}
          : { body: isStream ? Buffer.from(options.body as Uint8Array) : JSON.stringify(options.body) }),
      },
    );
    const text = await response.text();
    if (!response.ok) throw new ApiProblem(response.status, JSON.parse(text) as Problem);
    return JSON.parse(text) as never;
  };
}
