// SPDX-License-Identifier: GPL-2.0-only
//
// What commands and drivers did, in the words of the kernel that the machine emulates.

import type { Profile } from '../../lib'
import { pagesOfRow } from '../../lib/view/cells'
import { memoryOf, ownersOf, ownerText } from '../../lib/view/frame-rows'
import { regionRows } from '../../lib/view/region-rows'
import { sentenceOf } from '../../lib/view/sentence'
import { plain } from '../../lib/view/words'
import { bookOf } from './records'

/** The sentences of a drill. */
function sentences(text: string, profile?: Profile): string[] {
  const book = bookOf(text, profile)
  return book.recording.steps.map((_, n) => plain(sentenceOf(book, n)))
}

const ROUND_TRIP = 'A map buf anon 2\nA write buf 1\nA migrate buf to dev\nA read buf[0]\n'

test('a driver that brings pages back takes frames of RAM', () => {
  const all = sentences(ROUND_TRIP)
  expect(all).toContain('The driver takes 2 device pages, copies, and fills dst.')
  expect(all).toContain('The driver takes 1 frame of RAM, copies, and fills dst.')
})

test('a driver that takes no page says so', () => {
  expect(sentences('A map buf anon 1\nA write buf 1\nA migrate buf to dev skip=0\n')).toContain(
    'The driver takes no page.',
  )
})

test('a frame of RAM that a fault handler has taken is shown as a destination, not counted as a page table', () => {
  const book = bookOf(ROUND_TRIP)
  const step = book.recording.steps.findIndex(({ fault, stage }) => fault && stage === 'alloc_and_copy')
  const [before, moment] = [book.moment(step - 1), book.moment(step)]
  const memory = memoryOf(moment, false, new Set())
  const row = memory.rows.find(({ item }) => item.isNew)!
  expect(ownerText(moment, ownersOf(moment), row)).toEqual({ kind: 'destination', text: 'for buf[0]' })
  expect(memory.others).toBe(memoryOf(before, false, new Set()).others)
})

test('behind a migration, a command releases the lock of its address space; tasks end only where there were some', () => {
  expect(sentences(ROUND_TRIP)).toContain('The caller releases mmap_sem, and the command ends.')
  expect(sentences(ROUND_TRIP)).not.toContain('The tasks that ran in between are gone.')
  expect(sentences(ROUND_TRIP, 'linux-6.12').join()).not.toMatch(/mmap_sem|are gone/)
  const raced = sentences('A map buf anon 1\nA write buf 1\nA migrate buf to dev\n  @alloc A write buf 2\n')
  expect(raced).toContain('The tasks that ran in between are gone.')
})

test('a skipped command says that it was skipped', () => {
  const all = sentences('A map buf anon 1\nB read buf\nA migrate buf to dev\n  @alloc B read buf\n')
  const skipped = 'B read buf is skipped: the process, region or handle that it names does not exist.'
  expect(all.filter((sentence) => sentence === skipped)).toHaveLength(2)
})

test('references that commands take and drop', () => {
  const all = sentences('A map buf anon 4\nA write buf 1\nA pin buf[1] as dma\nA pin buf as all\ndrop all\ndrop dma\n')
  expect(all.slice(3)).toEqual([
    'A pin buf[1] as dma takes a reference to #7.',
    'A pin buf as all takes 4 references to #6–#9.',
    'drop all drops the 4 references to #6–#9.',
    'drop dma drops the reference to #7.',
  ])
})

test('on 6.12 a migration is three calls, and an eviction three others', () => {
  const all = sentences(`${ROUND_TRIP}evict all\n`, 'linux-6.12')
  expect(all.join()).not.toMatch(/migrate_vma\(\)/)
  expect(all).toContain('migrate_vma_finalize() returns. 2 of 2 pages moved.')
  expect(all).toContain('In the fault handler, migrate_vma_finalize() returns. 1 of 1 page moved.')
  expect(all).toContain('migrate_vma_setup() has returned. The driver takes 2 device pages, copies, and fills dst.')
  expect(all).toContain('migrate_vma_pages() has returned. The driver learns from src what has moved, and maps it.')
  expect(all.join()).toMatch(/migrate_device_range\(\) has returned\..*migrate_device_finalize\(\) returns\./)
})

test('pages that are scattered are counted from the first one', () => {
  const writes = Array.from({ length: 40 }, (_, i) => `A write buf[${2 * i + 1}] 1`)
  const book = bookOf(['A map buf anon 100', ...writes, ''].join('\n'))
  const rows = regionRows(book.moment(book.last), 'A/buf')
  expect(rows.map(pagesOfRow)).toContain('39 pages from 1')
})
