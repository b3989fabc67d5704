import { XylemError } from '../errors.ts';
import type { ForceableGate, PlanStage } from '../plan/document.ts';
import { gatesFault } from '../plan/gates.ts';
import type { PlanNotify } from '../plan/notify.ts';
import { planProbesFault } from '../plan/probes.ts';
import { mostWithinSeconds, type PlanTests, testsFault } from '../plan/tests.ts';
import type { Path } from '../schema/check.ts';
import { parseSelector } from '../selector/parse.ts';
import { soakMs } from '../stage-order/policy.ts';
import { timeOf } from '../time.ts';
import { isVersion } from '../versions.ts';
import { shapeFault } from '../wire/change-policy.ts';
import type { Passing } from '../wire/passing.ts';
import { checkYaml } from './check.ts';
import { type PlanRulesYaml, planYamlSchema } from './plan-schema.ts';

export interface PlanFileStage {
  readonly name: string;
  /** Names and patterns of environments. */
  readonly to: readonly string[];
  readonly where: string | null;
  /** Where it stands in the file. */
  readonly path: Path;
  readonly rules: Omit<PlanStage, 'name' | 'environments' | 'tests'>;
  readonly tests: FileTests | null;
}

/** Tests as a file names them. */
export interface FileTests extends Omit<PlanTests, 'jobs'> {
  /** `policy`: those that later environments demand. */
  readonly jobs: PlanTests['jobs'] | 'policy';
  /** Where they stand in the file. */
  readonly path: Path;
}

/** What a plan file says, its defaults filled in (docs/spec/plans.md, Plan files). */
export interface PlanFile {
  readonly product: string;
  /** Of a deploy, one of both; an undeploy has neither. */
  readonly version: string | null;
  readonly channel: string | null;
  readonly stages: readonly PlanFileStage[];
  /** It names environments without stages: its one stage is divided by the order of their tenants. */
  readonly isByOrder: boolean;
  readonly skipUnfit: boolean;
  readonly urgent: boolean;
  readonly why: string | null;
  readonly passes: readonly Passing[] | null;
  readonly forces: readonly ForceableGate[] | null;
  readonly deadlineSeconds: number | null;
  readonly purgeData: boolean;
  readonly change: string | null;
  readonly notify: PlanNotify | null;
  /** E_INPUT for what is not there, or does not fit what is, at its place in the file. */
  readonly refuse: (path: Path, sentence: string) => never;
}

/** The schema that plan files are read by, for editors that complete and check: JSON Schema 2020-12. */
export function planJsonSchema(): Readonly<Record<string, unknown>> {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'A plan of Xylem',
    ...planYamlSchema,
  };
}

/** @throws XylemError E_INPUT naming file, line, column, key and what is expected */
export function parsePlanYaml(text: string, file: string): PlanFile {
  const { value, refuse } = checkYaml(text, planYamlSchema, file);
  const { release, undeploy, to, where, stages, ...said } = value;
  const { skipUnfit, urgent, why, passes, forces, deadline, purgeData, change, notify, ...rules } = said;
  if ((release === undefined) === (undeploy === undefined))
    refuse(
      undeploy === undefined ? [] : ['undeploy'],
      'expected either release (shop@2.4.0) or undeploy (shop)',
    );
  if ((to === undefined) === (stages === undefined))
    refuse(to === undefined ? [] : ['to'], 'expected either to, with environments, or stages');
  if (where !== undefined && to === undefined)
    refuse(['where'], 'expected beside to; a stage has its own where');
  if (passes !== undefined && (urgent !== true || why === undefined || undeploy !== undefined))
    refuse(['passes'], 'expected with a release that is urgent, and says why');
  if (forces !== undefined && why === undefined) refuse(['forces'], 'expected with why');
  if (purgeData === true && undeploy === undefined) refuse(['purgeData'], 'expected with undeploy alone');
  if (undeploy !== undefined && [said, ...(stages ?? [])].some((one) => 'verdict' in one))
    refuse(['undeploy'], 'expected a release: an undeploy is not judged ring by ring');
  if (undeploy !== undefined && [said, ...(stages ?? [])].some((one) => 'tests' in one))
    refuse(['undeploy'], 'expected a release: an undeploy is not followed by tests');
  const [, product = undeploy ?? '', version, channel] =
    /^([^@/]+)(?:@(.+)|\/(.+))$/.exec(release ?? '') ?? [];
  if (version !== undefined && !isVersion(version))
    refuse(['release'], `expected a semantic version after the @, such as 2.4.0, found ${version}`);
  const written =
    stages ?? (to === undefined ? [] : [{ to, name: 'all', ...(where === undefined ? {} : { where }) }]);
  const read = written.map((stage, index): PlanFileStage => {
    const { name = `stage-${index + 1}`, to: own, where: selector, ...more } = stage;
    const path: Path = stages === undefined ? [] : ['stages', index];
    if (selector !== undefined)
      refuseBadSelector(selector, (sentence) => refuse([...path, 'where'], sentence));
    const ruled = { ...rules, ...more };
    refuseBadPeriods(ruled, (key, sentence) =>
      refuse([...(Object.hasOwn(more, 'schedule') ? path : []), 'schedule', ...key], sentence),
    );
    const probes = planProbesFault(ruled.verification?.probes ?? []);
    const probesPath = [...(Object.hasOwn(more, 'verification') ? path : []), 'verification', 'probes'];
    if (probes !== null) refuse([...probesPath, ...probes.path], probes.clause);
    refuseBadGates(ruled.gates, [...(Object.hasOwn(more, 'gates') ? path : []), 'gates']);
    const patterns = typeof own === 'string' ? [own] : own;
    const tests = testsOf(ruled.tests, Object.hasOwn(more, 'tests') ? path : [], refuse);
    return { name, to: patterns, where: selector ?? null, path, rules: rulesOf(ruled), tests };
  });
  for (const [index, { name, path }] of read.entries())
    if (read.findIndex((one) => one.name === name) !== index)
      refuse([...path, 'name'], `expected another name: there is a stage ${name} already`);
  return {
    product,
    version: version ?? null,
    channel: channel ?? null,
    stages: read,
    isByOrder: stages === undefined,
    skipUnfit: skipUnfit === true,
    urgent: urgent === true,
    why: why ?? null,
    passes: passes ?? null,
    forces: forces ?? null,
    deadlineSeconds: deadline === undefined ? null : soakMs(deadline) / 1000,
    purgeData: purgeData === true,
    change: change ?? null,
    notify: notify ?? null,
    refuse,
  };

  function refuseBadGates(gates: PlanRulesYaml['gates'], path: Path): void {
    if (gates === undefined) return;
    const fault = gatesFault(gates, {
      isDeploy: undeploy === undefined,
      urgent: urgent === true,
      hasChange: change !== undefined,
      forces: forces ?? [],
    });
    if (fault !== null) refuse([...path, ...(fault.key === null ? [] : [fault.key])], fault.clause);
  }
}

