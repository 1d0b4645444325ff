// SPDX-License-Identifier: GPL-2.0-only
//
// A drill's transcript as a model predicts it.

import type { Drill } from '../../lib/drill'
import { devicePagesOf } from '../../lib/drill/runner'
import type { Player } from './player'

/** `playerFor` makes a player for a machine with so many device pages. */
export function replay<P, T, H>(drill: Drill, playerFor: (devicePages: number) => Player<P, T, H>): string[] {
  const player = playerFor(devicePagesOf(drill))
  const lines = drill.head.map((command) => command.text)
  for (const command of drill.commands) {
    const { lines: printed, ended } = player.play(command)
    lines.push(...printed)
    if (ended) break
  }
  return lines
}
