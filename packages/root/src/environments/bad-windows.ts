import { type EnvironmentSpec, XylemError } from '@xylem/core';
import { changePolicyFault } from '@xylem/core/windows';
import { yamlFault } from '@xylem/core/yaml';

/**
 * Found when it is written: hosts would hold all changes, or none. @throws XylemError E_WINDOW_INVALID at its place in
 * the YAML
 */
export function refuseBadWindows(
  yaml: string,
  name: string,
  { policy }: EnvironmentSpec,
  nowMs: number,
): void {
  const fault = changePolicyFault(policy, nowMs);
  if (fault === null) return;
  const { message, details } = yamlFault(yaml, name, ['policy', fault.list, fault.index], fault.sentence);
  throw new XylemError('E_WINDOW_INVALID', message, { details });
}
