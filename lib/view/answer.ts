// SPDX-License-Identifier: GPL-2.0-only
//
// The answer for the followed page at a moment: where it is, and why it did not move.

import { lookUp } from '../base/look-up'
import type { Book } from './book'
import { inOrder } from './frame-rows'
import type { PageKey } from './pages'
import { shown } from './pages'
import { mappingsOf, reverseMap } from './rmap'
import { covers } from './runs'
import { type EntryRun, entryAt, frameAt, frameName, isDevice } from './state'
import type { Stop } from './stops'
import { type Surplus, surplusOf } from './surplus'
import { capital, holderText, isSurplus, type Rich } from './words'

/** References as they were counted: what was expected, what was found, and whose the surplus is. */
export interface Account {
  readonly frame: string
  readonly expected: readonly string[]
  readonly found: readonly string[]
  readonly surplus: readonly string[]
}

export interface Answer {
  readonly text: Rich
  readonly account?: Account
}

export function answerOf(book: Book, page: PageKey, n: number): Answer {
  const { state } = book.moment(n)
  const entry = entryAt(state, page.at, page.index)
  const stop = stopFor(book, page, n)
  const place = entry ? placeText(book, entry) : undefined
  if (!stop) {
    if (!place) return { text: [`Page ${page.index} does not exist in this step.`] }
    return { text: [`It ${place}${entry?.bits?.startsWith('w') ? ', writable' : ''}.`] }
  }
  const now = { muted: place ? ` Now it ${place}.` : ' It does not exist in this step.' }
  const answer = stop.fault ? faultAnswer(book, stop, n) : reasonAnswer(book, stop, page, n)
  return { ...answer, text: [...answer.text, now] }
}

/** The give-up that concerns a moment: the latest one up to it, else the next one. */
function stopFor(book: Book, page: PageKey, n: number): Stop | undefined {
  const stops = book.stopsOf(page)
  let [from, end] = [0, stops.length]
  while (from < end) {
    const middle = (from + end) >>> 1
    if (stops[middle]!.step <= n) from = middle + 1
    else end = middle
  }
  return stops[from - 1] ?? stops[0]
}

function placeText({ recording }: Book, { kind, pfn }: EntryRun): string {
  const frame = frameName(recording, pfn)
  switch (kind) {
    case 'dev':
      return `is on the device, in ${frame}`
    case 'coh':
      return `is in device memory that CPUs map, in ${frame}`
    case 'sys':
    case 'huge':
      return `is in RAM, frame ${frame}`
    case 'mig':
      return `is on its way: its entry stands in for ${frame}`
    case 'zero':
    case 'hzero':
      return 'maps the shared zero page'
    case 'swap':
      return 'is swapped out'
    default:
      return 'is empty'
  }
}

const QUIRK = 'map-pte-skips-device'

const quirk = { term: QUIRK, group: 'quirks' } as const

const isQuirky = ({ recording }: Book): boolean => recording.machine.quirks.includes(QUIRK)

const reasonOf = ({ why }: Stop) => ({ term: why, group: 'whys', stop: true }) as const

function faultAnswer(book: Book, stop: Stop, n: number): Answer {
  const before = entryAt(book.replay.at(stop.step - 1), stop.at, stop.first)
  const frame = before?.pfn === undefined ? 'it' : frameName(book.recording, before.pfn)
  const blame: Rich =
    stop.why === 'still_mapped' && isQuirky(book)
      ? ['. Quirk ', quirk, ': the walk of the reverse map does not see the device entries of the other process']
      : []
  return {
    text: [
      'The access in ',
      { step: stop.step, text: `step ${stop.step}` },
      ` ${stop.step <= n ? 'ended' : 'will end'} in SIGBUS: the fault handler ${stop.step <= n ? 'could not' : 'cannot'} bring ${frame} back, `,
      reasonOf(stop),
      ...blame,
      '.',
    ],
  }
}

