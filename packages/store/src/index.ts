export { type HeldObjects, heldObjects } from './care/held.ts';
export { type FoundFault, type VerifiedRepository, verifyRepository } from './care/verify.ts';
export { fetchTree, fetchTreeEntries } from './fetch/fetch-tree.ts';
export { inParallel } from './fetch/parallel.ts';
export type { HostMeans, Road, RoadChoice } from './fetch/roads.ts';
export type { FetchedTree, Seed } from './fetch/types.ts';
export { createMirror, type Mirror } from './mirror/mirror.ts';
export { partialFile, removeStalePartials } from './mirror/partial.ts';
export { prune } from './mirror/prune.ts';
export { readNewsFile, writeNewsFiles } from './news/file.ts';
export { HostMapFiles, readHostMapFile } from './news/host-map-file.ts';
export { type NewsHub, newsHub } from './news/hub.ts';
export type { ChunkIndex, ChunkPlace } from './offer/chunk-index.ts';
export { publishOffer } from './offer/make-offer.ts';
export { memoryChunkIndex } from './offer/memory-index.ts';
export { readOffer } from './offer/read-offer.ts';
export { type Travel, travelOf } from './offer/travel.ts';
export { verifyPack } from './pack/pack-reader.ts';
export { ownPatchList, patchListIn, patchListPath, putPatchList, readPatchListFrom } from './patch/list.ts';
export { patchBetween, writePieces } from './publish/patch-between.ts';
export { publishTree } from './publish/publish-tree.ts';
export { repositorySink } from './publish/repository-sink.ts';
export { scanFolder } from './publish/scan.ts';
export type { PackSink, PublishedTree, PublishOptions } from './publish/types.ts';
export { lookIntoRepository, openRepository } from './repository/disk-repository.ts';
export type { Repository } from './repository/repository.ts';
export type { Asked, HostMapFileId } from './serve/paths.ts';
export { serveRepository } from './serve/serve.ts';
export { boundStrangers, type Strangers } from './serve/strangers.ts';
export { askToVerify, verifyHeader } from './source/ask-to-verify.ts';
export { type Comparison, type ComparisonTiming, comparisonTiming } from './source/comparison.ts';
export { type Failover, failover } from './source/failover.ts';
export { Fullness } from './source/fullness.ts';
export { httpSource } from './source/http-source.ts';
export { inBackground } from './source/in-background.ts';
export { LinkRate } from './source/link-rate.ts';
export type { ObjectSource, SourceChoice } from './source/object-source.ts';
export { pacedSource } from './source/paced-source.ts';
export { Patience } from './source/patience.ts';
export type { Refused } from './source/refused.ts';
export { repositorySource } from './source/repository-source.ts';
export { retryAfterOf } from './source/retry-after.ts';
export {
  afterLook,
  type Doubt,
  firstRound,
  lookPauseMs,
  stillDoubted,
  whomToAsk,
} from './source/second-look.ts';
export { isObjectPath, Slowness } from './source/slowness.ts';
export {
  afterAnswer,
  afterFault,
  inStanding,
  isSilence,
  neverAsked,
  type Standing,
  sooner,
  untilForgivenMs,
} from './source/standing.ts';
export { unlessBetter } from './source/unless-better.ts';
export { wholeFile, wholeWithinMs } from './source/whole-file.ts';
export { type InTime, sentWithinMs, within } from './source/within.ts';
