// SPDX-License-Identifier: GPL-2.0-only
//
// The same for importers of ES modules.

export type {
  Asymmetric,
  Expected,
  ExpectedEntry,
  HmmuMatchers,
  MatcherContext,
  MatcherResult,
  MigrationSubject,
  PageFlagName,
  PageSubject,
  Pages,
  RunOptions,
} from './index.js'
export { matchers } from './index.js'
