import { planJsonSchema } from '@xylem/core/yaml';
import { defineCommand } from '../../frame/define.ts';

export const command = defineCommand({
  about:
    'An editor with a YAML language server completes and checks by it when the file begins with\n# yaml-language-server: $schema=./plan.schema.json',
  example: 'xylem plan schema > plan.schema.json',
  run: () => {
    const data = planJsonSchema();
    return Promise.resolve({ data, text: JSON.stringify(data, null, 2) });
  },
});
