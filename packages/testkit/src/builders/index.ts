export { TestDirection, type Wanted } from './direction.ts';
export { type JoinedHost, TestInstallation } from './installation.ts';
export { type RootFront, rootFront } from './root-front.ts';
export { buildSmallTree, type FileContent, smallFiles } from './tree.ts';
export { type TestPackage, TestVendor } from './vendor.ts';
