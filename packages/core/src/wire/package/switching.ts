/* biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders of packages look like this */
import { fillPlaceholders, fillPort, type Places } from '../../direction/placeholders.ts';
import { XylemError } from '../../errors.ts';
import { array, closedObject, literal, string } from '../../schema/build.ts';
import type { Path } from '../../schema/check.ts';
import type { Static } from '../../schema/json-schema.ts';
import type { PackageDocument } from './document.ts';
import { command, durationMs, port } from './fields.ts';
import type { PackageFault, PackagePart } from './part.ts';

/** docs/spec/components/blue-green.md: how a service changes its version without a gap. */

const filled = string({
  title: 'text, perhaps with placeholders',
  minLength: 1,
  maxLength: 1024,
  pattern: '^[^\\p{Cc}]+$',
});

export const routerSchema = closedObject(
  {},
  {
    builtin: closedObject({ listen: filled }),
    haproxy: closedObject({ socket: filled, backend: filled }, { stateFile: filled }),
    nginx: closedObject({ upstreamFile: filled }, { test: command, reload: command }),
    command: closedObject({ show: command, switch: command }),
  },
);

export const switchSchema = closedObject(
  { mode: literal('blue-green'), ports: array(port, { minItems: 2, maxItems: 2 }), router: routerSchema },
  { bakeMs: durationMs, drainMs: durationMs, smoke: closedObject({ command }, { timeoutMs: durationMs }) },
);
export type ServiceSwitch = Static<typeof switchSchema>;
export type RouterBlock = Static<typeof routerSchema>;

/** What absent values mean. */
export const switchDefaults = {
  bakeMs: 600_000,
  drainMs: 10_000,
  smokeTimeoutMs: 60_000,
  nginxTest: ['nginx', '-t', '-q'],
  nginxReload: ['nginx', '-s', 'reload'],
} as const;

const routerKinds = ['builtin', 'haproxy', 'nginx', 'command'] as const;
const at: Path = ['service', 'switch'];
const ownPort = /(?<!\$)\$\{port\}/;

export const switchPart: PackagePart = {
  needs: { name: 'blue-green', isNeeded: ({ service }) => service?.switch !== undefined },
  fault: (document) => {
    const { service, health } = document;
    const block = service?.switch;
    const texts = [...(service?.command ?? []), ...Object.values(service?.environment ?? {})];
    if (block === undefined) return noPort(document);
    const router = [...at, 'router'];
    if (routerKinds.filter((kind) => Object.hasOwn(block.router, kind)).length !== 1)
      return { path: router, sentence: 'expected exactly one of builtin, haproxy, nginx and command' };
    if (!texts.some((text) => ownPort.test(text)))
      return { path: ['service'], sentence: 'expected "${port}" in the command or the environment' };
    if (health === undefined)
      return { path: ['health'], sentence: 'expected a health check: traffic goes only to what was probed' };
    if (block.ports[0] === block.ports[1])
      return { path: [...at, 'ports'], sentence: 'expected two different ports' };
    return programFault(block.router);
  },
  texts: function* ({ service }) {
    const block = service?.switch;
    if (block === undefined) return;
    for (const [i, given] of block.ports.entries())
      if (typeof given === 'string') yield [[...at, 'ports', i], given];
    for (const [i, text] of (block.smoke?.command ?? []).entries())
      yield [[...at, 'smoke', 'command', i], text];
    yield* routerTexts(block.router);
  },
};

/** Where there is one service of the component, no port is chosen for it. */
function noPort({ service, health }: PackageDocument): PackageFault | undefined {
  const places: [Path, unknown][] = [
    ...(service?.command ?? []).map((text, i): [Path, unknown] => [['service', 'command', i], text]),
    ...Object.entries(service?.environment ?? {}).map(([key, text]): [Path, unknown] => [
      ['service', 'environment', key],
      text,
    ]),
    [['health', 'http', 'port'], health?.http?.port],
    [['health', 'tcp', 'port'], health?.tcp?.port],
    ...(health?.command ?? []).map((text, i): [Path, unknown] => [['health', 'command', i], text]),
  ];
  const found = places.find(([, text]) => typeof text === 'string' && ownPort.test(text));
  return found && { path: found[0], sentence: '"${port}" needs service.switch, which gives the two ports' };
}

/** Which program runs is the publisher's word alone; the path of these commands does not end in `command`. */
function programFault({ nginx, command: own }: RouterBlock): PackageFault | undefined {
  const programs: [Path, string | undefined][] = [
    [['nginx', 'test', 0], nginx?.test?.[0]],
    [['nginx', 'reload', 0], nginx?.reload?.[0]],
    [['command', 'show', 0], own?.show[0]],
    [['command', 'switch', 0], own?.switch[0]],
  ];
  const bad = programs.find(([, text]) => text?.includes('${config.') === true);
  return (
    bad && {
      path: [...at, 'router', ...bad[0]],
      sentence: 'the program must not come from the configuration',
    }
  );
}

function* routerTexts(router: RouterBlock): Iterable<readonly [Path, string]> {
  for (const [kind, block] of Object.entries(router)) {
    for (const [key, value] of Object.entries(block ?? {})) {
      const path = [...at, 'router', kind, key];
      if (typeof value === 'string') yield [path, value];
      else for (const [i, text] of (value as readonly string[]).entries()) yield [[...path, i], text];
    }
  }
}

/** Every port that a component's packages take on a host. Throws E_PLACEHOLDER. */
export function claimedPorts({ ports = [], service }: PackageDocument, places: Places): readonly number[] {
  const block = service?.switch;
  const own = ports.map((given) => fillPort(given, places));
  if (block === undefined) return own;
  const { builtin } = block.router;
  const front = builtin === undefined ? [] : [listenOf(builtin.listen, places).port];
  return [...new Set([...own, ...block.ports.map((given) => fillPort(given, places)), ...front])];
}

/** `host:port` of a router that listens. Throws E_PLACEHOLDER. */
export function listenOf(listen: string, places: Places): { readonly host: string; readonly port: number } {
  const text = fillPlaceholders(listen, places);
  const [, host = '', number = ''] = /^(\[[0-9a-fA-F:]+\]|[0-9a-zA-Z.-]+):([1-9]\d{0,4})$/.exec(text) ?? [];
  if (host === '' || Number(number) > 65_535) {
    throw new XylemError(
      'E_PLACEHOLDER',
      `In ${JSON.stringify(listen.slice(0, 200))}: it gives "${text.slice(0, 100)}", expected host:port like 127.0.0.1:8080.`,
    );
  }
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(number) };
}
