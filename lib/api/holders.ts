// SPDX-License-Identifier: GPL-2.0-only
//
// Who has references to pages, and their locks: what the core tells, and where in the user's code references were taken.

import { type HolderKind, holderNames, type PagevecName, pagevecNames } from '../base/defs.generated'
import { RECORD_WORDS } from '../native/layout'
import type { Core } from './core'
import { hex, type PageBases, pageCell, shownAs, table } from './inspect'

/** Somebody who has references to a page, or its lock. */
export interface Holder {
  /** The page; of a huge page the part in question, which has its references in common with the others. */
  readonly pfn: number
  /** Who it is; {@link holderTexts} has a sentence on each. */
  readonly kind: HolderKind
  /** How many references: they add up to page_count(). */
  readonly refs: number
  /** How many such holders this stands for: pins of one page. A DMA pin of a small page is 1024 references. */
  readonly count: number
  /** It has the page's lock. */
  readonly lock: boolean
  /** The process of `mapping` and `exclusive_entry`. */
  readonly pid?: number
  /** The page's address there. */
  readonly address?: number
  /** The task of `migration`, `wait` and `fault`; a migration of a device range has none. */
  readonly tid?: number
  /** Of `migration`: the entry. */
  readonly entry?: number
  /** Of `pagevec`: the CPU. */
  readonly cpu?: number
  /** Of `pagevec`: which one. */
  readonly pagevec?: PagevecName
  /** Of `page_cache`: the index in its file, in pages. */
  readonly index?: number
  /** Of `swap_cache`: the slot. */
  readonly slot?: number
  /**
   * Where in the caller's code references of `pin`, `dma_pin`, `hold`, `isolation` and `exclusive` were taken, as `file.ts:12`, the
   * oldest first. Absent if no {@link PageRef} of them is known, or the host has no such stacks.
   */
  readonly since?: readonly string[]
}

/** The holders of a page, or with 0 of all pages. */
export function holders(core: Core, pfn: number): Holder[] {
  const words = listOf((out) => core.check(core.native.holders(pfn, out)), RECORD_WORDS.holder, 16)
  const ints = new Int32Array(words.buffer)
  const list = Array.from({ length: words.length / RECORD_WORDS.holder }, (_, i) =>
    decode(core, words, ints, i * RECORD_WORDS.holder),
  )
  // The tally meets pages by their holders.
  list.sort((a, b) => a.pfn - b.pfn)
  return shownAs(list, (some) => holderTable(some, core))
}

/**
 * The records of a list of which the length is not known beforehand.
 * @param fill has the list written to an array, as far as there is room, and returns how many there are
 */
export function listOf(fill: (out: BigUint64Array) => number, recordWords: number, guess = 0): BigUint64Array {
  let out = new BigUint64Array(guess * recordWords)
  const count = fill(out)
  if (count > guess) {
    out = new BigUint64Array(count * recordWords)
    fill(out)
  }
  // A copy, if it is shorter: its buffer has nothing else.
  return out.length === count * recordWords ? out : out.slice(0, count * recordWords)
}

function decode(core: Core, words: BigUint64Array, ints: Int32Array, word: number): Holder {
  const int = word * 2
  const kind = holderNames[ints[int + 1] ?? 0] ?? 'mapping'
  const pfn = (ints[int] ?? 0) >>> 0
  return {
    pfn,
    kind,
    refs: ints[int + 2] ?? 0,
    count: ints[int + 3] ?? 0,
    lock: ((ints[int + 7] ?? 0) & 0xff) !== 0,
    ...details(kind, ints[int + 6] ?? 0, Number(words[word + 2])),
    ...since(core, kind, pfn),
  }
}

function details(kind: HolderKind, id: number, at: number): Partial<Holder> {
  if (kind === 'mapping' || kind === 'exclusive_entry') return { pid: id, address: at }
  if (kind === 'migration') return id === 0 ? { entry: at } : { tid: id, entry: at }
  if (kind === 'wait' || kind === 'fault') return { tid: id }
  if (kind === 'pagevec') return { cpu: id, pagevec: pagevecNames[at] ?? 'lru_add' }
  if (kind === 'page_cache') return { index: at }
  return kind === 'swap_cache' ? { slot: at } : {}
}

