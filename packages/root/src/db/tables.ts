import type { Generated, Kysely } from 'kysely';

/*
 * One set of column types for both databases: text, whole numbers (sizes, versions, epoch milliseconds; 0 and 1 for
 * no and yes) and bytes. JSON lies in text, written and parsed at the row's own module.
 */

export interface Tables {
  /** Sealed values and wrapped keys (docs/spec/secrets.md): nothing here opens anything. */
  secret_states: { environment: string; revision: number };
  secret_generations: {
    environment: string;
    generation: number;
    recipient: string;
    holder: string;
    created_ms: number;
  };
  secret_values: {
    environment: string;
    component: string;
    key: string;
    /** JSON. */
    sealed: string;
    set_ms: number;
    set_by: string;
    /** JSON list of names of hosts that were removed and know the value. */
    exposed: string;
  };
  secret_wraps: {
    environment: string;
    generation: number;
    host: string;
    recipient: string;
    age: string;
    created_ms: number;
  };
  /** What an operator quarantined, and until when it was: `lifted_ms` null while it holds. */
  quarantines: {
    id: string;
    environment: string;
    product: string;
    release: string;
    version: string;
    reason: string;
    set_by: string;
    since_ms: number;
    lifted_ms: number | null;
  };
  /** Lifts as operators signed them, also of quarantines that this database does not know. */
  quarantine_lifts: {
    quarantine: string;
    environment: string;
    envelope: string;
    reason: string;
    lifted_by: string;
    created_ms: number;
    /** The first desired state that carried it; null: none yet. */
    carried_number: number | null;
    /** 1: carried no more, unless a host reports that it still holds. */
    done: number;
  };
  /** The chain of an environment's operators, as they signed it. */
  operators: {
    environment: string;
    number: number;
    envelope: string;
    set_by: string;
    created_ms: number;
  };
  settings: { key: string; value: string };
  tenants: { tenant: string; created_ms: number };
  environments: {
    id: string;
    tenant: string;
    environment: string;
    yaml: string;
    yaml_version: number;
    created_ms: number;
  };
  /** What each environment's hosts should run: decided here first, then brought to the folder that children pull. */
  directions: {
    environment: string;
    number: number;
    /** Digest of the document without what changes by itself: equal digests mean no change of meaning. */
    meaning: string;
    document: string;
  };
  /** Which desired state each snapshot of a direction repository showed; the last few of each environment. */
  direction_history: {
    environment: string;
    snapshot_version: number;
    number: number;
    targets_version: number;
    published_ms: number;
    document: string;
  };
  products: { product: string; domain: string; repository: string; created_ms: number };
  roles: { repository: string; role: string; version: number; metadata: string; expires_ms: number };
  trees: { domain: string; tree: string; files: number; size_bytes: number; created_ms: number };
  packages: {
    product: string;
    component: string;
    version: string;
    package: string;
    kind: string;
    document: string;
    created_ms: number;
  };
  releases: {
    product: string;
    version: string;
    release: string;
    document: string;
    withdrawn: number;
    /** 1: the product's role does not vouch for it any more. */
    retired: Generated<number>;
    created_ms: number;
  };
  /** Statements about a release or a package, by its digest; only ever added to. */
  evidence: {
    product: string;
    digest: string;
    envelope_digest: string;
    envelope: string;
    added_by: string;
    created_ms: number;
  };
  channels: {
    product: string;
    channel: string;
    version: string;
    release: string;
    document: string;
    updated_ms: number;
  };
  /** Where each product stands in each environment by the last deployment that succeeded. Null: undeployed. */
  standings: {
    environment: string;
    product: string;
    /** Of that deployment; those with a higher one are not settled yet. */
    sequence: number;
    release: string | null;
    version: string | null;
    previous_release: string | null;
    previous_version: string | null;
  };
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
  deployments: {
    sequence: Generated<number>;
    id: string;
    kind: string;
    environment: string;
    product: string;
    state: string;
    reason: string | null;
    /** The deployment as core decides over it, JSON. */
    document: string;
    created_by: string;
    created_ms: number;
    updated_ms: number;
    finished_ms: number | null;
  };
  /** What decisions said about single hosts. */
  deployment_hosts: { deployment: string; host: string; admitted_ms: number | null; held: number };
  deployment_events: {
    sequence: Generated<number>;
    deployment: string;
    time_ms: number;
    kind: string;
    message: string;
    details: string;
  };
  /** The newest report of each host; superseded ones are folded away. */
  reports: {
    host: string;
    environment: string;
    incarnation: string;
    sequence: number;
    received_ms: number;
    document: string;
  };
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
  };
  packs: { domain: string; pack: string; size_bytes: number; id: Generated<number> };
  pack_frames: {
    pack_id: number;
    frame: number;
    offset: number;
    length: number;
    raw_length: number;
  };
  chunks: {
    domain: string;
    digest: Uint8Array;
    size: number;
    pack_id: number;
    frame: number;
    offset_in_frame: number;
  };
  /**
   * What the tree of a restored root server says about single hosts: `entry` is that of the newest host map that a
   * relay held; the rest comes from the certificate and report of a host that is not in `hosts`.
   */
  found_hosts: {
    host: string;
    environment: string;
    entry: string | null;
    name: string | null;
    /** Raw Ed25519 key, b64u. */
    key: string | null;
    /** As in its certificate, JSON: null, `"*"`, or ids of environments. */
    serves: string | null;
    certificate_expires_ms: number | null;
  };
  /** The newest desired state of each environment that a relay held. */
  found_directions: { environment: string; number: number; snapshot_version: number; document: string };
  /** Expiry null: for ever, as the first operator's. */
  api_tokens: {
    id: string;
    name: string;
    hash: string;
    created_ms: number;
    expires_ms: number | null;
    used_ms: number | null;
    /** Whose it counts as (`auth/origin.ts`); null: made before that was noted. */
    made_by: string | null;
  };
  /** What a subject may do where; `auth/grants.ts` reads roles and scopes. */
  grants: { subject: string; role: string; scope: string; created_ms: number };
  people: {
    name: string;
    /** As `auth/passwords.ts` writes it; null: no sign-in by password. */
    password: string | null;
    disabled: number;
    created_ms: number;
    password_ms: number | null;
  };
  sessions: {
    id: string;
    subject: string;
    /** `cli` or `browser`. */
    kind: string;
    name: string;
    hash: string;
    /** Grants that live as long as the session, JSON; null: those of the subject. */
    grants: string | null;
    /** Groups that the issuer named at the sign-in, JSON; null: no session by OpenID Connect. */
    groups: string | null;
    /** What the issuer calls the person. */
    person: string | null;
    from_address: string | null;
    created_ms: number;
    expires_ms: number;
    used_ms: number;
  };
  /** By `account/<name>` and `address/<address>`. */
  sign_in_failures: { key: string; failures: number; last_ms: number };
  /** Whose tokens of a CI system are exchanged; what for stands in `grants` as those of `ci-rule/<id>`. */
  ci_rules: {
    id: string;
    issuer: string;
    audience: string;
    /** Claims that must have exactly these values, JSON. */
    claims: string;
    created_ms: number;
  };
  /** Tokens that were exchanged, by the digest of issuer and `jti`, until their age alone refuses them. */
  ci_used: { token: string; until_ms: number };
  /** API tokens given in exchange, and by which rules. */
  ci_tokens: { api_token: string; rule: string };
  /** One row, or none: by whom people sign in who have no account here. */
  oidc: {
    id: number;
    issuer: string;
    client_id: string;
    /** As it is: the issuer wants to see it. Null: a public client. */
    client_secret: string | null;
    scope: string;
    groups_claim: string;
    name_claim: string;
    /** Null: how nodes reach this root server. */
    public_url: string | null;
    /** What begun sign-ins are authenticated by; new whenever anything here is. */
    key: string;
    set_ms: number;
  };
  /** Sign-ins that came back from the issuer, by the digest of their seed, until their age alone refuses them. */
  oidc_used: { sign_in: string; until_ms: number };
  /** Command lines that wait for a person to approve them at the issuer, by the digest of their handle. */
  oidc_devices: {
    handle: string;
    device_code: string;
    device: string;
    interval_ms: number;
    /** The issuer is not asked before. */
    next_ms: number;
    until_ms: number;
  };
  /** Databases that hosts share, and the migration under way of each (docs/spec/migrations.md). */
  migrated_databases: {
    environment: string;
    database: string;
    /** Whose package had the steps of the last order; null before the first. */
    product: string | null;
    component: string | null;
    /** The schema that it had when it was first named here. */
    first: number;
    oldest: number;
    newest: number;
    term: number;
    /** JSON of the last order and what became of it; null before the first. */
    last: string | null;
    updated_ms: number;
  };
  /** By the term under which each was made; with the shapes that it was made of. */
  migration_backups: {
    environment: string;
    database: string;
    term: number;
    host: string;
    path: string;
    digest: string;
    size_bytes: number;
    made_ms: number;
    oldest: number;
    newest: number;
  };
  /** Hosts that were left out of the count of the contract to a schema. */
  migration_exclusions: {
    environment: string;
    database: string;
    host: string;
    to: number;
    reason: string;
    excluded_by: string;
    since_ms: number;
  };
  /** Whom of an issuer an operator shut out, by `oidc/<issuer>/<sub>`. They outlive the settings of the issuer. */
  oidc_shut_out: {
    account: string;
    /** What the issuer called them in the last session; null: there was none. */
    name: string | null;
    shut_by: string;
    since_ms: number;
  };
  audit: {
    sequence: number;
    time_ms: number;
    who: string;
    what: string;
    subject: string;
    before: string;
    after: string;
    /** SHA-256 over the hash before it and this entry: a removed or altered entry shows. */
    hash: string;
    /** 0: hashed by the rule of the first migration; 1: by docs/spec/audit.md. */
    format: number;
    from_address: string | null;
    environment: string | null;
  };
  /** One row: the last entry. Its lock keeps two that append in line, and so the sequence without gaps. */
  audit_head: { id: number; sequence: number; hash: string };
  audit_checkpoints: { sequence: number; time_ms: number; envelope: string };
}

export type Database = Kysely<Tables>;
