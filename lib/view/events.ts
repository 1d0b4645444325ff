// SPDX-License-Identifier: GPL-2.0-only
//
// The small line under a sentence: notifier events, flushes, faults, and counters that changed.

import type { RecordedEvent } from '../record/types'
import type { Moment } from './changes'
import { shown } from './pages'
import { placeOfAddress } from './stops'
import { number, type Rich } from './words'

/** Events that are shown, in words. */
const LABELS: Readonly<Record<string, string>> = {
  tlb_flush: 'TLB flush',
  invalidate_start: 'notifier',
  page_fault: 'page fault',
  device_fault: 'device fault',
  stale_tlb: 'stale translation',
}

/** More are counted. */
export const MOST_EVENTS = 9

const PAGE = 4096

const COUNTERS = /Free$|^lru|^migrated$|^inserted$|^tlbStale$/

export function eventsText(moment: Moment): Rich[] {
  const parts = [...events(moment), ...counters(moment)]
  const unique = new Map(parts.map((rich) => [JSON.stringify(rich), rich]))
  const all = [...unique.values()]
  if (all.length <= MOST_EVENTS) return all
  return [...all.slice(0, MOST_EVENTS), [`and ${number(all.length - MOST_EVENTS)} more`]]
}

function events(moment: Moment): Rich[] {
  return (moment.step.events ?? []).flatMap((event) => {
    if ('count' in event) {
      const text = LABELS[event.type]
      return text ? [[`${number(event.count)} × `, { term: event.type, group: 'events', text } as const]] : []
    }
    const rich = eventText(moment, event)
    return rich ? [rich] : []
  })
}

function eventText(moment: Moment, event: RecordedEvent): Rich | undefined {
  const place = placeText(moment, event.pid, event.a)
  const text = LABELS[event.type]
  const term = { term: event.type, group: 'events', ...(text !== undefined && { text }) } as const
  switch (event.type) {
    case 'tlb_flush':
    case 'invalidate_start':
      return [term, ` ${spanText(moment, event)}`]
    case 'page_fault':
      return [term, ` ${place}${event.b ? ', store' : ', load'}`]
    case 'device_fault':
      return [term, ` ${place}`]
    case 'stale_tlb':
      return [{ ...term, stop: true }, ` ${place}`]
    case 'device_fault_end':
      return event.b ? ['the handler gives SIGBUS'] : undefined
    default:
      return undefined
  }
}

function placeText({ state, before }: Moment, pid: number, address: number): string {
  for (const { processes, ...rest } of [state, before]) {
    for (const [name, process] of Object.entries(processes)) {
      if (process.pid !== pid) continue
      const place = placeOfAddress({ processes, ...rest }, name, address)
      if (place) return `${shown(place.at)}[${place.first}]`
    }
  }
  return `0x${address.toString(16)}`
}

/** A range of addresses as pages: "A buf[0–3]". */
function spanText(moment: Moment, { pid, a, b }: RecordedEvent): string {
  const first = placeText(moment, pid, a)
  const last = placeText(moment, pid, b - PAGE)
  const index = /\[(\d+)\]$/.exec(last)?.[1]
  return first === last || index === undefined ? first : `${first.slice(0, -1)}–${index}]`
}

function counters({ step, before }: Moment): Rich[] {
  return Object.entries(step.counters ?? {}).flatMap(([name, value]) => {
    const was = before.counters[name]
    if (was === undefined || !COUNTERS.test(name) || was === value) return []
    const by = value - was
    return [[{ term: name, group: 'counters' } as const, ` ${by > 0 ? '+' : '−'}${number(Math.abs(by))}`]]
  })
}
