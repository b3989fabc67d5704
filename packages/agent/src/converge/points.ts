/** What an update can take, in this order; each kind of component takes its own of them. */
const updateSteps = [
  'reserve',
  'fetch',
  'stage',
  'adopt',
  'preflight',
  'stop',
  'unapply',
  'switch',
  'apply',
  'reboot',
  'start',
  'probe',
  'route',
  'drain',
  'commit',
  'retire',
] as const;

/** Every kind of step; the others end other roads. */
export const stepKinds = [...updateSteps, 'disown', 'revert', 'remove', 'purge'] as const;
export type StepKind = (typeof stepKinds)[number];

const toBeInPlace = ['reserve', 'fetch', 'stage', 'preflight'] as const;
/** Whether a step only brings what is needed later: nothing that runs notices. Pure. */
export function isAhead(step: StepKind): boolean {
  return step === 'reserve' || step === 'fetch' || step === 'stage';
}

const toBeCommitted = ['commit', 'retire', 'revert', 'remove', 'purge'] as const;
/** Takes over what runs already, and gives it back. */
const adopted = ['adopt', 'disown'] as const;
/** What brings something into the machine, and takes it back. */
const applied = [...toBeInPlace, 'unapply', 'switch', 'apply', ...toBeCommitted] as const;
/** What runs as one process or container, ended before another is started. */
const started = [...toBeInPlace, 'stop', 'switch', 'start', 'probe', ...toBeCommitted] as const;

/** What is made of the host's own packages: these may ask for a new start of it. */
const packaged = [...applied, 'reboot', ...adopted] as const;

/** Which steps a component of each kind can take. */
export const stepsOfKind = {
  files: [...applied, ...adopted],
  service: [
    ...toBeInPlace,
    'stop',
    'unapply',
    'switch',
    'start',
    'probe',
    'route',
    'drain',
    ...toBeCommitted,
    ...adopted,
  ],
  command: [...applied, ...adopted],
  agent: started,
  container: [...started, ...adopted],
  deb: packaged,
  rpm: packaged,
} as const satisfies Record<string, readonly StepKind[]>;
export type ComponentKind = keyof typeof stepsOfKind;

/** Whether a new start of the host may be part of an update, so that nothing has arrived before it was committed. Pure. */
export function mayRestartHost(kind: ComponentKind): boolean {
  const steps: readonly StepKind[] = stepsOfKind[kind];
  return steps.includes('reboot');
}

/** Whether what is committed is a process of its own that should run. Pure. */
export function startsProcess(kind: ComponentKind): boolean {
  const steps: readonly StepKind[] = stepsOfKind[kind];
  return steps.includes('start');
}

/**
 * A place where a crash is interesting: `written`, the journal says that the step begins and nothing has acted;
 * `acted`, the step has acted and the journal does not say so yet.
 */
export type JournalPoint = `${ComponentKind}/${StepKind}/${'written' | 'acted'}`;

/** All of them, for crash sweeps. */
export const journalPoints: readonly JournalPoint[] = (Object.keys(stepsOfKind) as ComponentKind[]).flatMap(
  (kind) =>
    stepsOfKind[kind].flatMap((step) => [
      `${kind}/${step}/written` as const,
      `${kind}/${step}/acted` as const,
    ]),
);
