// SPDX-License-Identifier: GPL-2.0-only
//
// The names that a random command can use at present, and the random choices.

import type { Region } from '../model/player'
import type { Pair } from './pair'

/** A region that a sequence may work on. */
export interface RegionShape {
  readonly name: string
  /** The words after the name in `map`. */
  readonly map: string
  readonly pages: number
  /** Page numbers at which ranges begin and end; all if absent. */
  readonly edges?: readonly number[]
}

export const REGIONS: readonly RegionShape[] = [
  { name: 'an', map: 'anon 6', pages: 6 },
  { name: 'th', map: 'anon 516 at2m thp', pages: 516, edges: [0, 1, 2, 255, 256, 509, 510, 511, 512, 513, 515] },
  { name: 'sh', map: 'shmem 4', pages: 4 },
  { name: 'fi', map: 'file 20', pages: 20, edges: [0, 1, 7, 8, 15, 16, 17, 19] },
  { name: 'ro', map: 'anon 3 ro', pages: 3 },
  { name: 'pm', map: 'anon 260', pages: 260, edges: [0, 1, 253, 254, 255, 256, 257, 258, 259] },
  { name: 'sf', map: 'sharedfile 3', pages: 3 },
  { name: 'sp', map: 'special 2', pages: 2 },
  { name: 'rs', map: 'shmem 3 ro', pages: 3 },
  { name: 'rf', map: 'file 18 ro thp', pages: 18, edges: [0, 1, 15, 16, 17] },
]

const PROCESSES = ['A', 'B', 'C', 'D']

/** Numbers for random choices, used in order. Small numbers choose first items, because shrinking leads there. */
export class Dice {
  readonly #numbers: readonly number[]
  #next = 0

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers
  }

  below(limit: number): number {
    return (this.#numbers[this.#next++] ?? 0) % limit
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T
  }
}

/** `th2` is named after the region `th`. */
const baseOf = (name: string) => name.replace(/[0-9]+$/, '')

/** What a region was mapped as, or moved from. */
function shapeOf({ name, pages }: Region): RegionShape {
  const shape = REGIONS.find((each) => each.name === baseOf(name)) as RegionShape
  if (shape.name === name) return shape
  const { edges, ...rest } = shape
  return { ...rest, name, pages, ...(edges && { edges: [...new Set(edges.map((edge) => Math.min(edge, pages - 1)))] }) }
}

export class Scene {
  readonly processes: string[]
  readonly handles: string[]
  /** Whether the memory cgroup has a limit. */
  readonly limited: boolean
  /** The process whose migration stands, if commands within it are chosen. */
  migrating: string | undefined
  readonly #pair: Pair<never, never>
  #newHandles = 0
  readonly #newRegions = new Set<string>()

  constructor(pair: Pair<never, never>) {
    this.#pair = pair
    this.limited = pair.limited
    this.processes = [...pair.model.actors.keys()].sort()
    this.handles = [...pair.model.handles.keys()]
  }

  /** One of the processes, the first one as often as all others. */
  process(dice: Dice): string {
    const others = this.processes.slice(1)
    return dice.pick([...this.processes, ...others.map(() => this.processes[0] as string)])
  }

  /** One of the regions of a process; undefined if it has none. */
  region(process: string, dice: Dice, fits: (shape: RegionShape) => boolean = () => true): RegionShape | undefined {
    const known = this.#pair.model.actors.get(process)?.regions
    const shapes = [...(known?.values() ?? [])].map(shapeOf).filter(fits)
    return shapes.length === 0 ? undefined : dice.pick(shapes)
  }

  /** A name for what is moved from a region. */
  movedName({ name }: RegionShape): string {
    const taken = (each: string) => [...this.#pair.model.actors.values()].some(({ regions }) => regions.has(each))
    let moves = 1
    while (taken(`${baseOf(name)}${moves}`)) moves += 1
    return `${baseOf(name)}${moves}`
  }

  /** A region that a process has not mapped yet. */
  newRegion(process: string, dice: Dice): RegionShape | undefined {
    const known = this.#pair.model.actors.get(process)?.regions
    const shapes = REGIONS.filter(({ name }) => !known?.has(name) && !this.#newRegions.has(`${process} ${name}`))
    if (shapes.length === 0) return undefined
    const shape = dice.pick(shapes)
    this.#newRegions.add(`${process} ${shape.name}`)
    return shape
  }

  newProcess(): string | undefined {
    const name = PROCESSES.find((each) => !this.processes.includes(each))
    if (name !== undefined) this.processes.push(name)
    return name
  }

  newHandle(): string {
    const taken = this.#pair.model.handles
    while (taken.has(`h${this.#newHandles}`)) this.#newHandles += 1
    return `h${this.#newHandles++}`
  }
}
