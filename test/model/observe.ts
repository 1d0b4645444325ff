// SPDX-License-Identifier: GPL-2.0-only
//
// The observable state of page numbers.

import type { Frame, Unit } from './page'
import { HUGE, type ModelProcess } from './process'
import type { Seen } from './side'

const KINDS = { zero: 'zero', present: 'sys', device: 'dev', migration: 'mig' } as const

interface HasBits {
  readonly write: boolean
  readonly dirty: boolean
  readonly young: boolean
  readonly soft: boolean
}

export function see(process: ModelProcess, start: number, end: number): Seen[] {
  const counts = new Map<Unit, number>()
  return Array.from({ length: end - start }, (_, i) => seePage(process, start + i, counts))
}

/** `counts` caches reference counts, because counting a huge page takes long. */
function seePage(process: ModelProcess, page: number, counts: Map<Unit, number>): Seen {
  const vma = process.vmas.at(page)
  if (vma === undefined) return nothing('nomap')
  if (vma.special) return nothing('special')
  const huge = process.hugeAt(page)
  if (huge !== undefined) {
    return seen(huge.unit === undefined ? 'hzero' : 'huge', huge, huge.unit?.frames[page % HUGE], counts)
  }
  const entry = process.entries.get(page)
  return entry === undefined ? nothing('none') : seen(KINDS[entry.state], entry, entry.frame, counts)
}

function nothing(kind: string): Seen {
  return { kind, bits: '', frame: undefined, refCount: 0, mapCount: 0, value: undefined }
}

function seen(kind: string, entry: HasBits, frame: Frame | undefined, counts: Map<Unit, number>): Seen {
  const { write, dirty, young, soft } = entry
  const bits = `${write ? 'w' : '-'}${dirty ? 'd' : '-'}${young ? 'a' : '-'}${soft ? 's' : '-'}`
  if (frame === undefined) return { ...nothing(kind), bits }
  const { unit, device, mapCount, value } = frame
  const refCount = counts.get(unit) ?? unit.refCount
  counts.set(unit, refCount)
  return { kind, bits, frame: device === undefined ? frame : `D${device}`, refCount, mapCount, value }
}
