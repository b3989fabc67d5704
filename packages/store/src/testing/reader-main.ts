import { serveReader } from '../publish/reader-thread.ts';

serveReader();
