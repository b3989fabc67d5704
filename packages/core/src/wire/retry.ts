import { string } from '../schema/build.ts';

/** A host that refused a package while another order counted, or none, tries it again: docs/spec/deployments.md. */
export const retryOrder = string({ title: 'an order (32 hexadecimal digits)', pattern: '^[0-9a-f]{32}$' });
