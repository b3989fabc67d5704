import { code, type ErrorCodes } from './entry.ts';

/** Packages, releases and channels, and what is said of them. */
export const publishingCodes = {
  E_BELOW_FLOOR: code(
    'The release is older than the lowest version that its publisher still allows.',
    'Choose a release at or above the floor; `xylem release list` shows it.',
    'never',
    'conflict',
  ),
  E_CHANNEL_INVALID: code(
    'A channel document does not follow the format.',
    'Set the channel again with this version of `xylem channel set`.',
    'elsewhere',
    'integrity',
  ),
  E_EVIDENCE: code(
    "The environment's policy, or the plan, demands statements about the release that are not there, or not by the keys that it names.",
    'Attach what the message names with `xylem release attest`, or change `policy.provenance` of the environment.',
    'never',
    'conflict',
  ),
  E_PACKAGE_CONFLICT: code(
    'This version of the component is already published with other bytes.',
    'Raise the version in `xylem.yaml` and publish again; a published version never changes.',
    'never',
    'conflict',
  ),
  E_PACKAGE_INVALID: code(
    'A package document does not follow the format.',
    'Publish the package again with this version of `xylem package publish`.',
    'elsewhere',
    'integrity',
  ),
  E_PLACEHOLDER: code(
    'A command, environment value or port holds a placeholder that is unknown or has no value.',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholders of packages look like this
    'Use `${config.KEY}`, `${tree}`, `${data}` or `${node}`, and `$${` for a literal `${`; give KEY a value or a default.',
    'never',
    'input',
  ),
  E_PRODUCT_QUOTA: code(
    'The product has as much at this root server as it may.',
    'Retire releases and run `xylem store gc`, or have the quota raised (`xylem store quota`); `xylem store show` says what takes the room.',
    'never',
    'conflict',
  ),
  E_RELEASE_CONFLICT: code(
    'This version of the product is already released with other packages.',
    'Choose another version; a release never changes.',
    'never',
    'conflict',
  ),
  E_RELEASE_INVALID: code(
    'A release document does not follow the format.',
    'Create the release again with this version of `xylem release create`.',
    'elsewhere',
    'integrity',
  ),
  E_RELEASE_RETIRED: code(
    'The publisher has retired the release: it stands in the record, and no host takes it any more.',
    'Choose another release; `xylem release restore` by its publisher brings this one back.',
    'never',
    'conflict',
  ),
  E_SOURCE: code(
    'A watched source could not be asked, fetched or built.',
    'See what the message says of the program that failed; the next look tries again.',
    'later',
    'outcome',
  ),
  E_WITHDRAWN: code(
    'The publisher has withdrawn the release.',
    "Choose another release; the publisher's notes say why.",
    'never',
    'conflict',
  ),
} satisfies ErrorCodes;
