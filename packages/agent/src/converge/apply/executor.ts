import type { Digest, DomainId } from '@xylem/core';
import type { Drivers, DriverTools } from '../../drivers/driver.ts';
import type { ComponentKind, StepKind } from '../points.ts';
import type { Step } from '../steps.ts';

/** Brings a tree below `into`, verified and durable; resumes what an earlier attempt left. */
export type FetchTree = (wanted: {
  readonly component: string;
  readonly kind: ComponentKind;
  readonly domain: DomainId;
  readonly tree: Digest;
  readonly into: string;
  /** A folder of others that may hold its files already. */
  readonly from?: string | undefined;
  /** Nobody waits for it yet. */
  readonly isAhead?: boolean;
  /** No file of it may be one of what runs. */
  readonly isApart?: boolean;
}) => Promise<void>;

export interface ExecutorTools extends DriverTools {
  readonly drivers: Drivers;
  readonly fetchTree: FetchTree;
}

export interface StepContext {
  readonly component: string;
  readonly kind: ComponentKind;
  readonly tools: ExecutorTools;
}

export type Execute<K extends StepKind> = (step: Step<K>, context: StepContext) => Promise<void>;
