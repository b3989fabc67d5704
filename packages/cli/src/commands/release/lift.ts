import { encodeLift, type Lift, liftPayloadType, XylemError } from '@xylem/core';
import { formatTime } from '@xylem/platform';
import type { Api } from '../../api/client.ts';
import { defineCommand, requiredText, text } from '../../frame/define.ts';
import { nameAtVersion, only } from '../../frame/words.ts';
import { type PresentOperators, readPresent, unsignedDocument } from '../../operators/present.ts';
import { signAndSend } from '../../operators/sign.ts';
import { signingOptions } from '../operators/shared.ts';

export const command = defineCommand({
  arguments: '<release>',
  about: `Shows what is lifted, asks, and signs it with the operator key of this machine. Where several must sign, --out writes a file
that goes round (\`xylem ceremony sign\`). --id names a quarantine that only hosts know, as \`xylem host why\` shows it.`,
  options: {
    in: requiredText('<environment>', 'where it is quarantined'),
    reason: requiredText('<text>', 'why, signed with it'),
    id: text('<quarantine>', 'this very quarantine'),
    ...signingOptions,
  },
  example: 'xylem release lift shop@2.4.0 --in acme/production --reason "A false alarm."',
  async run(invocation) {
    const { args, options, clock } = invocation;
    const word = only(args);
    const { name: product, version } = nameAtVersion(word, 'release');
    const api = await invocation.api();
    const present = await readPresent(api, options.in);
    const { name, id: environment } = present.environment;
    const { release, id } = await quarantineOf(api, present, { product, version, id: options.id });
    const lift = {
      format: 'xylem-quarantine-lift-1',
      environment,
      product,
      release,
      version,
      quarantine: id,
      reason: options.reason,
      issued: formatTime(clock.now()),
    } as Lift;
    if (present.current === null) {
      throw new XylemError('E_NO_OPERATORS', `${name} has no operators who could lift anything.`);
    }
    return await signAndSend(invocation, {
      api,
      open: await unsignedDocument(present, liftPayloadType, encodeLift(lift)),
      out: options.out,
      yes: options.yes,
      done: `The quarantine of ${word} in ${name} is lifted; its hosts hear of it with their next direction.`,
      data: { product, version, environment: name, quarantine: id },
    });
  },
});

interface Named {
  readonly product: string;
  readonly version: string;
  readonly id: string | undefined;
}

/** The one that is meant: named, or the one that holds, or one that hosts still hold though it was lifted. */
async function quarantineOf(
  api: Api,
  { environment }: PresentOperators,
  { product, version, id }: Named,
): Promise<{ release: string; id: string }> {
  const { quarantines } = await api.call('quarantineList', {
    query: { environment: environment.name, product, version },
  });
  const found =
    id === undefined
      ? (quarantines.find(({ lifted }) => lifted === null) ?? quarantines.find(({ hosts }) => hosts > 0))
      : quarantines.find((one) => one.id === id);
  if (found !== undefined) return found;
  if (id !== undefined) {
    const { release } = await api.call('releaseShow', { params: { product, version } });
    return { release, id };
  }
  throw new XylemError('E_NOT_FOUND', `${product}@${version} is not quarantined in ${environment.name}.`);
}
