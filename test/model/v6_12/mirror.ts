// SPDX-License-Identifier: GPL-2.0-only
//
// hmm_range_fault(), as a driver calls it that mirrors a range.

import type { Errno, MirrorHow } from '../side'
import type { Steps } from '../steps'
import type { Vma } from '../vma'
import { handleFault } from './fault'
import { KEPT } from './fault-lock'
import type { Interval } from './interval'
import { type Entry, isPresent } from './page'
import { blockOf, HUGE, type Space } from './space'
import { waitUnlocked } from './wait'

/** Rounds after which a driver gives up. */
const MOST_ROUNDS = 10_000

/** The words of a range, as drills print them; or an errno. */
export function* mirror(space: Space, start: number, end: number, how: MirrorHow): Steps<string[] | Errno> {
  const interval: Interval = { start, end, owner: how.owner, changed: false }
  space.intervals.add(interval)
  try {
    for (let round = 0; round < MOST_ROUNDS; round++) {
      interval.changed = false
      const walk = new Walk(space, interval, how)
      const result = yield* space.locks.read(() => walk.run())
      if (result === 'ok' && !interval.changed) return walk.words
      if (result !== 'ok' && result !== 'EBUSY') return result
    }
    return 'EBUSY'
  } finally {
    space.intervals.delete(interval)
  }
}

/** A part of a range: of one mapping, or of a gap; within one page table. */
interface Part {
  readonly vma: Vma | undefined
  readonly from: number
  readonly to: number
}

class Walk {
  readonly words: string[] = []
  readonly #space: Space
  readonly #interval: Interval
  readonly #how: MirrorHow

  constructor(space: Space, interval: Interval, how: MirrorHow) {
    this.#space = space
    this.#interval = interval
    this.#how = how
  }

  /** Go on behind the words that are known. EBUSY: the driver has to begin anew. */
  *run(): Steps<'ok' | Errno> {
    const { start, end } = this.#interval
    for (;;) {
      if (this.#interval.changed) return 'EBUSY'
      const at = start + this.words.length
      if (at === end) return 'ok'
      const error = yield* this.#walkPart(this.#partAt(at, end))
      if (error !== 'ok') return error
    }
  }

  #partAt(from: number, end: number): Part {
    const vma = this.#space.vmas.find(from)
    if (vma === undefined || vma.start > from) return { vma: undefined, from, to: Math.min(vma?.start ?? end, end) }
    const last = Math.min(vma.end, end)
    const size = this.#space.hasHugeTable(from) ? HUGE : HUGE * HUGE
    return { vma, from, to: Math.min((Math.floor(from / size) + 1) * size, last) }
  }

  *#walkPart({ vma, from, to }: Part): Steps<'ok' | Errno> {
    if (vma === undefined || vma.flags.kind === 'special' || !vma.flags.read) {
      if (this.#how.fault) return 'EFAULT'
      this.#add('E', to - from)
      return 'ok'
    }
    if (vma.flags.kind === 'hugetlb' && this.#space.hasHugeTable(from)) return this.#walkHugetlb(vma, from, to)
    const huge = this.#space.hugeAt(from)
    if (huge !== undefined) {
      if (this.#isNeeded(true, huge.write)) return yield* this.#fault(vma, from, to)
      this.#add(huge.write ? 'VW o9' : 'V o9', to - from)
      return 'ok'
    }
    if (!this.#space.smallTables.has(blockOf(from))) {
      if (this.#how.fault) return yield* this.#fault(vma, from, to)
      this.#add('-', to - from)
      return 'ok'
    }
    for (let page = from; page < to; page++) {
      const error = yield* this.#walkEntry(vma, page, to)
      if (error !== 'ok' || this.#interval.start + this.words.length === page) return error
    }
    return 'ok'
  }

  /** A hugetlb entry has its order even if it is empty. */
  #walkHugetlb(vma: Vma, from: number, to: number): 'ok' | Errno {
    const { hugetlb } = this.#space
    const block = blockOf(from)
    const writable = hugetlb.get(block)
    if (this.#isNeeded(writable !== undefined, writable ?? false)) {
      if (this.#how.write && !vma.flags.write) return 'EPERM'
      this.#space.vmas.prepareAnonVma(vma)
      hugetlb.set(block, this.#how.write)
      return 'ok'
    }
    this.#add(`${writable === undefined ? '-' : writable ? 'VW' : 'V'} o9`, to - from)
    return 'ok'
  }

  /** If no word was added, the walk has to begin here again. */
  *#walkEntry(vma: Vma, page: number, to: number): Steps<'ok' | Errno> {
    const entry = this.#space.entries.get(page)
    const word = entry === undefined ? '-' : this.#wordOf(entry)
    if (word.endsWith('dev')) {
      this.#add(word)
      return 'ok'
    }
    const needed = this.#isNeeded(word !== '-', entry?.write ?? false)
    if (!needed) {
      this.#add(word)
      return 'ok'
    }
    if (entry?.kind === 'migration') {
      yield* waitUnlocked(entry.frame)
      return 'ok'
    }
    return yield* this.#fault(vma, page, to)
  }

  #wordOf({ kind, write, frame }: Entry): string {
    const flags = write ? 'VW' : 'V'
    if (kind === 'present' && frame?.memory === 'coherent') return `${flags} coh`
    if (kind === 'device' && this.#how.owner === 'device') return `${flags} dev`
    return isPresent(kind) ? flags : '-'
  }

  #isNeeded(valid: boolean, writable: boolean): boolean {
    const { fault, write } = this.#how
    return fault && (!valid || (write && !writable))
  }

  /** hmm_vma_fault(): all pages to the end of the part, whether they need it or not. */
  *#fault(vma: Vma, from: number, to: number): Steps<'ok' | Errno> {
    const { write } = this.#how
    if (write && !vma.flags.write) return 'EPERM'
    for (let page = from; page < to; page++) {
      const outcome = yield* handleFault(this.#space, vma, page, write ? 'write' : 'read', KEPT)
      if (outcome !== 'ok') return 'EFAULT'
    }
    return 'ok'
  }

  #add(word: string, count = 1): void {
    for (let i = 0; i < count; i++) this.words.push(word)
  }
}
