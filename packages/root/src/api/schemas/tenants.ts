import { mostStages } from '@xylem/core';
import { type Static, Type } from 'typebox';
import { Name, Strict } from './common.ts';

const Stages = Type.Array(Name, {
  minItems: 1,
  maxItems: mostStages,
  description: 'the first is tried first',
});

export const Tenant = Strict({ tenant: Name, stages: Stages });
export type Tenant = Static<typeof Tenant>;
export const Tenants = Strict({ tenants: Type.Array(Tenant) });
export const TenantParams = Strict({ tenant: Name });
export const TenantStages = Strict({ stages: Stages });
