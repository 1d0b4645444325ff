// SPDX-License-Identifier: GPL-2.0-only
//
// A drill's transcript as a model predicts it.

import type { Drill } from '../../lib/drill'
import { devicePagesOf } from '../../lib/drill/runner'
import type { Player } from './player'
import type { Sizes } from './side'

/** `playerFor` makes a player for a machine of these sizes. */
export function replay<P, T, H>(drill: Drill, playerFor: (sizes: Sizes) => Player<P, T, H>): string[] {
  const swapPages = drill.head.find((command) => command.verb === 'swap')?.pages ?? 0
  const memcgLimit = drill.head.find((command) => command.verb === 'memcg')?.pages ?? 0
  const player = playerFor({
    devicePages: devicePagesOf(drill),
    coherentPages: devicePagesOf(drill, 'coherent'),
    swapPages,
    memcgLimit,
  })
  const lines = drill.head.map((command) => command.text)
  for (const command of drill.commands) {
    const { lines: printed, ended } = player.play(command)
    lines.push(...printed)
    if (ended) break
  }
  return lines
}
