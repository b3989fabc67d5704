import { Type } from 'typebox';
import { Count, Grant, Nullable, OneLine, Strict, Time } from './common.ts';

const Address = Type.String({
  minLength: 8,
  maxLength: 500,
  pattern: '^https?://[^\\s?#]+$',
  description: 'an address that begins with https:// (http:// only on this machine)',
});
const Word = (description: string) => OneLine(500, description);
const Claim = Type.String({ pattern: '^[\\x21-\\x7e]{1,200}$', description: 'the name of a claim' });

const settings = {
  issuer: Address,
  clientId: Word('the id of this root server at the issuer'),
  scope: Type.String({
    pattern: '^[\\x21-\\x7e]+( [\\x21-\\x7e]+)*$',
    maxLength: 1000,
    description: 'scopes, with single spaces between',
  }),
  groupsClaim: Claim,
  nameClaim: Claim,
};
/** Without a secret: a public client. */
export const OidcSet = Strict({
  issuer: settings.issuer,
  clientId: settings.clientId,
  clientSecret: Type.Optional(Word('a client secret')),
  scope: Type.Optional(settings.scope),
  groupsClaim: Type.Optional(settings.groupsClaim),
  nameClaim: Type.Optional(settings.nameClaim),
  publicUrl: Type.Optional(Address),
});
const Oidc = Strict({
  ...settings,
  hasClientSecret: Type.Boolean(),
  publicUrl: Type.String(),
  /** To be registered at the issuer. */
  redirectUri: Type.String(),
});
export const OidcWas = Strict({ ...Oidc.properties, offersDeviceFlow: Type.Boolean() });
export const OidcShown = Strict({ oidc: Nullable(Oidc) });

/** As sessions and the audit log name a person of an issuer, without the readable name. */
const Account = Type.String({
  pattern: '^oidc/[0-9a-f]{12}/[\\x21-\\x7e]{1,255}$',
  maxLength: 300,
  description: 'a person of an issuer, as sessions and the audit log name them (oidc/ISSUER/SUB)',
});
export const OidcPersonDisable = Strict({ account: Account, disabled: Type.Boolean() });
export const OidcPersonDisabled = Strict({
  account: Type.String(),
  /** What the issuer called them last, as far as it is known. */
  name: Nullable(Type.String()),
  disabled: Type.Boolean(),
  sessionsEnded: Count,
  /** False: nobody signs in by that account's issuer now. */
  ofPresentIssuer: Type.Boolean(),
});

const GroupName = OneLine(200, 'the name of a group, as the issuer writes it');
const Group = Strict({ name: GroupName, grants: Type.Array(Grant) });
export const Groups = Strict({ groups: Type.Array(Group) });
export const GroupGrants = Strict({
  group: GroupName,
  add: Type.Optional(Type.Array(Grant, { maxItems: 100 })),
  remove: Type.Optional(Type.Array(Grant, { maxItems: 100 })),
});
export const GroupChanged = Group;

export const DeviceBegin = Strict({
  device: Type.Optional(OneLine(100)),
});
export const DeviceBegun = Strict({
  /** Whoever has it gets the session: it stays with who asked. */
  handle: Type.String(),
  userCode: Type.String(),
  verificationUri: Type.String(),
  verificationUriComplete: Nullable(Type.String()),
  intervalSeconds: Type.Integer({ minimum: 1 }),
  expires: Time,
});
export const DevicePoll = Strict({
  handle: Type.String({ pattern: '^[A-Za-z0-9_-]{43}$', description: 'a handle as it was given' }),
});
export const DevicePolled = Strict({
  /** How long to wait before asking again; null: signed in. */
  intervalSeconds: Nullable(Type.Integer({ minimum: 1 })),
  session: Nullable(Strict({ token: Type.String(), name: Type.String(), expires: Time })),
});
