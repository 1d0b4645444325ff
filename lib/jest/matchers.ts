// SPDX-License-Identifier: GPL-2.0-only
//
// The matchers. What is said about several pages has to hold for each of them, and behind `.not` for none.

import { inspect } from 'node:util'
import type { Machine } from '../api/machine'
import { type WhyName, whyValues } from '../base/defs.generated'
import { invalid, oneOf } from '../base/validate'
import { type RunOptions, runSource } from '../drill'
import { checkExpectedEntry, differences, type ExpectedEntry } from './expected-entry'
import { toFind, toHoldInAllInterleavings, toReach } from './explore-matchers'
import { drillLines, machineLines, machineOf, type RunningTest } from './last-steps'
import { migrationSubject, type Pages, pageList, pageSubject, type Subject } from './subjects'

/** What the matchers use of `this`: both Jest and Vitest have it. */
export interface MatcherContext extends RunningTest {
  /** `.not` stands before the matcher. */
  readonly isNot?: boolean | undefined
  /** Deep equality, as `toEqual()` has it. */
  equals(a: unknown, b: unknown): boolean
  /** Parts of messages. */
  readonly utils: {
    /** The head line of a message. */
    matcherHint(name: string, received?: string, expected?: string, options?: { isNot?: boolean }): string
    /** Two values line by line. */
    diff(expected: unknown, received: unknown): string | null | undefined
  }
}

/** Whether it matched, and what is said where that was not wanted. */
export interface MatcherResult {
  /** Whether it matched; behind `.not` that is what is not wanted. */
  readonly pass: boolean
  /** What is said where it is not as wanted. */
  readonly message: () => string
}

/**
 * A matcher's head line, and what comes below it.
 * @param see how to see what was looked at
 */
function result(
  context: MatcherContext,
  pass: boolean,
  hint: readonly [string, string, string],
  body: () => string,
  see: () => string,
) {
  const [name, received, expected] = hint
  const options = { isNot: context.isNot === true }
  let text: string | undefined
  const message = (): string => {
    text ??= `${context.utils.matcherHint(name, received, expected, options)}\n\n${body().trimEnd()}${see()}`
    return text
  }
  return { pass, message }
}

/**
 * Judges each page: all have to match, or none where `.not` stands before.
 * @param claim goes on `to …`
 */
function eachPage<Item>(
  context: MatcherContext,
  hint: readonly [string, string, string],
  subject: Subject<Item>,
  claim: string,
  matches: (item: Item) => boolean,
  details: (wrong: ReadonlyMap<number, Item>) => string = () => '',
): MatcherResult {
  const isNot = context.isNot === true
  const wrong = new Map([...subject.items].filter(([, item]) => matches(item) === isNot))
  const pass = wrong.size === 0 ? !isNot : isNot
  const body = () => {
    const asked = pageList(subject.items.keys())
    const wanted = `Expected ${asked} ${isNot ? 'not ' : ''}to ${claim}`
    const verdict = subject.items.size === 1 ? '' : `, wrong: ${pageList(wrong.keys())}`
    const held = subject.held(wrong.keys())
    const who = held === '' ? '' : `\nThese pages are held:\n${held.trimEnd()}`
    return `${wanted}${verdict}\n${details(wrong)}${subject.table()}${who}`
  }
  return result(context, pass, hint, body, () => machineLines(context, subject.machine))
}

/** What stands between a matcher's brackets. */
function argumentsText(...args: unknown[]): string {
  const given = args.filter((value) => value !== undefined)
  return given.map((value) => inspect(value, { breakLength: Infinity })).join(', ')
}

function toBeBalanced(this: MatcherContext, machine: unknown): MatcherResult {
  const { verify } = (machine ?? {}) as Partial<Machine>
  if (typeof verify !== 'function') throw invalid('what toBeBalanced() looks at', 'a Machine', machine)
  const complaints = verify.call(machine)
  const body = () => {
    if (complaints.length === 0) return `Expected verify() to complain, and it does not:\n${inspect(machine)}`
    return `verify() complains:\n${complaints.map((text) => `  ${text}\n`).join('')}${inspect(machine)}`
  }
  const see = () => machineLines(this, machineOf(machine))
  return result(this, complaints.length === 0, ['toBeBalanced', 'machine', ''], body, see)
}

function toBeDevicePrivate(this: MatcherContext, subject: unknown, pages?: Pages): MatcherResult {
  const hint = ['toBeDevicePrivate', 'pages', argumentsText(pages)] as const
  const seen = pageSubject('toBeDevicePrivate', subject, pages)
  return eachPage(this, hint, seen, 'be device-private', (entry) => entry.kind === 'dev')
}

