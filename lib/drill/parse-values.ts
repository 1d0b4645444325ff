// SPDX-License-Identifier: GPL-2.0-only
//
// The values that stand in commands: names, numbers, places, lists of pages.

import { excerpt } from '../base/visible'
import type { PageRange, Place } from './ast'
import { type Vocabulary, without, wordsOf } from './language'
import { oneOf, type Word, type Words } from './words'

const PROCESS = /^[A-Z][A-Z0-9]*$/
const LOWER_CASE = /^[a-z][a-z0-9]*$/
const PLACE = /^([a-z][a-z0-9]*)(?:\[([0-9]+)(?:-([0-9]+))?\])?$/
const PAGES = /^([0-9]+)(?:-([0-9]+))?$/

/** Page numbers above this can't be in any machine's RAM; the limit keeps lists of pages small. */
const PAGE_MAX = 2 ** 28 - 1

export const PROCESS_EXPECTED = 'a process (upper-case letters and digits)'

export function isProcess(word: Word): boolean {
  return PROCESS.test(word.text)
}

export function parseProcess(words: Words): string {
  return matching(words, PROCESS, PROCESS_EXPECTED)
}

export function parseRegionName(words: Words): string {
  return matching(words, LOWER_CASE, 'a region (a lower-case word)')
}

export function parseHandle(words: Words): string {
  return matching(words, LOWER_CASE, 'a handle (a lower-case word)')
}

function matching(words: Words, pattern: RegExp, expected: string): string {
  const word = words.take(expected)
  if (!pattern.test(word.text)) throw words.unexpected(word, expected)
  return word.text
}

/** One of a few words. */
export function parseChoice<T extends string>(words: Words, vocabulary: Vocabulary<T>, what: string): T {
  const choices = wordsOf(vocabulary, words.kernel)
  const expected = `${what} (${oneOf(choices)})`
  const word = words.take(expected)
  const choice = choices.find((each) => each === word.text)
  if (choice === undefined) throw words.unexpected(word, expected, vocabulary)
  return choice
}

/** Words that may stand in any order, each at most once. */
export function parseFlags(words: Words, allowed: Vocabulary): Map<string, Word> {
  const flags = new Map<string, Word>()
  for (let word = words.takeIf(allowed); word !== undefined; word = words.takeIf(allowed)) {
    if (flags.has(word.text)) throw words.error(word.column, `'${word.text}' stands there twice`)
    flags.set(word.text, word)
  }
  words.end(without(allowed, new Set(flags.keys())))
  return flags
}

/** A decimal number of pages. */
export function parsePages(words: Words, min: number, max: number = PAGE_MAX): number {
  return parseCount(words, 'a number of pages', min, max)
}

/** A decimal number. @param what names it in errors */
export function parseCount(words: Words, what: string, min: number, max: number): number {
  const expected = `${what} (${min} to ${max})`
  const word = words.take(expected)
  const value = /^[0-9]+$/.test(word.text) ? Number(word.text) : Number.NaN
  if (!(value >= min && value <= max)) throw words.unexpected(word, expected)
  return value
}

/** A byte, decimal or 0x…. */
export function parseByte(words: Words): number {
  const expected = 'a byte (0 to 255, or 0x0 to 0xff)'
  const word = words.take(expected)
  const value = /^([0-9]+|0x[0-9a-fA-F]+)$/.test(word.text) ? Number(word.text) : Number.NaN
  if (!(value <= 255)) throw words.unexpected(word, expected)
  return value
}

export function parsePlace(words: Words): Place {
  const expected = 'a place (REGION, REGION[PAGE] or REGION[FIRST-LAST])'
  const word = words.take(expected)
  const match = PLACE.exec(word.text)
  if (match === null) throw words.unexpected(word, expected)
  const [, region = '', from, to] = match
  if (from === undefined) return { region, first: undefined, last: undefined }
  const [first, last] = pageRange(words, word.column + region.length + 1, from, to)
  return { region, first, last }
}

/** `i,j-k` */
export function parsePageList(words: Words, { text, column }: Word): PageRange[] {
  const ranges: PageRange[] = []
  let at = column
  for (const item of text.split(',')) {
    const match = PAGES.exec(item)
    if (match === null)
      throw words.error(at, `expected page numbers (I or I-J, separated by commas), found '${excerpt(item)}'`)
    const [first, last] = pageRange(words, at, match[1] ?? '', match[2])
    ranges.push({ first, last })
    at += item.length + 1
  }
  return ranges
}

/** The pages from one number to another one, which stands behind a character. `column` is where the first begins. */
export function pageRange(words: Words, column: number, from: string, to: string | undefined): [number, number] {
  const first = Number(from)
  const last = to === undefined ? first : Number(to)
  const wrong = (at: number, expected: string, found: string) =>
    words.error(at, `expected ${expected}, found '${excerpt(found)}'`)
  if (first > PAGE_MAX) throw wrong(column, `a page number (0 to ${PAGE_MAX})`, from)
  const columnOfLast = column + from.length + 1
  if (last > PAGE_MAX) throw wrong(columnOfLast, `a page number (0 to ${PAGE_MAX})`, to ?? from)
  if (last < first) throw wrong(columnOfLast, `a last page of at least ${first}`, to ?? from)
  return [first, last]
}
