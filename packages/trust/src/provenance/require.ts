import type { Digest, StatementRule } from '@xylem/core';
import { type Issuer, isSignedByIssuer, issuerOf } from './issuer.ts';
import { type Attestation, readAttestation, type Statement } from './statement.ts';

/** What a release is made of, as far as statements may be about it. */
export interface Subject {
  /** `shop@2.4.0`. */
  readonly name: string;
  readonly release: Digest;
  readonly packages: readonly { readonly name: string; readonly digest: Digest }[];
}

/**
 * What an environment's policy demands and a release lacks, one sentence each; none: it may be deployed. A rule is met
 * by one statement about the release, or by one about each of its packages. Pure.
 * @param envelopes bytes as they were attached; what can't be read or is by another key counts for nothing
 * @throws XylemError E_KEY_INVALID (a key of a rule)
 */
export function missingStatements(
  rules: readonly StatementRule[],
  subject: Subject,
  envelopes: readonly Uint8Array[],
): string[] {
  const attestations = envelopes.flatMap(readable);
  return rules.flatMap((rule) => {
    const issuer = issuerOf(rule.key);
    const judge = (digest: Digest): string | null => faultFor(rule, issuer, digest, attestations);
    const ofRelease = judge(subject.release);
    if (ofRelease === null) return [];
    const lacking = subject.packages.map((one) => ({ ...one, fault: judge(one.digest) }));
    const bad = lacking.find(({ fault }) => fault !== null);
    if (lacking.length > 0 && bad === undefined) return [];
    // The nearest miss says most: a package that has some statement, where the release has none.
    const isNear = ofRelease === none && bad?.fault !== none && bad !== undefined;
    const [about, why] = isNear ? [bad.name, bad.fault] : [subject.name, ofRelease];
    return [`${rule.predicateType} about ${about}, by the key ${issuer.keyId.slice(0, 16)}: ${why}`];
  });
}

const none = 'there is none';

/** Null: a statement about this digest meets the rule. Else why the nearest one does not. */
function faultFor(
  rule: StatementRule,
  issuer: Issuer,
  digest: Digest,
  attestations: readonly Attestation[],
): string | null {
  let fault = none;
  for (const { statement, envelope } of attestations) {
    if (statement.predicateType !== rule.predicateType || !statement.subjects.includes(digest)) continue;
    const found = isSignedByIssuer(issuer, envelope)
      ? contentFault(rule, statement)
      : 'one is there, signed by another key';
    if (found === null) return null;
    fault = found;
  }
  return fault;
}

function contentFault(rule: StatementRule, { builder, source, result }: Statement): string | null {
  if (rule.builder !== undefined && builder !== rule.builder) {
    return `its builder is ${shown(builder)}, not ${rule.builder}`;
  }
  if (rule.source !== undefined && (source === null || !isOfSource(source, rule.source))) {
    return `its source is ${shown(source)}, not ${rule.source}`;
  }
  // in-toto's test results, and any other predicate that has a verdict: a failed test is no evidence of quality.
  return result === null || result === 'PASSED' ? null : `its result is ${shown(result)}`;
}

/** The same repository, whether or not it is written as `git+…` and with an `@ref`; a rule with a ref asks for it. */
function isOfSource(source: string, wanted: string): boolean {
  const plain = source.replace(/^git\+/, '');
  const rule = wanted.replace(/^git\+/, '');
  return plain === rule || plain.replace(/@[^/@]*(?:\/[^@]*)?$/, '') === rule;
}

const shown = (text: string | null): string => (text === null ? 'not said' : text.slice(0, 200));

function readable(bytes: Uint8Array): Attestation[] {
  try {
    return [readAttestation(bytes)];
  } catch {
    return [];
  }
}
