// SPDX-License-Identifier: GPL-2.0-only
//
// A machine as a whole: translations of its CPUs, page tables of its processes, all pages in use.

import { type LruListName, lruListNames, type PagevecName, pagevecNames } from '../base/defs.generated'
import { RECORD_WORDS } from '../native/layout'
import type { Core } from './core'
import { listOf } from './holders'
import { hex, pageCell, shownAs, table } from './inspect'
import { decodePages, type PageInfo, pageFlagNames } from './records'

/** A translation that a CPU keeps. */
export interface Translation {
  /** Of the page's first byte. */
  readonly address: number
  /** The process. */
  readonly pid: number
  /** The page that it leads to. */
  readonly pfn: number
  /** Stores need no walk of the tables. */
  readonly write: boolean
  /** The entry was dirty when it was read. */
  readonly dirty: boolean
  /** The tables say something else: a flush is missing, or will come before the next access. */
  readonly stale: boolean
}

/** The levels of page tables. The p4d is folded into the pgd. */
export type TableLevel = 'pgd' | 'pud' | 'pmd' | 'pte'

/** A frame that is a page table. */
export interface PageTable {
  /** Its frame. */
  readonly pfn: number
  /** Its level. */
  readonly level: TableLevel
  /** First address that it translates. */
  readonly base: number
  /** The entry of the table above, 0 for the pgd. */
  readonly entry: bigint
  /** The frame of the table above, 0 for the pgd. */
  readonly parent: number
  /** How many of its 512 entries are not empty. */
  readonly used: number
}

/** A page in the LRU. */
export interface LruPage {
  /** The page; of a huge page the first part. */
  readonly pfn: number
  /** The list, or `pagevec`. */
  readonly list: LruListName
  /** Of `pagevec`: whose it is. */
  readonly cpu?: number
  /** Of `pagevec`: which one. */
  readonly pagevec?: PagevecName
}

/** Pages of the LRU lists, and of pagevecs. */
export function lruPages(core: Core): LruPage[] {
  const words = listOf((out) => core.check(core.native.lru(out)), RECORD_WORDS.lru, 64)
  const ints = new Uint32Array(words.buffer)
  const list = Array.from({ length: words.length / RECORD_WORDS.lru }, (_, i): LruPage => {
    const [pfn = 0, which = 0, cpu = 0, vec = 0] = ints.subarray(i * 4, i * 4 + 4)
    const name = lruListNames[which] ?? 'pagevec'
    return name === 'pagevec' ? { pfn, list: name, cpu, pagevec: pagevecNames[vec] ?? 'lru_add' } : { pfn, list: name }
  })
  return shownAs(list, (some, all) =>
    table(
      ['page', 'list'],
      some.map(({ pfn, list: name, cpu, pagevec }) => [
        cell(core, pfn),
        pagevec ? `pagevec ${pagevec} of CPU ${cpu}` : name,
      ]),
      all,
    ),
  )
}

/** Translations of a CPU. */
export function translations(core: Core, cpu: number): Translation[] {
  const words = listOf((out) => core.check(core.native.tlb(cpu, out)), RECORD_WORDS.tlb, 256)
  const ints = new Uint32Array(words.buffer)
  const list = Array.from({ length: words.length / RECORD_WORDS.tlb }, (_, i) => {
    const int = i * RECORD_WORDS.tlb * 2
    const flags = ints[int + 4] ?? 0
    return {
      address: Number(words[i * RECORD_WORDS.tlb]),
      pid: ints[int + 2] ?? 0,
      pfn: ints[int + 3] ?? 0,
      write: (flags & 0xff) !== 0,
      dirty: (flags & 0xff00) !== 0,
      stale: (flags & 0xff0000) !== 0,
    }
  })
  return shownAs(list, (some, all) =>
    table(
      ['process', 'address', 'page', ''],
      some.map(({ pid, address, pfn, stale }) => [`${pid}`, hex(address), cell(core, pfn), stale ? 'stale' : '']),
      all,
    ),
  )
}

const LEVELS: readonly TableLevel[] = ['pgd', 'pgd', 'pud', 'pmd', 'pte']

/** Page tables of a process. */
export function pageTables(core: Core, pid: number): PageTable[] {
  const words = listOf((out) => core.check(core.native.tables(pid, out)), RECORD_WORDS.table, 16)
  const ints = new Uint32Array(words.buffer)
  const list = Array.from({ length: words.length / RECORD_WORDS.table }, (_, i) => {
    const word = i * RECORD_WORDS.table
    const int = word * 2
    return {
      pfn: ints[int + 4] ?? 0,
      level: LEVELS[ints[int + 5] ?? 0] ?? 'pgd',
      base: Number(words[word]),
      entry: words[word + 1] ?? 0n,
      parent: ints[int + 6] ?? 0,
      used: ints[int + 7] ?? 0,
    }
  })
  const rows = (some: readonly PageTable[]) =>
    some.map(({ pfn, level, base, used }) => [level, `#${pfn}`, hex(base), String(used)])
  return shownAs(
    list,
    (some, all) => table(['level', 'frame', 'from', 'entries'], rows(some), all),
    (one) => ({ ...one, entry: hex(one.entry) }),
  )
}

/** All pages that are in use. */
export function pagesInUse(core: Core): PageInfo[] {
  const count = core.check(core.native.pages(new BigUint64Array(0)))
  const words = listOf((out) => core.check(core.native.pages(out)), RECORD_WORDS.page, count)
  return shownAs(decodePages(words), (some, all) =>
    table(
      ['page', 'refs', 'maps', 'flags'],
      some.map((page) => [
        cell(core, page.pfn),
        String(page.refCount),
        String(page.mapCount),
        pageFlagNames(page.flags).join(','),
      ]),
      all,
    ),
  )
}

function cell(core: Core, pfn: number): string {
  const { prefix, number } = pageCell(pfn, core)
  return `${prefix}${number}`
}
