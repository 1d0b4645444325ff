// SPDX-License-Identifier: GPL-2.0-only
//
// A drill's transcript as a model predicts it.

import type { Drill } from '../../lib/drill'
import type { Player } from './player'

/** Device pages of a drill that does not say how many. */
const DEVICE_PAGES = 1024

/** `playerFor` makes a player for a machine with so many device pages. */
export function replay<P, T, H>(
  { devmem, commands }: Drill,
  playerFor: (devicePages: number) => Player<P, T, H>,
): string[] {
  const player = playerFor(devmem?.pages ?? DEVICE_PAGES)
  const lines = devmem === undefined ? [] : [devmem.text]
  for (const command of commands) {
    const { lines: printed, ended } = player.play(command)
    lines.push(...printed)
    if (ended) break
  }
  return lines
}
