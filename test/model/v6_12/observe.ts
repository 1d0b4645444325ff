// SPDX-License-Identifier: GPL-2.0-only
//
// The observable state of page numbers.

import type { Seen } from '../side'
import type { Bits } from './bits'
import { type Entry, FLAGS, type Folio, type Frame } from './page'
import { HUGE, type Space } from './space'
import type { SwapSlot } from './swap'

const KINDS = {
  ...({
    zero: 'zero',
    present: 'sys',
    marker: 'marker',
    device: 'dev',
    migration: 'mig',
    exclusive: 'excl',
    swap: 'swap',
  } as const),
}

/** Counts of a folio; counting a huge page takes long. */
type Counts = Map<Folio, number>

export function see(space: Space, start: number, end: number): Seen[] {
  const counts: Counts = new Map()
  return Array.from({ length: end - start }, (_, i) => seePage(space, start + i, counts))
}

function seePage(space: Space, page: number, counts: Counts): Seen {
  const vma = space.vmas.at(page)
  if (vma === undefined) return nothing('nomap')
  if (vma.special) return nothing('special')
  const huge = space.hugeAt(page)
  if (huge !== undefined) {
    if (huge.folio === undefined) return nothing('hzero', huge)
    return seen('huge', huge, huge.folio.frames[page % HUGE] as Frame, huge.folio.head, counts)
  }
  const entry = space.entries.get(page)
  if (entry === undefined) return nothing('none')
  if (entry.kind === 'marker') return nothing('marker')
  if (entry.slot !== undefined) return seeSlot(entry, entry.slot, counts)
  if (entry.frame === undefined) return nothing('zero', entry)
  const coherent = entry.kind === 'present' && entry.frame.memory === 'coherent'
  return seen(coherent ? 'coh' : KINDS[entry.kind], entry, entry.frame, entry.frame, counts)
}

/** With the page in the swap cache. */
function seeSlot(entry: Entry, { users, cached }: SwapSlot, counts: Counts): Seen {
  if (cached === undefined) return { ...nothing('swap', entry), users }
  return { ...seen('swap', entry, cached.head, cached.head, counts), users }
}

function nothing(kind: string, entry?: Bits): Seen {
  const bits = entry === undefined ? '' : bitsOf(entry)
  return { kind, bits, wp: entry?.wp ?? false, frame: undefined, refCount: 0, mapCount: 0, value: undefined }
}

type Shown = Bits & { readonly alone?: boolean }

function bitsOf({ write, wp, dirty, young, soft, alone = false }: Shown): string {
  const first = write ? 'w' : wp ? 'p' : alone ? 'x' : '-'
  return `${first}${dirty ? 'd' : '-'}${young ? 'a' : '-'}${soft ? 's' : '-'}`
}

/** `owner`: the page whose mark says that it is exclusive. */
function seen(kind: string, entry: Shown, frame: Frame, owner: Frame, counts: Counts): Seen {
  const { folio, mapCount, value } = frame
  const refCount = counts.get(folio) ?? folio.refCount
  counts.set(folio, refCount)
  const name = frame.device === undefined ? frame : `${frame.memory === 'coherent' ? 'C' : 'D'}${frame.device}`
  const flags = flagsOf(frame, owner)
  return { kind, bits: bitsOf(entry), wp: entry.wp, frame: name, refCount, mapCount, flags, value }
}

function flagsOf(frame: Frame, owner: Frame): string {
  const { folio } = frame
  const flags = [
    folio.locked ? 'locked' : '',
    ...FLAGS.map((flag) => (folio.has(flag) ? flag : '')),
    folio.large ? (folio.head === frame ? 'head' : 'tail') : '',
    owner.exclusive ? 'exclusive' : '',
    folio.slot === undefined ? '' : 'swapcache',
  ]
  return flags.filter((flag) => flag !== '').join(',') || '-'
}