function since(core: Core, kind: HolderKind, pfn: number): Partial<Holder> {
  const places = [...(core.pageRefs.get(pfn) ?? [])]
    .filter((ref) => ref.kind === kind)
    .map((ref) => ref.since)
    .filter((place) => place !== undefined)
  return places.length > 0 ? { since: places } : {}
}

/** Holders that explain themselves by what a page is, and stop no migration. */
const ORDINARY: ReadonlySet<HolderKind> = new Set(['mapping', 'page_cache', 'swap_cache', 'pagemap', 'destination'])

/** A holder in words, which go on after the page: `pinned for DMA since test.ts:12`. */
export function holderText(holder: Holder): string {
  const { kind, count, lock, tid, cpu, pagevec, entry, since: places } = holder
  const times = count > 1 ? ` ${count} times` : ''
  const texts: Record<HolderKind, string> = {
    mapping: `mapped by process ${holder.pid} at ${hex(holder.address ?? 0)}`,
    exclusive_entry: `device-exclusive in process ${holder.pid} at ${hex(holder.address ?? 0)}`,
    page_cache: `page ${holder.index} of a file`,
    swap_cache: `in the swap cache, slot ${holder.slot}`,
    pagevec: `in the pagevec ${pagevec} of CPU ${cpu}`,
    migration: `entry ${entry} of a migration${tid === undefined ? '' : ` of task ${tid}`}`,
    destination: 'destination of a migration',
    driver: lock && holder.refs === 0 ? 'locked by a driver' : 'allocated by a driver',
    wait: `task ${tid} waits for its lock`,
    fault: `task ${tid} faults on it`,
    pin: `pinned${times}`,
    dma_pin: `pinned for DMA${times}`,
    exclusive: `exclusive of a driver${times}`,
    hold: 'held',
    isolation: 'isolated',
    huge_zero: 'the huge zero page',
    leak: `${count} references are lost`,
    pagemap: 'of a device',
  }
  const from = places === undefined ? '' : ` since ${places.join(', ')}`
  return `${texts[kind]}${from}${lock && kind !== 'driver' ? ', with its lock' : ''}`
}

function holderTable(list: readonly Holder[], bases: PageBases): string {
  const rows = list.map((holder) => {
    const { prefix, number } = pageCell(holder.pfn, bases)
    return [`${prefix}${number}`, String(holder.refs), holderText(holder)]
  })
  return table(['page', 'refs', 'holder'], rows)
}

/** Key of the method that returns {@link heldLines} of pages, which the matchers ask for. */
export const heldPages: unique symbol = Symbol.for('hmmu.heldPages')

/** The most pages that are said to be held. */
const MOST_HELD = 16

/**
 * Lines on pages that somebody holds besides their mappings and caches: `  page 3 (#7): pinned for DMA since test.ts:12`.
 * @param pages page frame numbers by the index that the reader knows them by; several may have one page
 */
export function heldLines(core: Core, pages: ReadonlyMap<number, number>): string {
  if (pages.size === 0) return ''
  const byPage = new Map<number, Holder[]>()
  for (const holder of holders(core, 0)) {
    if (ORDINARY.has(holder.kind)) continue
    const list = byPage.get(holder.pfn)
    if (list) list.push(holder)
    else byPage.set(holder.pfn, [holder])
  }
  const lines = [...pages].flatMap(([page, pfn]) => {
    const list = byPage.get(pfn)
    const { prefix, number } = pageCell(pfn, core)
    // A page that was just made is in a pagevec, as are most.
    return list?.some(({ kind }) => kind !== 'pagevec')
      ? [`  page ${page} (${prefix}${number}): ${list.map(holderText).join('; ')}\n`]
      : []
  })
  const more = lines.length > MOST_HELD ? `  … ${lines.length - MOST_HELD} more pages are held\n` : ''
  return lines.slice(0, MOST_HELD).join('') + more
}
