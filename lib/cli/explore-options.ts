// SPDX-License-Identifier: GPL-2.0-only
//
// The options of `hmmu explore`.

import { availableParallelism } from 'node:os'
import { Option } from 'commander'
import { type DrillSource, profileOf } from '../drill'
import { DEFAULT_POINTS, type ExploreOptions } from '../explore'
import { type Profile, type SwitchPoint, switchPointNames } from '../index'
import { UsageError } from './exit-codes'
import { searchProgress } from './explore-progress'

export interface ExploreCommandOptions {
  readonly profile?: Profile
  readonly filter?: readonly string[]
  readonly points?: readonly SwitchPoint[]
  readonly preemptions?: number
  readonly states?: number
  readonly memory?: number
  readonly time?: number
  readonly workers?: number
  readonly selfcheck?: true
  readonly handlerRetries?: true
  readonly allTwins?: true
  readonly verify?: true
  readonly blame?: true
  readonly outcomes?: true
  readonly json?: true
  readonly diff?: Profile
  readonly replay?: string
  /** True: of the first finding. So do the next ones, if `replay` names no order. */
  readonly toDrill?: string | true
  readonly view?: string | true
  readonly trace?: string
  readonly record?: string
  readonly port: number
  readonly random?: number
  readonly seed?: number
}

export const MIB = 2 ** 20
export const MOST_WORKERS = 64

export function pointsOption(): Option {
  const text = `where calls stop in their middle, with commas between: ${switchPointNames.join(', ')}; all; none (default: ${DEFAULT_POINTS.join(', ')})`
  return new Option('--points <names>', text).argParser((value) => {
    if (value === 'none') return []
    if (value === 'all') return switchPointNames
    return value.split(',').map((name) => {
      const point = switchPointNames.find((each) => each === name)
      if (point === undefined)
        throw new UsageError(`there is no switching point '${name}' (${switchPointNames.join(', ')})`)
      return point
    })
  })
}

export function workersOf({ workers }: ExploreCommandOptions): number {
  return workers ?? Math.min(availableParallelism(), MOST_WORKERS)
}

/** How a drill is explored, with a line on the terminal that says how far it is. */
export function searchOptions(source: DrillSource, options: ExploreCommandOptions): ExploreOptions {
  const { points, preemptions, states, time, handlerRetries, allTwins, verify, selfcheck, memory } = options
  const bytes = memory === undefined ? undefined : memory * MIB
  const limits = { preemptions, states, time, bytes, workers: workersOf(options) }
  const onProgress = options.json ? undefined : searchProgress(source.name)
  const profile = options.profile ?? profileOf(source.file)
  return { ...limits, points, handlerRetries, allTwins, verify, selfcheck, profile, onProgress, stopOnInterrupt: true }
}