function reasonAnswer(book: Book, stop: Stop, { index }: PageKey, n: number): Answer {
  const before = book.replay.at(stop.step - 1)
  const entryPfn = entryAt(before, stop.at, index)?.pfn
  const pfn = stop.srcPfn === undefined ? entryPfn : stop.srcPfn + index - stop.first
  const head: Rich = [`It ${stop.step <= n ? 'did' : 'will'} not move: `, reasonOf(stop), '. ']
  const [surplus] = pfn === undefined ? [] : surplusOf(before, { ...stop, srcPfn: pfn, count: 1 })
  if (pfn !== undefined && surplus) {
    const text = [...head, ...surplusText(book, stop, surplus, n)]
    const isOwn = covers(surplus.frames[0]!, pfn)
    return isOwn && stop.step <= n ? { text, account: accountOf(book, stop, pfn) } : { text }
  }
  if (stop.why === 'still_mapped' && pfn !== undefined) return { text: [...head, ...mappedText(book, stop, pfn, n)] }
  const reason = lookUp(book.terms.whys ?? {}, stop.why)
  if (stop.step > n)
    return { text: [...head, 'In ', { step: stop.step, text: `step ${stop.step}` }, `: ${reason ?? stop.why}`] }
  return { text: [...head, reason ? `${reason} ` : '', { step: stop.step, text: `Step ${stop.step}` }, '.'] }
}

/** The step in which a holder came. */
function since(book: Book, pfn: number, held: string, step: number): number {
  let n = step
  while (n > 0 && frameAt(book.replay.at(n - 1), pfn)?.held.includes(held)) n--
  return n
}

/** Whose reference was one too many: in the past, now, or in the future of a step. */
function surplusText(book: Book, { step }: Stop, { held, frames }: Surplus, n: number): Rich {
  const pfn = frames[0]!.first
  const from = since(book, pfn, held, step)
  const [isHere, isOver] = [from <= n, step <= n]
  const frame = frameName(book.recording, pfn)
  if (held.startsWith('wait:')) {
    return [
      `Task ${held.slice(5)} `,
      { step: from, text: `${isHere ? 'came' : 'will come'} in step ${from}` },
      ` and ${isHere ? 'waits' : 'wait'} for the lock of ${frame}. Its reference ${isHere ? 'looks' : 'will look'} like a pin, so in `,
      { step, text: `step ${step}` },
      ` the count ${isOver ? 'was' : 'will be'} one too many.`,
    ]
  }
  return [
    `${capital(holderText(held))} `,
    { step: from, text: `${isHere ? 'since' : 'from'} step ${from}${isHere ? '' : ' on'}` },
    ` ${isHere ? 'holds' : 'will hold'} a reference to ${frame}, one more than its mappings explain. `,
    { step, text: `Step ${step}` },
    isOver ? ' finds it.' : ' will find it.',
  ]
}

/** The count that decided. The migration's own reference is expected, and the device's for a page of it. */
function accountOf({ replay, recording }: Book, { step }: Stop, pfn: number): Account {
  const found = inOrder((frameAt(replay.at(step - 1), pfn)?.held ?? []).filter((held) => held !== 'pagevec'))
  const expected = 1 + (isDevice(recording.machine, pfn) ? 1 : 0)
  return {
    frame: frameName(recording, pfn),
    expected: found.filter((held) => !isSurplus(held)).slice(0, expected),
    found,
    surplus: found.filter(isSurplus),
  }
}

function mappedText(book: Book, { step }: Stop, pfn: number, n: number): Rich {
  const mapped = mappingsOf(reverseMap(book.replay.at(step - 1)), pfn)
  const by = mapped.map(({ at }) => shown(at)).join(', ')
  const where = { step, text: `step ${step}` }
  const isOver = step <= n
  const start: Rich = [
    `${frameName(book.recording, pfn)} ${isOver ? 'is still' : 'will still be'} mapped${by ? ` by ${by}` : ''} in `,
    where,
    ': ',
  ]
  if (!isQuirky(book)) return [...start, `it ${isOver ? 'could not' : 'cannot'} be unmapped there.`]
  return [...start, 'quirk ', quirk, ', the walk of the reverse map does not see device entries.']
}
