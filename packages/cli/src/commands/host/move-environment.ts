import type { HostSelection } from '@xylem/root/contract';
import type { Invocation, Outcome } from '../../frame/define.ts';
import { counted } from '../../frame/words.ts';
import { confirmCount } from '../../selection/confirm.ts';
import { moveText } from '../move/shared.ts';
import { changeHosts } from './shared.ts';

/** To another environment: of their tenant at once, of another one by a request that both have to approve. */
export async function moveToEnvironment(
  invocation: Invocation,
  yes: boolean,
  wanted: {
    readonly select: HostSelection;
    readonly environment: string;
    readonly keepData?: boolean;
    readonly expiresInSeconds?: number;
  },
): Promise<Outcome> {
  const server = await invocation.api();
  const call = (dryRun: boolean) => server.call('hostMoveEnvironment', { body: { ...wanted, dryRun } });
  const { asks, count } = await call(true);
  if (!asks) return changeHosts(invocation, yes, `moved to ${wanted.environment}`, call);
  await confirmCount(
    invocation,
    count,
    `${counted(count, 'host')} will be asked for; nothing moves before both tenants have approved.`,
    yes,
  );
  const { request, ...rest } = await call(false);
  return { data: { ...rest, asks, request }, text: request === null ? '' : moveText(request) };
}
