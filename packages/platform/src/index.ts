export { replaceFile, syncFolder, writeFileAtomic } from './atomic-write.ts';
export { type Clock, formatTime, systemClock } from './clock.ts';
export { forbidCoreDumps } from './core-dumps.ts';
export { Gate } from './gate.ts';
export { ownAddresses } from './http/address-watch.ts';
export { isOuterAddress, namesInnerAddress, outerLookup } from './http/addresses.ts';
export { askOut } from './http/ask.ts';
export { readBody } from './http/body.ts';
export {
  createHttpClient,
  type HttpClient,
  type HttpClientOptions,
  type HttpRequest,
  type HttpResponse,
} from './http/client.ts';
export { faultCode } from './http/fault-code.ts';
export { clientFor } from './http/named.ts';
export { chooseProxy, readProxy } from './http/proxy/choose.ts';
export { pacedHeader } from './http/slow-guard.ts';
export { packAnswer, packBody, unpackBody } from './http/zstd-body.ts';
export { jsonLog, type Log, type LogFields, silentLog } from './log.ts';
export { boundHeapGrowth, releaseMemorySoon } from './memory.ts';
export { type Randomness, shuffled, systemRandomness } from './randomness.ts';
export { stepBack } from './step-back.ts';
export { turnstile, unhurried } from './unhurried.ts';
