// SPDX-License-Identifier: GPL-2.0-only
//
// LRU lists and pagevecs that a step has changed, with the order of their pages.

import type { RecordedList, TermGroup } from '../record/types'
import type { Moment } from './changes'
import { frameName } from './state'
import { number } from './words'

export interface ListLine {
  /** As terms name it. */
  readonly word: string
  readonly group: TermGroup
  /** Of a pagevec. */
  readonly cpu?: string
  /** The pages in their order: the head of a list first, of a pagevec the one that came first. */
  readonly now: string
  readonly was: string
}

/** More runs of neighbours are counted. */
const MOST_RUNS = 8

/** LRU lists first, each group in the order of the record. */
export function listLines(moment: Moment): ListLine[] {
  const { step, state, before } = moment
  const lines = Object.keys(step.lists ?? {}).map((name) => ({
    ...partsOf(name),
    now: pagesOf(moment, state.lists[name]),
    was: pagesOf(moment, before.lists[name]),
  }))
  return [...lines.filter(({ group }) => group === 'lru'), ...lines.filter(({ group }) => group !== 'lru')]
}

function partsOf(name: string): Pick<ListLine, 'word' | 'group' | 'cpu'> {
  const [cpu, word] = name.split('/')
  return word === undefined ? { word: name, group: 'lru' } : { word, group: 'pagevecs', cpu: cpu! }
}

function pagesOf({ replay: { recording } }: Moment, list: RecordedList | undefined): string {
  if (!list || list.pages === 0) return 'empty'
  const shown = list.runs.slice(0, MOST_RUNS)
  const size = shown.reduce((sum, [first, last]) => sum + Math.abs(last - first) + 1, 0)
  const names = shown.map(([first, last]) =>
    first === last ? frameName(recording, first) : `${frameName(recording, first)}–${frameName(recording, last)}`,
  )
  return `${names.join(' ')}${size < list.pages ? ` … ${number(list.pages)} pages` : ''}`
}
