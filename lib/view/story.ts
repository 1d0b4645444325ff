// SPDX-License-Identifier: GPL-2.0-only
//
// The history of one page: each step that changed its entry, its frames, or its src and dst.

import type { Book } from './book'
import { framesOf } from './changes'
import { pageRecording } from './page-recording'
import type { PageKey } from './pages'
import { Replay } from './replay'
import { mappingsOf, reverseMap } from './rmap'
import {
  type EntryRun,
  entryAt,
  type FrameRun,
  frameAt,
  frameName,
  type MachineState,
  migrationOf,
  wordAt,
} from './state'
import { stopsBy } from './stops'
import { hexByte, holderText, isSurplus } from './words'

export interface Event {
  readonly step: number
  readonly text: string
  readonly stopped: boolean
  readonly kind: string | undefined
}

/**
 * The history of a page.
 * @param replay its states; those of the page alone tell all of it
 */
export function storyOf(book: Book, page: PageKey, replay = new Replay(pageRecording(book.recording, page))): Event[] {
  const stopsOfPage = stopsBy(book.stopsOf(page), ({ step }) => step)
  const out: Event[] = []
  for (let step = 0; step <= book.last; step++) {
    const [before, state] = [replay.at(step - 1), replay.at(step)]
    if (before === state) continue
    const stops = (stopsOfPage.get(step) ?? []).map(({ why, fault }) => (fault ? `SIGBUS: ${why}` : `gives up: ${why}`))
    const parts = [
      ...entryParts(book, before, state, page),
      ...stops,
      ...wordParts(book, before, state, page),
      ...frameParts(before, state, page),
    ]
    const kind = entryAt(state, page.at, page.index)?.kind
    if (parts.length > 0) out.push({ step, text: parts.join(', '), stopped: stops.length > 0, kind })
  }
  return out
}

function entryParts({ recording }: Book, before: MachineState, state: MachineState, { at, index }: PageKey): string[] {
  if (before.entries.get(at) === state.entries.get(at)) return []
  const [was, now] = [entryAt(before, at, index), entryAt(state, at, index)]
  if (!was) return now ? ['mapped, nothing there yet'] : []
  if (!now) return ['unmapped']
  return entryChange(recording, was, now)
}

function entryChange(recording: Book['recording'], was: EntryRun, now: EntryRun): string[] {
  const frame = frameName(recording, now.pfn)
  if (was.kind !== now.kind) return [`${was.kind} → ${now.kind}${frame && ` ${frame}`}`]
  const moved = was.pfn === now.pfn ? [] : [`${frameName(recording, was.pfn)} → ${frame}`]
  return was.bits === now.bits ? moved : [...moved, `bits ${was.bits ?? '-'} → ${now.bits ?? '-'}`]
}

function wordParts({ recording }: Book, before: MachineState, state: MachineState, page: PageKey): string[] {
  const now = migrationOf(state, page.at)
  const word = wordAt(now, page.index)
  if (!now || !word) return []
  const earlier = migrationOf(before, page.at)
  const was = earlier?.id === now.id ? wordAt(earlier, page.index) : undefined
  if (!was) return word.why === 'none' ? [`src ${word.src}`] : []
  if (was.dst === word.dst || word.dst === '-') return []
  return [`dst ${word.dst} ${frameName(recording, word.dstPfn)}`]
}

function frameParts(before: MachineState, state: MachineState, page: PageKey): string[] {
  if (before.frames === state.frames && before.entries === state.entries) return []
  return framesOf(state, page.at, page.index).flatMap((pfn) => {
    const [was, now] = [frameAt(before, pfn), frameAt(state, pfn)]
    return was && now ? [...frameChange(was, now), ...mapChange(before, state, pfn)] : []
  })
}

function frameChange(was: FrameRun, now: FrameRun): string[] {
  const isListed = ({ flags }: FrameRun): boolean => flags.split(' ').includes('lru')
  return [
    ...minus(now.held, was.held).map((held) => `+1 reference: ${holderText(held)}`),
    ...minus(was.held, now.held).map((held) => `−1 reference: ${holderText(held)}`),
    ...(isListed(was) && !isListed(now) ? ['off its LRU list'] : []),
    ...(was.byte !== undefined && now.byte !== undefined && was.byte !== now.byte
      ? [`byte ${hexByte(was.byte)} → ${hexByte(now.byte)}`]
      : []),
  ]
}

/** Holders of one list that another lacks, of those that stop a page. */
function minus(list: readonly string[], other: readonly string[]): string[] {
  const rest = [...other]
  return list.filter(isSurplus).filter((held) => {
    const i = rest.indexOf(held)
    if (i >= 0) rest.splice(i, 1)
    return i < 0
  })
}

function mapChange(before: MachineState, state: MachineState, pfn: number): string[] {
  if (before.entries === state.entries) return []
  const count = mappingsOf(reverseMap(state), pfn).length
  const was = mappingsOf(reverseMap(before), pfn).length
  return count > was && was > 0 ? [`mapped ${count} times`] : []
}
