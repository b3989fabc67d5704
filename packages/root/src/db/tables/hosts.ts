import type { Generated, GeneratedAlways } from 'kysely';

/** Hosts, and what they report. Column types: see `tables.ts`. */
export interface HostTables {
  hosts: {
    id: string;
    environment: string;
    name: string;
    /** Raw Ed25519 key, b64u. */
    key: string;
    labels: string;
    parents: string;
    /** Configuration of single components on this host alone, over that of the environment. */
    config: string;
    /** What a relabelled host keeps until the deployment ends that gave it: component to package and deployment. */
    kept: string;
    /** What operators pinned, JSON (`hosts/pins.ts`); null: nothing. */
    pinned: string | null;
    serve: number;
    /** Patterns of the environments that it may serve besides its own. */
    serves: string;
    retired: number;
    certificate_expires_ms: number;
    joined_ms: number;
    token: string;
    revoked_ms: number | null;
    revoked_reason: string | null;
    /** What was seen of two machines with this host's key, JSON (`hosts/clones.ts`). */
    cloned: string | null;
    /** The host of the same name that this one succeeds once that is silent. */
    replaces: string | null;
    /** A retired host's successor. */
    replaced_by: string | null;
    /** The environment that it is leaving, until it has come from there. */
    moving_from: string | null;
    /** The release repositories of the trust map that it joined with, JSON; null: it joined before that was noted. */
    releases: string | null;
    /** Orders to adopt components, by component, JSON. */
    adopt: Generated<string>;
    /** Local returns that an operator undid: by product the time of the one that was meant, JSON. */
    undone_returns: Generated<string>;
    /** What its links may carry, JSON. */
    link_limits: Generated<string>;
    /** How many children the relay takes; null: as many as by default. */
    most_children: number | null;
    /** Since when the relay gets no more children; null: it does. */
    drained_ms: number | null;
    /** The parent rule that its parents came by; null: none. */
    parents_rule: string | null;
    /** From when on parent rules are looked at for it; null: nothing has changed. Triggers set it. */
    rule_due_ms: Generated<number | null>;
    /** By which parent rules went last, JSON, and when other ones last led to other parents. */
    rule_addresses: string | null;
    rule_addresses_ms: number | null;
  };
  /** Hosts whose reports say other addresses, where a rule goes by them. Triggers add, parent rules take away. */
  changed_addresses: { host: string };
  /** Which parents hosts have by rule (docs/spec/reparenting.md, Rules). */
  parent_rules: {
    environment: string;
    name: string;
    priority: number;
    selector: string;
    /** JSON; none: every host is in. */
    subnets: Generated<string>;
    /** In order of preference, JSON. */
    parents: string;
    set_by: string;
    set_ms: number;
    /** Why it could not be followed when it was looked at last. */
    note: string | null;
  };
  /** Hosts that change their parents in batches (docs/spec/reparenting.md). */
  reparentings: {
    id: string;
    kind: string;
    /** The relay that is left, by drain and replace. */
    relay: string | null;
    /** The relay that takes its place. */
    replacement: string | null;
    state: string;
    ends_as: string | null;
    go_order: string;
    back_order: string;
    batch: number;
    waited_ms: number;
    looked_ms: number;
    first_batch: number;
    most_failed: number;
    asked_by: string;
    asked_ms: number;
    ended_ms: number | null;
    /** What it waits for besides hosts, or why it went back. */
    note: string | null;
    /** The parent rule that began it. */
    rule: string | null;
  };
  reparented_hosts: {
    reparenting: string;
    host: string;
    tenant: string;
    rank: number;
    state: string;
    batch: number | null;
    /** The new ones, and the former ones, JSON. */
    parents: string;
    former: string;
    /** The rule that the former ones came by. */
    former_rule: string | null;
    code: string | null;
    message: string | null;
  };
  /** Hosts that are to go to another tenant, and both sides' word about it (docs/spec/moves.md). */
  move_requests: {
    id: string;
    from_environment: string;
    /** Null: there was none of that name when it was asked. */
    to_environment: string | null;
    /** As it was asked for. */
    to_name: string;
    keep_data: number;
    state: string;
    /** Who asked, and each side's approval, JSON (`moves/rows.ts`). */
    asked: string;
    asked_ms: number;
    expires_ms: number;
    gives: string | null;
    takes: string | null;
    /** Those that the taking side gave, JSON. */
    parents: string;
    ended_ms: number | null;
    /** Whose word ended it: `gives`, `takes`, or null for nobody's. */
    ended_side: string | null;
    reason: string | null;
  };
  /** The hosts of move requests; what stands here about one that has left is for the giving side alone. */
  moved_hosts: {
    move: string;
    host: string;
    /** What the old environment's host map said to it, JSON. */
    entry: string | null;
    left_ms: number | null;
    came_ms: number | null;
    /** The last from the old environment. */
    report: string | null;
    reported_ms: number | null;
  };
  /** Environments that certificates of a host name, `*` for all, and when the last of those ends. */
  certificate_scopes: { host: string; environment: string; until_ms: number };
  /** By incarnation, from which sequence on each boot of a host reported (`hosts/clones.ts`). */
  host_boots: {
    host: string;
    incarnation: string;
    boot: string;
    first_sequence: number;
    first_ms: number;
  };
  /** Keys after the first, each by the request that its predecessor signed. */
  host_keys: { host: string; number: number; key: string; request: string; since_ms: number };
  tokens: {
    id: string;
    environment: string;
    serve: number;
    /** Patterns of the environments that a relay may serve besides its own. */
    serves: string;
    /** The MAC key that is derived from the secret; the secret itself is not kept. */
    mac_key: Uint8Array;
    uses_left: number;
    expires_ms: number;
    labels: string;
    created_ms: number;
    /** The name of the host that whoever joins by it takes the place of. */
    replaces: string | null;
  };
  /** The newest report of each host; superseded ones are folded away. */
  reports: {
    host: string;
    environment: string;
    incarnation: string;
    /** Of all of it but what moves: it is written anew only where this differs (`hosts/kept-report.ts`). */
    digest: Generated<string>;
    document: string;
    /** 1: it tells what people did on the host (`hosts/told.ts`). */
    told: number;
    /** 1: the host remembers a quarantine; else null. */
    holds: number | null;
    /** What it says of its place: `sameParent` of addresses. */
    parent_url: string | null;
    parent_host: string | null;
    serves_url: string | null;
    /** The host's own, JSON. */
    addresses: string | null;
  };
  /** One row: the newest revision given. */
  report_revisions: { newest: number };
  /**
   * How often something about an environment's hosts was written that deployments are decided by, and how often a
   * report of one left it. Triggers count: whoever writes.
   */
  environment_changes: { environment: string; hosts: number; gone: number };
  /** Every incarnation that a host ever reported as, in order of arrival, with the highest sequence taken. */
  incarnations: { host: string; incarnation: string; first_ms: number; rank: number; sequence: number };
  host_components: {
    host: string;
    environment: string;
    component: string;
    product: string;
    version: string;
    package: string;
    state: string;
    healthy: number | null;
    /** The host's own, kept by triggers. */
    name: string;
    retired: number;
  };
  /** How many hosts that are not retired say that they run a version, kept by triggers over `host_components`. */
  running_counts: {
    environment: string;
    product: string;
    component: string;
    version: string;
    hosts: number;
    /** Of those how many do not say that it is unhealthy. */
    healthy: number;
  };
  /** The state of each host but for its silence, which the clock says (docs/spec/reports.md, What the root server keeps). */
  host_states: {
    host: string;
    /** Null: it is not registered. This and the next two are the host's own, kept by triggers. */
    environment: string | null;
    retired: Generated<number>;
    revoked: Generated<number>;
    /** The environment of its newest report. */
    reported_in: string | null;
    /** What that report says beside direction (`hosts/view.ts`); null: there is none. */
    says: string | null;
    /** When it came. */
    heard_ms: number | null;
    /** Rises with every report that is taken, in the order in which they are committed. */
    revision: number | null;
    /** What moves in it, JSON; null: it is the kept one to the letter. */
    moving: string | null;
    /** What is counted; null: it is not registered. */
    state: GeneratedAlways<string | null>;
  };
  /** How many hosts are in each state, kept by triggers over `host_states`. */
  state_counts: { environment: string; state: string; hosts: number };
}
