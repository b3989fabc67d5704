import { chunkIndexContract } from './chunk-index.contract.ts';
import { memoryChunkIndex } from './memory-index.ts';

chunkIndexContract('memoryChunkIndex', async () => memoryChunkIndex());
