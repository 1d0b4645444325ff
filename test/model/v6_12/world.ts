// SPDX-License-Identifier: GPL-2.0-only
//
// All of the model: the processes, and what watchers were told.

import { MlockBatch } from './mlock'
import { type Invalidation, Space } from './space'

export class World {
  readonly spaces = new Set<Space>()
  readonly mlocks = new MlockBatch()
  #invalidations: Invalidation[] = []
  #made = 0

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
