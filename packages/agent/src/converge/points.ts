/** What an update can take, in this order; each kind of component takes its own of them. */
const updateSteps = [
  'reserve',
  'fetch',
  'stage',
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

/** Every kind of step; `revert`, `remove` and `purge` end other roads. */
export const stepKinds = [...updateSteps, 'revert', 'remove', 'purge'] as const;
export type StepKind = (typeof stepKinds)[number];

/** Which steps a component of each kind can take. */
export const stepsOfKind = {
  files: [
    'reserve',
    'fetch',
    'stage',
    'preflight',
    'unapply',
    'switch',
    'apply',
    'commit',
    'retire',
    'revert',
    'remove',
    'purge',
  ],
  service: [
    'reserve',
    'fetch',
    'stage',
    'preflight',
    'stop',
    'unapply',
    'switch',
    'start',
    'probe',
    'route',
    'drain',
    'commit',
    'retire',
    'revert',
    'remove',
    'purge',
  ],
  command: [
    'reserve',
    'fetch',
    'stage',
    'preflight',
    'unapply',
    'switch',
    'apply',
    'commit',
    'retire',
    'revert',
    'remove',
    'purge',
  ],
  agent: [
    'reserve',
    'fetch',
    'stage',
    'preflight',
    'stop',
    'switch',
    'start',
    'probe',
    'commit',
    'retire',
    'revert',
    'remove',
    'purge',
  ],
  container: [
    'reserve',
    'fetch',
    'stage',
    'preflight',
    'stop',
    'switch',
    'start',
    'probe',
    'commit',
    'retire',
    'revert',
    'remove',
    'purge',
  ],
  deb: [
    'reserve',
    'fetch',
    'stage',
    'preflight',
    'unapply',
    'switch',
    'apply',
    'reboot',
    'commit',
    'retire',
    'revert',
    'remove',
    'purge',
  ],
} as const satisfies Record<string, readonly StepKind[]>;
export type ComponentKind = keyof typeof stepsOfKind;

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
