// SPDX-License-Identifier: GPL-2.0-only
//
// The events of a step.

import type { MachineEvent } from '../api'
import type { RecordedEvent, Step } from './types'

/** More events of a step are counted. */
const MOST_EVENTS = 64

/** Events in their order; of many, how many there were of each type. */
export function eventPart(events: readonly MachineEvent[]): Pick<Step, 'events'> {
  if (events.length === 0) return {}
  if (events.length <= MOST_EVENTS) return { events: events.map(eventView) }
  const counts = new Map<string, { type: string; pid: number; count: number; min: number; max: number }>()
  for (const { type, pid, a } of events) {
    const known = counts.get(`${type} ${pid}`)
    if (known)
      Object.assign(known, { count: known.count + 1, min: Math.min(known.min, a), max: Math.max(known.max, a) })
    else counts.set(`${type} ${pid}`, { type, pid, count: 1, min: a, max: a })
  }
  return { events: [...counts.values()] }
}

function eventView({ type, pid, a, b, expected, found }: MachineEvent): RecordedEvent {
  return { type, pid, a, b, ...(expected !== undefined && found !== undefined && { expected, found }) }
}
