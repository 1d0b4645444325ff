// SPDX-License-Identifier: GPL-2.0-only
//
// What column heads and columns' letters mean. All other explanations are in the record, the same as in the documents.

import type { Terms } from '../record/types'

const HEADS: Record<string, readonly [title: string, text: string]> = {
  page: ['page', 'Its index in the region; of the device, its number after D.'],
  entry: ['entry', 'What the entry of the page table is: the kinds are at the foot of this page.'],
  'so far': ['so far', 'Why the page will not move. Empty: nothing stands against it yet.'],
  result: ['result', 'Why the page did not move, or that it has.'],
  'mapped by': [
    'mapped by',
    'Pages whose entries map it. In parentheses: a migration entry stands in. For: a destination.',
  ],
  bits: ['bits', 'Of the entry: w writable, d dirty, a accessed, s soft-dirty.'],
  frame: ['frame', 'The page frame that the entry holds: # of RAM, D of the device.'],
  src: ['src', 'What migrate_vma() tells the driver: V valid, M migrate, L locked, W write, D device.'],
  dst: ['dst', 'Where the driver wants the page: V valid, L locked, D device, E error.'],
  word: ['V M L W D E', 'Valid, Migrate, Locked, Write, Device, Error.'],
  refs: [
    'page_count()',
    'One mark a reference: ■ a mapping, ○ the device, hatched the migration, hourglass a waiting task, diamond a pin, □ a pagevec.',
  ],
  maps: ['page_mapcount()', 'How many entries map the page.'],
  lock: ['PG_locked', 'Whether somebody holds the lock of the page.'],
  LRU: ['LRU', 'The list of reclaim that the page is on.'],
  flags: ['page flags', 'u uptodate, d dirty, r referenced, a active, b swapbacked, m mlocked.'],
  byte: ['byte', 'The first byte of the page.'],
  cpages: ['cpages', 'Entries that are still to be migrated, of those collected.'],
}

/** The explanation of `group:word`. */
export function explain(terms: Terms, key: string): { title: string; text: string } | undefined {
  const colon = key.indexOf(':')
  const [group, word] = [key.slice(0, colon), key.slice(colon + 1)]
  if (group === 'heads') {
    const head = HEADS[word]
    return head && { title: head[0], text: head[1] }
  }
  const text = terms[group as keyof Terms]?.[word]
  return text === undefined ? undefined : { title: word, text }
}
