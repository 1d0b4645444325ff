// SPDX-License-Identifier: GPL-2.0-only
//
// The memory cgroup of the processes: which pages are charged, its limit, and who waits for a page of it.
//
// A page is uncharged when its last reference goes. As the model does not count, the group looks for such pages whenever
// somebody asks. The kernel charges in batches, but close to the limit page by page: batches show nowhere.

import type { Steps } from '../steps'
import { WakeQueue } from '../wake-queue'
import { reclaimGroup } from './memcg-reclaim'
import type { Folio, Frame } from './page'
import type { Space } from './space'
import type { World } from './world'

/** How often a charge that does not fit begins reclaim anew. */
const MOST_ROUNDS = 18

export class Memcg {
  readonly #world: World
  readonly #limit: number
  readonly #charged = new Set<Frame>()
  readonly #queue = new WakeQueue()
  /** The process of the present command. */
  current: Space | undefined

  /** `limit`: in pages; 0: there is none. */
  constructor(world: World, limit: number) {
    this.#world = world
    this.#limit = limit
  }

  /** Processes are in the group while they run commands. */
  has(space: Space): boolean {
    return space === this.current || space.threads > 0
  }

  /** The folios that have charged pages, in the order of their charges. */
  get folios(): Set<Folio> {
    return new Set([...this.#charged].map(({ folio }) => folio))
  }

  get limited(): boolean {
    return this.#limit > 0
  }

  /** mem_cgroup_charge(): new pages of a process of the group. False: they do not fit, whatever is reclaimed. */
  charge(...frames: readonly Frame[]): boolean {
    if (!this.limited) return true
    this.#look()
    for (let round = 0; this.#charged.size + frames.length > this.#limit; round++) {
      if (round === MOST_ROUNDS) return false
      reclaimGroup(this.#world)
      this.#look()
    }
    for (const frame of frames) this.#charged.add(frame)
    return true
  }

  /** mem_cgroup_migrate(): the charge goes to the page that takes another one's place. */
  move(from: Frame, to: Frame): void {
    if (this.#charged.delete(from)) this.#charged.add(to)
  }

  /** A page of a device that was freed begins another life. */
  forget(frame: Frame): void {
    if (this.#charged.delete(frame)) this.#queue.wake()
  }

  /** mem_cgroup_oom_synchronize(): wait until a page is uncharged. Others may take that page first. */
  *wait(): Steps<void> {
    this.#look()
    yield* this.#queue.wait(() => this.#look())
  }

  #look(): void {
    const counts = new Map<Folio, number>()
    const before = this.#charged.size
    for (const frame of this.#charged) {
      const count = counts.get(frame.folio) ?? frame.folio.refCount
      counts.set(frame.folio, count)
      if (count === 0) this.#charged.delete(frame)
    }
    if (this.#charged.size < before) this.#queue.wake()
  }
}
