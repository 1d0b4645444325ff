// SPDX-License-Identifier: GPL-2.0-only
//
// mmap_lock of a call that may give it up in between.

import type { Steps } from '../steps'
import type { Locks } from './locks'

export class ReadLock {
  readonly #locks: Locks
  #release: (() => void) | undefined

  constructor(locks: Locks) {
    this.#locks = locks
  }

  get held(): boolean {
    return this.#release !== undefined
  }

  *take(): Steps<void> {
    this.#release ??= yield* this.#locks.acquire()
  }

  readonly giveUp = (): void => {
    this.#release?.()
    this.#release = undefined
  };

  /** Run a part, which may give the lock up. */
  *during<T>(part: () => Steps<T>): Steps<T> {
    yield* this.take()
    try {
      return yield* part()
    } finally {
      this.giveUp()
    }
  }
}
