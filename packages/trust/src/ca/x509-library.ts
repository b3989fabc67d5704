// Loaded by `import()` alone. The library is CommonJS: as a namespace of a module of ours it keeps its names in a
// bundle too, where `import('@peculiar/x509')` would only have a default export.
import 'reflect-metadata';
import * as library from '@peculiar/x509';

export const x509 = library;
