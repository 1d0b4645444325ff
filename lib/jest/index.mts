// SPDX-License-Identifier: GPL-2.0-only
//
// The same for importers of ES modules.

export type {
  Asymmetric,
  EqualityTester,
  Expected,
  ExpectedEntry,
  ExploreOptions,
  HmmuMatchers,
  MatcherContext,
  MatcherResult,
  MigrationSubject,
  PageFlagName,
  PageSubject,
  Pages,
  RunOptions,
  TesterContext,
} from './index.js'
export { equalityTesters, matchers, snapshotSerializer } from './index.js'
