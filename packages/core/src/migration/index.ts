export {
  type Blocker,
  type HostNeeds,
  type MayBegin,
  mayBegin,
  type NeedOfShape,
  stoppedBy,
} from './decide.ts';
export { type Driven, type DrivingDeployment, driven, type MigrationPolicy } from './drive.ts';
export { type Fit, fitOf, noShapes, type ShapeChange, shapesAfter, shapesDuring } from './shapes.ts';
