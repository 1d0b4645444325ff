// SPDX-License-Identifier: GPL-2.0-only
//
// Translations of CPUs, by the names of pages.

import { keyOf, regionOf } from './pages'
import type { MachineState } from './state'
import { placeOfAddress } from './stops'

export interface CachedTranslation {
  /** As buf[0]. */
  readonly page: string
  readonly pfn: number
  readonly stale: boolean
}

export interface CpuTranslations {
  readonly cpu: string
  readonly translations: readonly CachedTranslation[]
}

/** Translations of the pages of a process, CPU by CPU. CPUs without any are left out. */
export function translationsOf(state: MachineState, process: string): CpuTranslations[] {
  const pid = state.processes[process]?.pid
  const byCpu = new Map<string, CachedTranslation[]>()
  for (const [key, { pfn, stale = false }] of Object.entries(state.tlb)) {
    const [cpu, owner, address] = key.split('/')
    const place = Number(owner) === pid ? placeOfAddress(state, process, Number(address)) : undefined
    if (!place) continue
    const list = byCpu.get(cpu!) ?? []
    list.push({ page: keyOf(regionOf(place.at), place.first), pfn, stale })
    byCpu.set(cpu!, list)
  }
  return [...byCpu].map(([cpu, translations]) => ({ cpu, translations }))
}
