export { CertificateAuthority, type CheckedCsr, checkCsr, type IssueOptions } from './ca/authority.ts';
export { makeCsr } from './ca/csr.ts';
export { addressOf, caIdOf, type HostAddress, rootUri } from './ca/names.ts';
export { hostAt, type Peer, type PeerOptions, peerOf, peerOfCertificate } from './ca/peer.ts';
export { clientTls, pinnedCa, type Revoked, serverTls, type TlsIdentity, unpinnedTls } from './ca/tls.ts';
export { type OpenCeremony, readCeremony, writeCeremony } from './custody/ceremony.ts';
export {
  type Draft,
  draftChange,
  type KeyChange,
  missingSignatures,
  requirementsOf,
  type TrustedRepository,
  trustRepository,
} from './custody/change.ts';
export { coSign } from './custody/co-sign.ts';
export { signedOnlyBy, withoutDelegates, withoutReleases } from './custody/revoke.ts';
export { checkNextRoot, type RootState, readRoot } from './custody/roots.ts';
export { changeInWords, shortId } from './custody/words.ts';
export { buildJoinAnswer, checkJoinAnswer } from './enrolment/answer.ts';
export {
  buildRekeyRequest,
  isRekeyRequest,
  parseRekeyRequest,
  type RekeyRequest,
} from './enrolment/rekey.ts';
export { renewalDue, renewalDueAt } from './enrolment/renewal.ts';
export {
  buildJoinRequest,
  buildMoveRequest,
  buildRenewRequest,
  checkJoinRequest,
  environmentOfRenewal,
  type JoinRequest,
  parseRenewRequest,
} from './enrolment/request.ts';
export { type JoinToken, joinMacKey, makeToken, parseToken } from './enrolment/token.ts';
export { buildTrustMap, movedTrustMap, pinnedRootOf, repositoryForProduct } from './enrolment/trust-map.ts';
export {
  type Envelope,
  type OpenedEnvelope,
  openEnvelope,
  parseEnvelope,
  signEnvelope,
} from './envelope/envelope.ts';
export { loadFirstKey } from './identity/first-key.ts';
export {
  finishMove,
  type Identity,
  type Leaving,
  leavingOf,
  loadIdentity,
  loadNextKey,
  loadUnjoinedKey,
  saveIdentity,
  saveLeaving,
  saveMoved,
  saveRekeyed,
  saveRenewed,
} from './identity/identity.ts';
export { isPlainBeyondLoopback } from './identity/plain-http.ts';
export { externalSigner } from './keys/external-signer.ts';
export { encodeKey, loadKeyFile, saveKeyFile } from './keys/key-file.ts';
export {
  generateKey,
  hostIdOf,
  type KeyPair,
  type PublicKey,
  publicKeyOf,
  rawOfSpki,
  type Signer,
} from './keys/key-pair.ts';
export { publicKeyFile, sealKey } from './keys/sealed-key.ts';
export { checkLift, readLift } from './operators/lift.ts';
export {
  checkOperators,
  environmentOfOperators,
  followOperators,
  readOperators,
} from './operators/operators.ts';
export { operatorKeys, type SignedDocument, signDocument } from './operators/signed.ts';
export {
  addSignatures,
  type OpenSigning,
  readSigning,
  signingInWords,
  signingKeys,
  unsigned,
  writeSigning,
} from './operators/signing.ts';
export { type Issuer, issuerOf } from './provenance/issuer.ts';
export { missingStatements, type Subject } from './provenance/require.ts';
export { type Attestation, readAttestation, type Statement } from './provenance/statement.ts';
export { type AgeIdentity, dataIdentityOf, generateAgeIdentity } from './secrets/age-identity.ts';
export { type DataKeyPlace, unwrapDataKey, wrapDataKey } from './secrets/data-key.ts';
export { hostAgeIdentity } from './secrets/host-identity.ts';
export { checkRecipient, stateRecipient } from './secrets/recipient.ts';
export { openValue, type SealedPlace, sealValue } from './secrets/sealed-value.ts';
export { TufClient } from './tuf/client/client.ts';
export type {
  MetadataFetch,
  ProductRules,
  ReadOptions,
  RefreshOptions,
  TargetInfo,
  TufClientOptions,
  TufState,
} from './tuf/client/types.ts';
export {
  channelTarget,
  desiredStateTarget,
  metadataPath,
  productRoleName,
  type RepositoryFile,
  releaseTarget,
  repositoryIdOf,
  targetFilePath,
} from './tuf/names.ts';
export { readProductRules, readRole, readSnapshot, readTimestamp } from './tuf/read.ts';
export { type CheckedProductRole, checkProductRole } from './tuf/write/check-product-role.ts';
export { checkedDelegations, checkTargets } from './tuf/write/check-targets.ts';
export {
  type Delegate,
  type DelegatedContent,
  delegateRoleName,
  signDelegateRole,
} from './tuf/write/delegates.ts';
export { dueForRenewal } from './tuf/write/due.ts';
export type { RoleKeys, SignedRole } from './tuf/write/metadata.ts';
export {
  emptyProductRole,
  type ProductRoleContent,
  type RoleFiles,
  readDelegated,
  readDelegatesUnverified,
  readProductRole,
  readVouched,
  signProductRole,
  type TargetDigest,
  targetDigest,
} from './tuf/write/product-role.ts';
export { createRepository, type OnlineSigners, publishRoles } from './tuf/write/repository.ts';
export { draftRoot, type RootRoles, signRoot } from './tuf/write/root.ts';
export { signTimestamp } from './tuf/write/snapshot.ts';
export {
  type ProductDelegation,
  readProductDelegations,
  signDirector,
  signTargets,
} from './tuf/write/targets.ts';
export { openJointWatermark, openWatermark } from './watermarks/open.ts';
export { answerToReports, signWatermark } from './watermarks/sign.ts';
