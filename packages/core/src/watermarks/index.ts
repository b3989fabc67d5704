export {
  exceptionsOf,
  heldOf,
  isProven,
  jointOver,
  numbersOf,
  type ReportNumber,
  type TakenReport,
} from './joint.ts';
