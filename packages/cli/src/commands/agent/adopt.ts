import { type Adoption, orderAdoption } from '@xylem/agent';
import { isErrorCode, XylemError } from '@xylem/core';
import { defineCommand, flag, list, text } from '../../frame/define.ts';
import { terminalLog } from '../../frame/terminal-log.ts';
import { nameOfUser } from './name-of-user.ts';
import { joinedFolder, stateOption } from './state.ts';

const waitMs = 120_000;

export const command = defineCommand({
  arguments: '<component>',
  about: `On a host that observes (xylem join --observe): takes over what runs already as the package that direction
names, without a restart, where every file is as the package says; else lists what is not, and changes nothing. From then
on this component follows direction. --undo gives it back: what runs goes on. Where it is, the package says (adopt in its
manifest), or --from, --unit, --container and --apart.`,
  options: {
    ...stateOption,
    from: text('<path>', 'the folder that holds what the package holds'),
    unit: text('<name>', 'the unit of systemd under which it runs'),
    container: text('<name>', 'the container of podman that it is'),
    apart: list('<path>', 'a folder or file below either that is not part of the program; may be repeated'),
    undo: flag('give it back'),
  },
  example: 'xylem agent adopt shop-api --from /opt/shop --unit shop.service',
  async run({ args: [component = ''], options, clock, randomness, environment, terminal }) {
    const { from, unit, container, apart, undo } = options;
    if (from !== undefined && !from.startsWith('/'))
      throw new XylemError('E_INPUT', '--from takes an absolute path.');
    const isSaid = from !== undefined || unit !== undefined || container !== undefined || apart.length > 0;
    if (container !== undefined && !/^[A-Za-z0-9][A-Za-z0-9_.-]{0,254}$/.test(container))
      throw new XylemError('E_INPUT', '--container takes the name or the id of a container.');
    if (undo && isSaid) throw new XylemError('E_INPUT', '--undo goes alone.');
    const { adoption, state } = await orderAdoption({
      stateFolder: joinedFolder(options.state),
      component,
      undo,
      from,
      unit,
      container,
      apart,
      by: nameOfUser(environment),
      waitMs,
      clock,
      randomness,
      log: terminalLog(terminal),
    });
    if (adoption !== null && (adoption.outcome === 'differs' || adoption.outcome === 'refused'))
      throw failed(adoption);
    return { data: { component, state, adoption }, text: outcomeText(component, adoption, state) };
  },
});

function failed({ code, message, differences }: Adoption): XylemError {
  const list = (differences?.named ?? []).map(({ path, what }) => `  ${path} ${what}`);
  const more = (differences?.count ?? 0) - list.length;
  const lines = [message ?? '', ...list, ...(more > 0 ? [`  and ${more} more`] : [])];
  return new XylemError(code !== null && isErrorCode(code) ? code : 'E_CONFLICT', lines.join('\n'), {
    details: { differences },
  });
}

function outcomeText(component: string, adoption: Adoption | null, state: string): string {
  if (adoption?.outcome === 'adopted') {
    const kept = adoption.message === null ? '' : ` ${adoption.message}`;
    return `${component} ${adoption.version ?? ''} is adopted; it follows direction from now on.${kept}`;
  }
  if (adoption?.outcome === 'given back') return `${component} is given back; what runs goes on.`;
  return state === 'agent is down'
    ? 'Ordered; the agent does not run: it does so when it starts.'
    : 'Ordered, and still under way: xylem agent explain says more.';
}
