// SPDX-License-Identifier: GPL-2.0-only

import { address, invalid, PAGE_SIZE, pageCount } from '../base/validate'
import type { Core } from './core'
import { Mapping } from './mapping'

/** Pages from an address on. A {@link Mapping} is one, and {@link Mapping.range} makes parts of it. */
export interface PageRange {
  /** Address of the first byte. */
  readonly start: number
  /** How many pages. */
  readonly pages: number
}

/** A range in either form, and the argument after it. */
export function rangeOf(
  core: Core,
  args: readonly unknown[],
): { start: number; pages: number; length: number; rest: unknown } {
  const [first, second, third] = args
  const given = typeof first === 'object' && first !== null
  if (!given && typeof first !== 'number')
    throw invalid('range', 'a Mapping, { start, pages }, or address and pages', first)
  if (first instanceof Mapping) core.same('the mapping', first.process.core)
  const range = given ? (first as PageRange) : { start: first as number, pages: second as number }
  const start = address(range.start)
  const pages = pageCount(range.pages)
  return { start, pages, length: pages * PAGE_SIZE, rest: given ? second : third }
}
