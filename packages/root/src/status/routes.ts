import type { FastifyInstance } from 'fastify';
import type { Root } from '../root.ts';
export async function addStatusPage(_app: FastifyInstance, _root: Root): Promise<void> {}
