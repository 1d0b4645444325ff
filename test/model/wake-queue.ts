// SPDX-License-Identifier: GPL-2.0-only
//
// A queue of the kernel whose waiters are all woken together. They go on one after the other, the one that came last first.

import type { Steps } from './steps'

type Waiter = object

export class WakeQueue {
  /** Who came last is first. */
  #waiting: Waiter[] = []
  /** Those who were woken and have not gone on yet. */
  #woken: Waiter[] = []

  wake(): void {
    this.#woken.push(...this.#waiting)
    this.#waiting = []
  }

  /** `look` is called again and again; it wakes the queue if there is a reason to. */
  *wait(look: () => void): Steps<void> {
    const waiter: Waiter = {}
    this.#waiting.unshift(waiter)
    try {
      yield { ready: () => this.#isNext(waiter, look) }
    } finally {
      this.#waiting = this.#waiting.filter((each) => each !== waiter)
      this.#woken = this.#woken.filter((each) => each !== waiter)
    }
  }

  #isNext(waiter: Waiter, look: () => void): boolean {
    look()
    return this.#woken[0] === waiter
  }
}
