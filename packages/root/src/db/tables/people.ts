/** Who may do what, and what was done. Column types: see `tables.ts`. */
export interface PeopleTables {
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