function testsOf(
  tests: PlanRulesYaml['tests'],
  path: Path,
  refuse: (path: Path, sentence: string) => never,
): FileTests | null {
  if (tests === undefined) return null;
  const isPlain = tests === 'policy' || 'length' in tests;
  const { jobs, within, ...rest } = isPlain ? { jobs: tests } : tests;
  const own: Path = [...path, 'tests', ...(isPlain ? [] : ['jobs'])];
  const fault = jobs === 'policy' ? null : testsFault(jobs);
  if (fault !== null) refuse([...own, ...fault.path], fault.clause);
  const withinSeconds = within === undefined ? undefined : soakMs(within) / 1000;
  if (withinSeconds !== undefined && withinSeconds > mostWithinSeconds)
    refuse([...path, 'tests', 'within'], 'expected at most 30d');
  return {
    jobs,
    ...rest,
    ...(withinSeconds === undefined ? {} : { withinSeconds }),
    path: own,
  };
}

/** As the document says them; a file that says nothing about it goes on by a tenth of a stage at a time. */
function rulesOf({
  strategy,
  approvals,
  fourEyes,
  gates,
  soak,
  verification,
  ask,
  atOnce = '10%',
  failures,
  onFail,
  verdict,
  schedule: { notBefore, windows, freezes } = {},
}: Omit<PlanRulesYaml, 'tests'>): PlanFileStage['rules'] {
  return {
    ...(strategy === undefined ? {} : { strategy }),
    ...(approvals === undefined ? {} : { approvals }),
    ...(fourEyes === true ? { fourEyes } : {}),
    ...(gates === undefined ? {} : { gates }),
    ...(soak === undefined ? {} : { soakSeconds: soakMs(soak) / 1000 }),
    ...(verification === undefined ? {} : { verification: verificationOf(verification) }),
    ...(ask === true ? { ask } : {}),
    atOnce,
    ...(failures === undefined ? {} : { failures }),
    ...(onFail === undefined ? {} : { onFail }),
    ...(verdict === undefined ? {} : { verdict: ringOf(verdict) }),
    ...(notBefore === undefined ? {} : { notBefore: timeOf(Date.parse(notBefore)) }),
    ...(windows === undefined ? {} : { windows }),
    ...(freezes === undefined ? {} : { freezes }),
  };
}

function verificationOf({
  probes,
  for: long,
}: NonNullable<PlanRulesYaml['verification']>): NonNullable<PlanStage['verification']> {
  return { probes, seconds: long === undefined ? 0 : soakMs(long) / 1000 };
}

function ringOf(verdict: NonNullable<PlanRulesYaml['verdict']>): NonNullable<PlanStage['verdict']> {
  if (verdict === 'ring') return { of: 'ring' };
  const { bake, ...rest } = verdict;
  return { of: 'ring', ...(bake === undefined ? {} : { bakeSeconds: soakMs(bake) / 1000 }), ...rest };
}

function refuseBadPeriods(
  { schedule = {} }: PlanRulesYaml,
  refuse: (path: Path, sentence: string) => never,
): void {
  const { notBefore, ...lists } = schedule;
  if (notBefore !== undefined && Number.isNaN(Date.parse(notBefore)))
    refuse(['notBefore'], 'expected a day and a time that there are');
  for (const [list, periods] of Object.entries(lists)) {
    for (const [index, period] of periods.entries()) {
      const fault = shapeFault(period);
      if (fault !== undefined) refuse([list, index], fault);
    }
  }
}

function refuseBadSelector(text: string, refuse: (sentence: string) => never): void {
  try {
    parseSelector(text);
  } catch (error) {
    if (!(error instanceof XylemError)) throw error;
    refuse(
      `not a selector: column ${String(error.details.column)}: expected ${String(error.details.expected)}`,
    );
  }
}
