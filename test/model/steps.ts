// SPDX-License-Identifier: GPL-2.0-only
//
// How the model waits. A function that may have to wait is a generator. It yields the condition, and goes on when the
// condition holds. `return()` on the generator cancels a wait; `finally` blocks then give back locks and references.

export interface Wait {
  ready(): boolean
}

export type Steps<T> = Generator<Wait, T, void>

/** A command under way. */
export class Job<T> {
  readonly #steps: Steps<T>
  #wait: Wait | undefined
  #result: { value: T } | undefined
  #progress = 0

  constructor(steps: Steps<T>) {
    this.#steps = steps
  }

  get result(): { value: T } | undefined {
    return this.#result
  }

  /** How often it went on. */
  get progress(): number {
    return this.#progress
  }

  /** Begin, or go on as far as possible. True when the job has ended. */
  run(): boolean {
    while (this.#result === undefined && (this.#wait === undefined || this.#wait.ready())) {
      this.#progress += 1
      const step = this.#steps.next()
      if (step.done) this.#result = { value: step.value }
      else this.#wait = step.value
    }
    return this.#result !== undefined
  }

  /** Cancel the wait. */
  cancel(): void {
    this.#steps.return(undefined as T)
  }
}

interface Ticket {
  readonly write: boolean
  granted: boolean
}

/** mmap_sem: many readers or one writer. A reader that comes after a waiting writer waits, too. */
export class Semaphore {
  readonly #inside = new Set<Ticket>()
  #queue: Ticket[] = []

  /** Whether the semaphore has no holder and no waiter. */
  get idle(): boolean {
    return this.#inside.size === 0 && this.#queue.length === 0
  }

  /** Take it for reading without waiting; returns a function that releases it. */
  enter(): () => void {
    const ticket: Ticket = { write: false, granted: true }
    this.#inside.add(ticket)
    return () => this.#leave(ticket)
  }

  /** Run a part with the semaphore read-locked. */
  *read<T>(part: () => Steps<T>): Steps<T> {
    return yield* this.#locked({ write: false, granted: false }, part)
  }

  /** Run a part with the semaphore write-locked. */
  *write<T>(part: () => Steps<T>): Steps<T> {
    return yield* this.#locked({ write: true, granted: false }, part)
  }

  /** Run a part that never waits itself, with the semaphore locked for writing or for reading. */
  *brief<T>(write: boolean, part: () => T): Steps<T> {
    const ticket: Ticket = { write, granted: false }
    try {
      yield* this.#admit(ticket)
      return part()
    } finally {
      this.#leave(ticket)
    }
  }

  *#locked<T>(ticket: Ticket, part: () => Steps<T>): Steps<T> {
    try {
      yield* this.#admit(ticket)
      return yield* part()
    } finally {
      this.#leave(ticket)
    }
  }

  *#admit(ticket: Ticket): Steps<void> {
    this.#queue.push(ticket)
    this.#grant()
    if (!ticket.granted) yield { ready: () => ticket.granted }
  }

  #leave(ticket: Ticket): void {
    this.#inside.delete(ticket)
    this.#queue = this.#queue.filter((each) => each !== ticket)
    this.#grant()
  }

  /** Admit waiters from the head of the queue, as long as they are compatible with the present holders. */
  #grant(): void {
    for (let first = this.#queue[0]; first !== undefined; first = this.#queue[0]) {
      const taken = first.write ? this.#inside.size > 0 : [...this.#inside].some((each) => each.write)
      if (taken) return
      this.#queue.shift()
      first.granted = true
      this.#inside.add(first)
    }
  }
}