function toHaveEntry(this: MatcherContext, subject: unknown, expected: ExpectedEntry, pages?: Pages): MatcherResult {
  checkExpectedEntry(expected)
  const seen = pageSubject('toHaveEntry', subject, pages)
  const compare = (entry: Parameters<typeof differences>[0]) =>
    differences(entry, expected, (a, b) => this.equals(a, b))
  const hint = ['toHaveEntry', 'pages', argumentsText(expected, pages)] as const
  return eachPage(
    this,
    hint,
    seen,
    'have this entry',
    (entry) => compare(entry).length === 0,
    (wrong) => (this.isNot ? '' : differencesText(new Map([...wrong].map(([page, entry]) => [page, compare(entry)])))),
  )
}

/** Pages that differ in the same way are told in one line. */
function differencesText(wrong: ReadonlyMap<number, readonly string[]>): string {
  const groups = new Map<string, number[]>()
  for (const [page, texts] of wrong) {
    const text = texts.join('; ')
    groups.set(text, [...(groups.get(text) ?? []), page])
  }
  return [...groups].map(([text, pages]) => `  ${pageList(pages)}: ${text}\n`).join('')
}

function toHaveNoLeaks(this: MatcherContext, machine: unknown): MatcherResult {
  const { leaks } = (machine ?? {}) as Partial<Machine>
  if (typeof leaks !== 'function') throw invalid('what toHaveNoLeaks() looks at', 'a Machine', machine)
  const pages = leaks.call(machine)
  const body = () => {
    if (pages.length === 0) return `Expected drivers to have pages, and they have none:\n${inspect(machine)}`
    return `Drivers have allocated these pages, and neither placed nor put them:\n${inspect(pages)}`
  }
  const see = () => machineLines(this, machineOf(machine))
  return result(this, pages.length === 0, ['toHaveNoLeaks', 'machine', ''], body, see)
}

function toHaveMoved(this: MatcherContext, subject: unknown, pages?: Pages): MatcherResult {
  const seen = migrationSubject('toHaveMoved', subject, pages)
  // MIGRATE is left in src, too, where nothing came of it as the driver was never called.
  const called = (subject as { callbacksRan?: boolean }).callbacksRan !== false
  const hint = ['toHaveMoved', 'migration', argumentsText(pages)] as const
  return eachPage(this, hint, seen, 'have moved', (entry) => called && entry.migrate)
}

function toHaveReason(this: MatcherContext, subject: unknown, why: WhyName, pages?: Pages): MatcherResult {
  oneOf('why', why, whyValues)
  const seen = migrationSubject('toHaveReason', subject, pages)
  const hint = ['toHaveReason', 'migration', argumentsText(why, pages)] as const
  return eachPage(this, hint, seen, `have the reason '${why}'`, (entry) => entry.why === why)
}

function toMatchDrill(this: MatcherContext, drill: unknown, expected: string, options?: RunOptions): MatcherResult {
  if (typeof drill !== 'string') throw invalid('what toMatchDrill() looks at', 'the text of a drill', drill)
  if (typeof expected !== 'string') throw invalid('the transcript', 'a text', expected)
  const source = { name: 'drill', file: 'drill', text: drill, firstLine: 1 }
  const { transcript, failure } = runSource(source, options)
  const [wanted, printed] = [withoutEmptyEnds(expected), withoutEmptyEnds(transcript)]
  const hint = ['toMatchDrill', 'drill', 'transcript'] as const
  const see = () => drillLines(this, source, options)
  if (failure) {
    const body = () => `The drill can't be carried out: ${failure.message}`
    return result(this, this.isNot === true, hint, body, see)
  }
  const body = () => {
    if (wanted === printed) return `Expected the drill to print anything else than:\n${printed}`
    return `The drill prints another transcript:\n${this.utils.diff(wanted, printed) ?? printed}`
  }
  return result(this, wanted === printed, hint, body, see)
}

/** Template literals begin and end with a line end, which is not meant. */
function withoutEmptyEnds(text: string): string {
  return text.replace(/^\n+|\n+$/g, '')
}

/** All matchers, for `expect.extend()`. */
export const matchers = {
  /** {@link HmmuMatchers.toBeBalanced} */
  toBeBalanced,
  /** {@link HmmuMatchers.toBeDevicePrivate} */
  toBeDevicePrivate,
  /** {@link HmmuMatchers.toHaveEntry} */
  toHaveEntry,
  /** {@link HmmuMatchers.toHaveMoved} */
  toHaveMoved,
  /** {@link HmmuMatchers.toHaveNoLeaks} */
  toHaveNoLeaks,
  /** {@link HmmuMatchers.toHaveReason} */
  toHaveReason,
  /** {@link HmmuMatchers.toMatchDrill} */
  toMatchDrill,
  /** {@link HmmuMatchers.toHoldInAllInterleavings} */
  toHoldInAllInterleavings,
  /** {@link HmmuMatchers.toFind} */
  toFind,
  /** {@link HmmuMatchers.toReach} */
  toReach,
}
