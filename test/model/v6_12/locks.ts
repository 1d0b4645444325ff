// SPDX-License-Identifier: GPL-2.0-only
//
// The locks of an address space: mmap_lock, and a lock for each mapping.
//
// A fault takes the lock of its mapping for reading if it can. A writer has mmap_lock, and marks each mapping before it
// changes the mapping: it waits there for the faults that have the lock. A mapping that is marked, or on which a writer
// waits, lets no fault in until the writer gives up mmap_lock.

import type { Steps } from '../steps'
import type { Vma } from '../vma'
import { RwSem } from './rwsem'

export class Locks {
  readonly #mmap = new RwSem()
  /** How many faults have the lock of a mapping. */
  readonly #faults = new Map<Vma, number>()
  readonly #closed = new Set<Vma>()

  /** Whether nobody is in a call or a fault. */
  get idle(): boolean {
    return this.#mmap.idle && this.#faults.size === 0
  }

  /** mmap_read_trylock() */
  get mayRead(): boolean {
    return this.#mmap.mayRead
  }

  /** Take mmap_lock for reading without waiting; returns a function that releases it. */
  enter(): () => void {
    return this.#mmap.enter()
  }

  /** Take mmap_lock for reading; returns a function that releases it. */
  acquire(): Steps<() => void> {
    return this.#mmap.acquire(false)
  }

  read<T>(part: () => Steps<T>): Steps<T> {
    return this.#mmap.locked(false, part)
  }

  write<T>(part: () => Steps<T>): Steps<T> {
    const closed = this.#closed
    return this.#mmap.locked(true, function* () {
      try {
        return yield* part()
      } finally {
        closed.clear()
      }
    })
  }

  /** vma_start_write() */
  *mark(vma: Vma): Steps<void> {
    this.#closed.add(vma)
    if (this.#faults.has(vma)) yield { ready: () => !this.#faults.has(vma) }
  }

  /** vma_start_read(). Returns a function that releases the lock; undefined if a writer is there. */
  tryFault(vma: Vma): (() => void) | undefined {
    if (this.#closed.has(vma)) return undefined
    this.#faults.set(vma, (this.#faults.get(vma) ?? 0) + 1)
    return () => {
      const left = (this.#faults.get(vma) ?? 0) - 1
      if (left > 0) this.#faults.set(vma, left)
      else this.#faults.delete(vma)
    }
  }
}
