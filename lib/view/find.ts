// SPDX-License-Identifier: GPL-2.0-only
//
// What a reader looks for: a page ("buf[3]", "A buf[3]"), a frame ("#6", "D0"), an address ("0x10000101000"), a step
// ("11"), or a text of the drill.

import type { RecordedRegion } from '../record/types'
import type { Book } from './book'
import { type PageKey, processOf, regionOf, shownPage } from './pages'
import { pagesOf } from './rmap'
import { covers } from './runs'
import { placeOfStep } from './sentence'
import { frameName } from './state'
import { plural } from './words'

/** Where it is, or in a sentence what is not there. */
export interface Found {
  readonly step?: number | undefined
  readonly page?: PageKey | undefined
  /** Of a text that is in more than one step: "2 of 5 steps". */
  readonly note?: string | undefined
  readonly problem?: string | undefined
}

/**
 * Finds what a text names.
 * @param n the step that is shown: frames are those of this step if they are in use, and a text is looked for behind it
 * @param followed its process comes first if a page is named without one
 */
export function find(book: Book, n: number, followed: PageKey | undefined, text: string): Found {
  const wanted = text.trim()
  if (wanted === '')
    return { problem: 'Name a page (buf[3]), a frame (#6, D0), an address (0x…), a step (11), or a text of the drill.' }
  if (/^\d+$/.test(wanted)) return findStep(book, Number(wanted))
  const frame = /^([#D])(\d+)$/.exec(wanted)
  if (frame) return findFrame(book, n, frame[1] === 'D', Number(frame[2]))
  const address = /^0x([0-9a-f]{5,16})$/i.exec(wanted)
  const there = address && findAddress(book, n, followed, BigInt(wanted))
  if (there) return there
  const page = /^(?:([^\s/[\]]+)[\s/]+)?([^\s/[\]]+)\s*\[(\d+)\]$/.exec(wanted)
  const found = page && findPage(book, n, followed, page[1], page[2]!, Number(page[3]))
  // Commands name pages, too: "write buf[0]" is no page of a process "write".
  if (found && (found.problem === undefined || page[1] === undefined)) return found
  const inText = findText(book, n, wanted)
  return inText.problem !== undefined && found ? found : inText
}

function findStep({ last }: Book, step: number): Found {
  return step <= last ? { step } : { problem: `There is no step ${step}: the last one is ${last}.` }
}

/** The region and pages of each process, as entries name them. */
function regionsOf({ recording }: Book): Map<string, number> {
  const regions = new Map<string, number>()
  for (const { processes } of recording.steps) {
    for (const [name, process] of Object.entries(processes ?? {})) {
      for (const { name: region, pages } of process?.regions ?? []) {
        const at = `${name}/${region}`
        regions.set(at, Math.max(pages, regions.get(at) ?? 0))
      }
    }
  }
  return regions
}

function findPage(
  book: Book,
  n: number,
  followed: PageKey | undefined,
  process: string | undefined,
  region: string,
  index: number,
): Found {
  const regions = regionsOf(book)
  const named = [...regions.keys()].filter((at) => regionOf(at) === region && (!process || processOf(at) === process))
  const at = named.find((each) => followed && processOf(each) === processOf(followed.at)) ?? named[0]
  if (at === undefined) return { problem: noRegion([...regions.keys()], process, region) }
  const pages = regions.get(at)!
  const page = { at, index }
  if (index >= pages) return { problem: `There is no ${shownPage(page)}: ${region} has ${plural(pages, 'page')}.` }
  const isThere = book.replay.at(n).entries.has(at)
  return isThere ? { page } : { page, step: firstStep(book, (entry) => entry.at === at) }
}

const PAGE_SIZE = 4096n

/** The page at an address: as the step has it, else of the first step that has one. Nothing: no page is ever there. */
function findAddress(book: Book, n: number, followed: PageKey | undefined, address: bigint): Found | undefined {
  const pagesIn = ([name, process]: [string, { readonly regions: readonly RecordedRegion[] } | null]): PageKey[] =>
    (process?.regions ?? []).flatMap((region) => {
      const index = Number((address - BigInt(region.start)) / PAGE_SIZE)
      const isIn = address >= BigInt(region.start) && index < region.pages
      return isIn ? [{ at: `${name}/${region.name}`, index }] : []
    })
  const now = Object.entries(book.replay.at(n).processes).flatMap(pagesIn)
  // Processes have the same addresses after a fork.
  const own = now.find(({ at }) => followed && processOf(at) === processOf(followed.at)) ?? now[0]
  if (own) return { page: own }
  for (const { n: step, processes } of book.recording.steps) {
    const [page] = Object.entries(processes ?? {}).flatMap(pagesIn)
    if (page) return { page, step }
  }
  return undefined
}

function noRegion(regions: readonly string[], process: string | undefined, region: string): string {
  const own = regions.filter((at) => !process || processOf(at) === process)
  const whose = process ? `Process ${process}` : 'The drill'
  if (own.length === 0) return process ? `There is no process ${process}.` : 'The drill maps no region.'
  const names = Array.from(new Set(own.map(regionOf)))
  return `${whose} has no region ${region}; it has ${names.slice(0, 8).join(', ')}${names.length > 8 ? ' …' : ''}.`
}

type Entry = NonNullable<Book['recording']['steps'][number]['entries']>[number]

const firstStep = ({ recording }: Book, fits: (entry: Entry) => boolean): number | undefined =>
  recording.steps.find(({ entries }) => entries?.some(fits))?.n

function findFrame(book: Book, n: number, device: boolean, number: number): Found {
  const { machine } = book.recording
  const frames = device ? machine.devicePages : machine.ramPages
  if (number >= frames) return { problem: `There is no ${device ? 'D' : '#'}${number}: ${spaceOf(device, frames)}.` }
  const pfn = device ? machine.deviceBase + number : number
  const [now] = pagesOf(book.replay.at(n), pfn)
  if (now) return { page: now }
  const name = frameName(book.recording, pfn)
  const step = firstStep(
    book,
    (entry) => entry.pfn !== undefined && covers({ first: entry.pfn, count: entry.count }, pfn),
  )
  if (step === undefined) return { problem: `No page of the drill is ever in ${name}.` }
  return { step, page: pagesOf(book.replay.at(step), pfn)[0] }
}

const spaceOf = (device: boolean, frames: number): string =>
  device ? `the device has ${plural(frames, 'page')}` : `RAM has ${plural(frames, 'frame')}`

/** The next step behind `n` whose line of the transcript, place or reason has the text; from the first one again. */
function findText(book: Book, n: number, text: string): Found {
  const wanted = text.toLowerCase()
  const { steps, transcript } = book.recording
  const lines = linesOfSteps(book)
  const fits = (step: number): boolean =>
    [placeOfStep({ step: steps[step]! }), ...transcript.slice(...lines[step]!)].some((each) =>
      each.toLowerCase().includes(wanted),
    ) || book.stopsAt(step).some(({ why }) => why.toLowerCase().includes(wanted))
  const all = steps.map((_, step) => step).filter(fits)
  if (all.length === 0) return { problem: `“${text}” is no page, frame or step, and not in the drill's text.` }
  const next = all.find((step) => step > n) ?? all[0]!
  return { step: next, note: all.length > 1 ? `${all.indexOf(next) + 1} of ${plural(all.length, 'step')}` : undefined }
}

/** The lines of the transcript that belong to each step: from its own up to that of a later step. */
function linesOfSteps({ recording: { steps, transcript } }: Book): [from: number, end: number][] {
  const begins = new Set(steps.map(({ line }) => line))
  const seen = new Set<number>()
  return steps.map(({ line }) => {
    if (line === undefined || seen.has(line)) return [0, 0]
    seen.add(line)
    let end = line + 1
    while (end < transcript.length && !begins.has(end)) end++
    return [line, end]
  })
}
