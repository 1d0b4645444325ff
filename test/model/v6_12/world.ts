// SPDX-License-Identifier: GPL-2.0-only
//
// All of the model: the processes, and what watchers were told.

import type { Sizes } from '../side'
import { Device } from './device'
import { AddBatch } from './lru'
import { Memcg } from './memcg'
import { MlockBatch } from './mlock'
import { type Invalidation, Space } from './space'
import { SwapArea } from './swap'

export class World {
  readonly spaces = new Set<Space>()
  readonly device: Device
  readonly coherent: Device
  readonly swap: SwapArea
  readonly memcg: Memcg
  readonly lruAdds = new AddBatch()
  readonly mlocks = new MlockBatch()
  #invalidations: Invalidation[] = []
  #made = 0
  /** Pages of all hugetlb mappings there ever were. */
  hugetlbPages = 0

  constructor({ devicePages, coherentPages, swapPages, memcgLimit }: Sizes) {
    this.device = new Device('private', devicePages)
    this.coherent = new Device('coherent', coherentPages)
    this.swap = new SwapArea(swapPages)
    this.memcg = new Memcg(this, memcgLimit)
  }

  /** lru_add_drain() */
  drain(): void {
    this.lruAdds.drain()
    this.mlocks.drain()
  }

  space(): Space {
    const space = new Space(this.#made++, this)
    this.spaces.add(space)
    return space
  }

  report(invalidation: Invalidation): void {
    this.#invalidations.push(invalidation)
  }

  /** The invalidations since the last call. */
  takeInvalidations(): Invalidation[] {
    const taken = this.#invalidations
    this.#invalidations = []
    return taken
  }
}
