export { applyDeltaBlock, beginDelta, type DeltaState, type ReadBase } from './apply.ts';
export { maxBaseBytes } from './base-index.ts';
export { maxBlockBytes } from './block.ts';
export { type DeltaBlock, encodeDelta } from './encode.ts';
export { type Coder, coders } from './streams.ts';
