import type { PlanDetail } from '@xylem/root/contract';

type Stage = PlanDetail['stages'][number];

/** What a stage says besides its environments, on one line. */
export function rulesText({
  ask,
  atOnce,
  failures,
  soakSeconds,
  verification,
  onFail,
  verdict,
  tests,
  gates,
  notBefore,
  windows,
  freezes,
}: Stage): string {
  const rules = [
    ...(ask === true ? ['asks first'] : []),
    ...(atOnce === undefined ? [] : [`${atOnce} at once`]),
    ...(failures === undefined ? [] : [`${failures} may fail`]),
    ...(soakSeconds === undefined ? [] : [`soaks ${soakSeconds} s`]),
    ...(verification === undefined
      ? []
      : [`${verification.probes.join(', ')} to pass for ${verification.seconds} s`]),
    ...(verdict === undefined ? [] : ['judged together']),
    ...(tests?.jobs ?? []).map(({ component, job }) => `tests ${component} ${job}`),
    ...Object.entries(gates ?? {}).map(([gate, demanded]) => gateText(gate, demanded)),
    ...(onFail === undefined ? [] : [`on failure ${onFail}`]),
    ...(notBefore === undefined ? [] : [`not before ${notBefore}`]),
    ...(windows ?? []).map(({ name }) => `window ${name}`),
    ...(freezes ?? []).map(({ name }) => `freeze ${name}`),
  ];
  return rules.join(', ') || '-';
}

/** Of a list how many there are. */
function gateText(gate: string, demanded: unknown): string {
  if (typeof demanded === 'string') return `demands ${gate} ${demanded}`;
  const parts = Object.entries(demanded ?? {}).map(
    ([key, value]) => `${key} ${Array.isArray(value) ? value.length : String(value)}`,
  );
  return `demands ${gate} (${parts.join(', ')})`;
}
