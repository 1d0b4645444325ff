// SPDX-License-Identifier: GPL-2.0-only
//
// hmmu/jest: matchers for those who test drivers. With `setupFilesAfterEnv: ['hmmu/jest']` they are there in each test
// file, and equality and snapshots see the state of machines and migrations. Where there is no global `expect`, add
// `matchers`, `equalityTesters` and `snapshotSerializer` to it by hand. docs/jest.md describes them.

/// <reference lib="esnext.disposable" preserve="true" />

import type { WhyName } from '../base/defs.generated'
import type { RunOptions } from '../drill'
import type { ExploreOptions, FoundBy } from '../explore'
import { equalityTesters, snapshotSerializer } from './equality'
import type { ExpectedEntry } from './expected-entry'
import { matchers } from './matchers'
import type { Pages } from './subjects'

export type { RunOptions } from '../drill'
export type { ExploreOptions, FoundBy } from '../explore'
export type { EqualityTester, TesterContext } from './equality'
export type { Asymmetric, Expected, ExpectedEntry, PageFlagName } from './expected-entry'
export type { MatcherContext, MatcherResult } from './matchers'
export type { MigrationSubject, PageSubject, Pages } from './subjects'
export { equalityTesters, matchers, snapshotSerializer }

/**
 * The matchers as methods of what `expect()` returns; R is void, or a promise behind `.resolves`. Where they are about pages,
 * the statement has to hold for each page, and behind `.not` for none; `pages` are indexes, by default of all pages.
 * They throw an HmmuError HMMU_INVALID_ARGUMENT where they are asked about something else.
 */
export interface HmmuMatchers<R> {
  /** A `Machine`: `verify()` has no complaint. */
  toBeBalanced(): R
  /** A {@link PageSubject}: the entries are device-private ones. */
  toBeDevicePrivate(pages?: Pages): R
  /** A {@link PageSubject}: the entries, and the pages behind them, have these properties. */
  toHaveEntry(expected: ExpectedEntry, pages?: Pages): R
  /** A {@link MigrationSubject}: the pages have moved, or were put where there was none. */
  toHaveMoved(pages?: Pages): R
  /** A `Machine`: `leaks()` has no page. */
  toHaveNoLeaks(): R
  /** A {@link MigrationSubject}: this is why the pages have not moved; `'none'` for those that have. */
  toHaveReason(why: WhyName, pages?: Pages): R
  /** The text of a drill: run on a fresh machine, it prints this transcript. Line ends around either don't matter. */
  toMatchDrill(transcript: string, options?: RunOptions): R
  /** The text of a drill with tasks, or a scenario: explored in all orders, it is as its `expect` lines say; without any, nothing is found. */
  toHoldInAllInterleavings(options?: ExploreOptions): R
  /** The text of a drill with tasks, or a scenario: some order shows such a finding. */
  toFind(judge: FoundBy, options?: ExploreOptions): R
  /** The text of a drill with tasks, or a scenario: some order ends so, in the words of `hmmu explore --outcomes`. */
  toReach(outcome: string, options?: ExploreOptions): R
}

// Declarations of one interface have to have the same parameters.
declare global {
  namespace jest {
    // biome-ignore lint/complexity/noBannedTypes: as above
    interface Matchers<R, T = {}> extends HmmuMatchers<R> {}
  }
}

// biome-ignore lint/suspicious/noTsIgnore: not an error where it is there
/** @ts-ignore It is not there for those who use another runner. */
declare module 'expect' {
  interface Matchers<R extends void | Promise<void>, T = unknown> extends HmmuMatchers<R> {}
}

// biome-ignore lint/suspicious/noTsIgnore: not an error where it is there
/** @ts-ignore It is not there for those who use another runner. */
declare module 'vitest' {
  // biome-ignore lint/suspicious/noExplicitAny: as above
  interface Matchers<T = any> extends HmmuMatchers<T> {}
}

/** What a runner's `expect` has; older ones lack some of it. */
interface Expect {
  extend?(all: typeof matchers): void
  addEqualityTesters?(testers: typeof equalityTesters): void
  addSnapshotSerializer?(serializer: typeof snapshotSerializer): void
}

const { expect } = globalThis as { expect?: Expect }
expect?.extend?.(matchers)
expect?.addEqualityTesters?.(equalityTesters)
expect?.addSnapshotSerializer?.(snapshotSerializer)
