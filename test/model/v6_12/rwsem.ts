// SPDX-License-Identifier: GPL-2.0-only
//
// mmap_lock: many readers or one writer.
//
// Those who come wait behind those who wait. But while nobody has the lock, one who comes gets it before a writer that was
// woken and has not begun to run; a writer that came while the lock was taken prevents that (RWSEM_FLAG_HANDOFF). If a
// reader is the first of those that wait, all readers that wait get the lock, also those behind a writer.

import type { Steps } from '../steps'

interface Ticket {
  readonly write: boolean
}

export class RwSem {
  readonly #inside = new Set<Ticket>()
  #waiting: Ticket[] = []
  /** It is for one that waits: nobody may come in before. */
  #kept = false

  /** Whether nobody has it, or waits for it. */
  get idle(): boolean {
    return this.#inside.size === 0 && this.#waiting.length === 0
  }

  /** down_read_trylock() would succeed. */
  get mayRead(): boolean {
    return this.#waiting.length === 0 && !this.#written
  }

  get #written(): boolean {
    return [...this.#inside].some(({ write }) => write)
  }

  /** Take it for reading without waiting; returns a function that releases it. */
  enter(): () => void {
    const ticket = { write: false }
    this.#inside.add(ticket)
    return () => this.#leave(ticket)
  }

  /** Take it; returns a function that releases it. */
  *acquire(write: boolean): Steps<() => void> {
    const ticket = { write }
    let done = false
    try {
      if (this.#isFor(ticket)) this.#enter(ticket)
      else yield* this.#wait(ticket)
      done = true
    } finally {
      if (!done) this.#leave(ticket)
    }
    return () => this.#leave(ticket)
  }

  #isFor({ write }: Ticket): boolean {
    if (this.#inside.size === 0) return this.#waiting.length === 0 || !this.#kept
    return !write && this.mayRead
  }

  #enter(ticket: Ticket): void {
    this.#inside.add(ticket)
    if (ticket.write) this.#kept = false
  }

  /** Run a part with the lock held. */
  *locked<T>(write: boolean, part: () => Steps<T>): Steps<T> {
    const release = yield* this.acquire(write)
    try {
      return yield* part()
    } finally {
      release()
    }
  }

  *#wait(ticket: Ticket): Steps<void> {
    this.#waiting.push(ticket)
    if (ticket.write) this.#kept = true
    yield { ready: () => this.#inside.has(ticket) || this.#take(ticket) }
  }

  /** A writer that was woken takes the lock if it is still free. */
  #take(ticket: Ticket): boolean {
    if (!ticket.write || this.#waiting[0] !== ticket || this.#inside.size > 0) return false
    this.#waiting.shift()
    this.#enter(ticket)
    return true
  }

  #leave(ticket: Ticket): void {
    this.#inside.delete(ticket)
    this.#waiting = this.#waiting.filter((each) => each !== ticket)
    if (this.#waiting.length === 0) this.#kept = false
    if (this.#written || this.#waiting[0]?.write !== false) return
    this.#kept = false
    for (const reader of this.#waiting.filter(({ write }) => !write)) this.#inside.add(reader)
    this.#waiting = this.#waiting.filter(({ write }) => write)
  }
}
