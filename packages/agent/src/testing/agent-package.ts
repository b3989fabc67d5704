import { agentComponent } from '@xylem/core';
import { type TestPackage, testPackage } from './packages.ts';

/** A version of the agent that does no more than start well; `fails`: when it does not. */
export function agentPackage(version: string, fails?: 'check' | 'run'): TestPackage {
  const script = `#!/bin/sh\n# ${version}\necho "this is ${version}"\n[ "$2" != ${fails ?? 'never'} ]\n`;
  return testPackage({
    component: agentComponent,
    version,
    kind: 'agent',
    files: { 'xylem-agent!': script, VERSION: version },
    agent: { executable: 'xylem-agent' },
  });
}
