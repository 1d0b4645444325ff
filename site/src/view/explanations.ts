// SPDX-License-Identifier: GPL-2.0-only
//
// What column heads mean. All other explanations are in the record, the same as in the documents.

import { lookUp } from '../../../lib/base/look-up'
import { allLetters, type Letter, type Letters, lettersOf } from '../../../lib/view/letters'
import type { Terms } from '../record/types'

export interface Explained {
  readonly title: string
  readonly text: string
  /** Of letters: each by itself. */
  readonly letters?: readonly Letter[] | undefined
}

const HEADS: Record<string, readonly [title: string, text: string]> = {
  page: ['page', 'Its index in the region; of the device, its number after D.'],
  entry: ['entry', 'What the entry of the page table is: the kinds are at the foot of this page.'],
  'so far': ['so far', 'Why the page will not move. Empty: nothing stands against it yet.'],
  result: ['result', 'Why the page did not move, or that it has.'],
  'mapped by': [
    'mapped by',
    'Pages whose entries map it. In parentheses: a migration entry stands in. For: a destination.',
  ],
  bits: ['bits', 'Of the entry.'],
  frame: ['frame', 'The page frame that the entry holds: # of RAM, D of the device.'],
  src: ['src', 'What migrate_vma() tells the driver.'],
  dst: ['dst', 'Where the driver wants the page.'],
  refs: [
    'page_count()',
    'One mark a reference: ■ a mapping, ○ the device, hatched the migration, hourglass a waiting task, diamond a pin, □ a pagevec.',
  ],
  maps: ['page_mapcount()', 'How many entries map the page.'],
  lock: ['PG_locked', 'Whether somebody holds the lock of the page.'],
  LRU: ['LRU', 'The list of reclaim that the page is on.'],
  flags: ['page flags', 'Of the page; lock and LRU list have columns of their own.'],
  byte: ['byte', 'The first byte of the page.'],
  cpages: ['cpages', 'Entries that are still to be migrated, of those collected.'],
}

/** Heads of columns of letters. */
const LETTERS: Record<string, Letters> = { bits: 'bits', src: 'words', dst: 'words', flags: 'flags' }

/** The explanation of `group:word`, or of letters: `bits:w--s`, `words:VMLW`, `flags:u-r-b-` behind `letters:`. */
export function explain(terms: Terms, key: string): Explained | undefined {
  const colon = key.indexOf(':')
  const [group, word] = [key.slice(0, colon), key.slice(colon + 1)]
  if (group === 'heads') {
    const head = lookUp(HEADS, word)
    const column = lookUp(LETTERS, word)
    return head && { title: head[0], text: head[1], letters: column && allLetters(terms, column) }
  }
  if (group === 'letters') {
    const [column, letters = ''] = word.split(':')
    return { title: letters, text: '', letters: lettersOf(terms, column as Letters, letters) }
  }
  const text = lookUp(lookUp(terms as Readonly<Record<string, Readonly<Record<string, string>>>>, group) ?? {}, word)
  return text === undefined ? undefined : { title: word, text }
}
