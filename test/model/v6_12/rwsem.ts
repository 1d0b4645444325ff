// SPDX-License-Identifier: GPL-2.0-only
//
// mmap_lock: many readers or one writer.
//
// A reader waits behind a writer that waits. But a call that gives the lock up and wants it again at once gets it, before
// those that were woken have begun to run. If a reader is the first of those that wait, all readers that wait get the
// lock, also those behind a writer.

import type { Steps } from '../steps'

interface Ticket {
  readonly write: boolean
}

export class RwSem {
  readonly #inside = new Set<Ticket>()
  #waiting: Ticket[] = []

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

  /** Take it; returns a function that releases it. `again`: the caller has just given it up. */
  *acquire(write: boolean, again = false): Steps<() => void> {
    const ticket = { write }
    let done = false
    try {
      if (this.#isFor(ticket, again)) this.#inside.add(ticket)
      else yield* this.#wait(ticket)
      done = true
    } finally {
      if (!done) this.#leave(ticket)
    }
    return () => this.#leave(ticket)
  }

  #isFor({ write }: Ticket, again: boolean): boolean {
    if (this.#inside.size === 0) return again || this.#waiting.length === 0
    return !write && this.mayRead
  }

  /** Run a part with the lock held. */
  *locked<T>(write: boolean, part: () => Steps<T>, again = false): Steps<T> {
    const release = yield* this.acquire(write, again)
    try {
      return yield* part()
    } finally {
      release()
    }
  }

  *#wait(ticket: Ticket): Steps<void> {
    this.#waiting.push(ticket)
    yield { ready: () => this.#inside.has(ticket) || this.#take(ticket) }
  }

  /** A writer that was woken takes the lock if it is still free. */
  #take(ticket: Ticket): boolean {
    if (!ticket.write || this.#waiting[0] !== ticket || this.#inside.size > 0) return false
    this.#waiting.shift()
    this.#inside.add(ticket)
    return true
  }

  #leave(ticket: Ticket): void {
    this.#inside.delete(ticket)
    this.#waiting = this.#waiting.filter((each) => each !== ticket)
    if (this.#written || this.#waiting[0]?.write !== false) return
    for (const reader of this.#waiting.filter(({ write }) => !write)) this.#inside.add(reader)
    this.#waiting = this.#waiting.filter(({ write }) => write)
  }
}
