// SPDX-License-Identifier: GPL-2.0-only

import { type Region, regionEnd } from './layout'

/** The regions of a process, by name and by address. None is ever taken away: a name stays after its region was unmapped. */
export class Regions {
  readonly #byName: Map<string, Region>
  /** In address order, which is the order in which they were placed. */
  readonly #ordered: Region[]

  /** @param parent those that a forked process starts with */
  constructor(parent?: Regions) {
    this.#byName = new Map(parent ? parent.#byName : [])
    this.#ordered = parent ? [...parent.#ordered] : []
  }

  get(name: string): Region | undefined {
    return this.#byName.get(name)
  }

  names(): Iterable<string> {
    return this.#byName.keys()
  }

  /** All of them, in address order. */
  all(): readonly Region[] {
    return this.#ordered
  }

  add(region: Region): void {
    this.#byName.set(region.name, region)
    this.#ordered.splice(this.#firstFrom(region.address), 0, region)
  }

  /** The region above another one. */
  next(region: Region): Region | undefined {
    return this.#ordered[this.#firstFrom(region.address + 1)]
  }

  /** Those that a range of addresses touches, in address order. An empty range touches none. */
  touching(start: number, end: number): Region[] {
    if (start >= end) return []
    let first = this.#firstFrom(start)
    const before = this.#ordered[first - 1]
    if (before !== undefined && start < regionEnd(before)) first -= 1
    return this.#ordered.slice(first, this.#firstFrom(end))
  }

  /** Index of the first region that starts at an address or above. */
  #firstFrom(address: number): number {
    let [low, high] = [0, this.#ordered.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#ordered[middle]?.address ?? address) < address) low = middle + 1
      else high = middle
    }
    return low
  }
}
