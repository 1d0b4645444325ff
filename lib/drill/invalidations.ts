// SPDX-License-Identifier: GPL-2.0-only

import type { MachineEvent } from '../api'
import { PAGE_BYTES, regionEnd } from './layout'
import { pageRange } from './runs'
import { type Actor, Misuse, type World } from './world'

/** The `inv` lines of invalidations in watched processes since the last call, in order. */
export function invalidationLines(world: World): string[] {
  if (world.watched.size === 0) return []
  const { eventsLost } = world.machine.counters()
  if (eventsLost > 0) throw new Misuse(`the machine had no room for ${eventsLost} events; the command touches too much`)
  const lines: string[] = []
  for (const event of world.takeEvents()) {
    const actor = event.type === 'invalidate_start' ? world.watched.get(event.pid) : undefined
    if (actor === undefined) continue
    for (const line of eventLines(actor, event)) lines.push(line)
  }
  return lines
}

/** One line a region that the event touches, cut to the region. */
function eventLines(actor: Actor, event: MachineEvent): string[] {
  const start = Number(event.a)
  const end = Number(event.b)
  return actor.regions.touching(start, end).map((region) => {
    const first = Math.floor((Math.max(start, region.address) - region.address) / PAGE_BYTES)
    const last = Math.ceil((Math.min(end, regionEnd(region)) - region.address) / PAGE_BYTES) - 1
    return `inv ${actor.name} ${region.name}${pageRange(first, last)}`
  })
}
