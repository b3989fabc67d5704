import { join } from 'node:path';

/** Where everything lies below a state folder: docs/spec/local.md. */
export interface StateLayout {
  readonly root: string;
  readonly lock: string;
  readonly identity: string;
  readonly trust: string;
  readonly accepted: string;
  /** Other nodes that parents named. */
  readonly learned: string;
  /** When this host began to change something. */
  readonly changes: string;
  /** What people on this host took back. */
  readonly reverts: string;
  /** Whether this host only observes, and what people on it had adopted. */
  readonly adoption: string;
  /** Through what this host reaches its parents, as people on it said. */
  readonly proxy: string;
  /** What became of each order to adopt. */
  readonly adoptions: string;
  readonly components: string;
  readonly journal: string;
  readonly documents: string;
  readonly reports: string;
  readonly supervisor: string;
  readonly router: string;
  readonly logs: string;
  /** The driver of containers' own; it is there only where podman may have something of this folder. */
  readonly containers: string;
  /** What others had changed in files that were placed outside, before it was put right. */
  readonly found: string;
  readonly migrations: string;
  /** What was ordered to be run once, and what became of it. */
  readonly jobs: string;
  /** What was fetched to be looked at before it is directed, by component. */
  readonly ahead: string;
  /** By the id of the environment: terms are its own. */
  migration(environment: string, database: string): MigrationLayout;
  component(component: string): ComponentLayout;
}

/** Of a host that is, or was, the runner of a database's migrations. */
export interface MigrationLayout {
  readonly record: string;
  /** Trees of packages whose programs run. */
  readonly trees: string;
  readonly backups: string;
  readonly log: string;
}

export interface ComponentLayout {
  readonly folder: string;
  readonly slot: string;
  readonly current: string;
  readonly trees: string;
  readonly data: string;
  /** What is kept warm for a return, and until when. */
  readonly warm: string;
  /** The finished tree; it exists only when every byte was verified. */
  tree(digest: string): string;
  /** Its text, beside it. */
  text(digest: string): string;
  /** What it changed of the host's own packages. */
  readonly packages: string;
  /** How the files of the installed tree looked when they were known to be right. */
  readonly seen: string;
  /** How its last tree came: `transfer/record.ts`. */
  readonly transfer: string;
  /** What of this component was placed outside of its slot. */
  readonly placed: string;
  /** What stood at those places before. */
  readonly before: string;
  /** Files that are about to be placed, for those who check them. */
  readonly rendered: string;
  /** Where a tree is being put together. */
  incoming(digest: string): string;
  readonly journal: string;
  readonly log: string;
  /** Of one of several services of the component: `<component>@<name>`. */
  logOf(instance: string): string;
  /** What the programs of its package printed while steps were taken. */
  readonly stepsLog: string;
  /** Notes a program of its package that runs now. */
  readonly program: string;
  /** For how long its lock has held up a change. */
  readonly lock: string;
  /** The folder of the job that runs. */
  readonly job: string;
  /** Notes the job that runs. */
  readonly jobProgram: string;
  /** Whose programs touched the machine last: of kind command alone. */
  readonly touched: string;
}

/** Paths below the state folder `root`. Pure. */
export function stateLayout(root: string): StateLayout {
  const journal = join(root, 'journal');
  const logs = join(root, 'logs');
  return {
    root,
    lock: join(root, 'agent.lock'),
    identity: join(root, 'identity'),
    trust: join(root, 'trust'),
    accepted: join(root, 'accepted.json'),
    learned: join(root, 'parents.json'),
    changes: join(root, 'changes.json'),
    reverts: join(root, 'local', 'reverts.json'),
    adoption: join(root, 'local', 'adoption.json'),
    proxy: join(root, 'local', 'proxy.json'),
    adoptions: join(root, 'adoptions.json'),
    components: join(root, 'components'),
    journal,
    documents: join(root, 'documents'),
    reports: join(root, 'reports'),
    supervisor: join(root, 'supervisor'),
    router: join(root, 'router'),
    logs,
    containers: join(root, 'containers'),
    found: join(root, 'found'),
    migrations: join(root, 'migrations'),
    jobs: join(root, 'jobs'),
    ahead: join(root, 'ahead'),
    migration: (environment, database) => {
      const folder = join(root, 'migrations', environment, database);
      return {
        record: `${folder}.json`,
        trees: join(folder, 'trees'),
        backups: join(folder, 'backups'),
        log: join(root, 'logs', `migration-${database}.log`),
      };
    },
    component: (component) => {
      const folder = join(root, 'components', component);
      const trees = `${folder}/trees`;
      return {
        folder,
        slot: `${folder}/slot.json`,
        current: `${folder}/current`,
        trees,
        data: `${folder}/data`,
        warm: `${folder}/warm.json`,
        tree: (digest) => `${trees}/${digest}`,
        text: (digest) => `${trees}/${digest}.tree`,
        packages: `${folder}/packages.json`,
        seen: `${folder}/seen.json`,
        placed: `${folder}/placed.json`,
        before: `${folder}/before`,
        rendered: `${folder}/rendered`,
        incoming: (digest) => `${trees}/.incoming-${digest}`,
        journal: `${journal}/${component}.jsonl`,
        log: `${logs}/${component}.log`,
        logOf: (instance) => `${logs}/${instance}.log`,
        stepsLog: `${logs}/${component}.steps.log`,
        program: `${journal}/${component}.program`,
        lock: `${journal}/${component}.lock.json`,
        job: `${folder}/job`,
        jobProgram: `${journal}/${component}.job`,
        touched: `${folder}/touched.json`,
        transfer: `${folder}/transfer.json`,
      };
    },
  };
}
