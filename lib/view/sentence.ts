// SPDX-License-Identifier: GPL-2.0-only
//
// One sentence for each step, made from the record.

import { lookUp } from '../base/look-up'
import type { RecordedChoice, Recording } from '../record/types'
import type { Book } from './book'
import { changedTo, currentMigration, type Moment, sorted } from './changes'
import { callsOf, mmapLockName } from './kernel'
import { regionOf } from './pages'
import { type Run, runsOf, sizeOf } from './runs'
import { stageSentence } from './stage-sentence'
import { frameName, framesName } from './state'
import type { Stop } from './stops'
import { surplusOf } from './surplus'
import { capital, holderText, number, pagesText, plural, type Rich } from './words'

export function sentenceOf(book: Book, n: number): Rich {
  const sentence = stepSentence(book, n)
  const { failure } = book.recording
  if (n < book.last || failure === undefined) return sentence
  return [...sentence, ' Here the drill ended: ', { bold: failure }, '.']
}

function stepSentence(book: Book, n: number): Rich {
  const moment = book.moment(n)
  const { step } = moment
  if (step.order) return orderSentence(book, moment, step.order)
  if (step.kind === 'start') return startSentence(moment)
  return migrationSentence(book, moment) ?? simpleSentence(book, moment)
}

/** A step of a migration; undefined if it is none. */
function migrationSentence(book: Book, moment: Moment): Rich | undefined {
  const { step, n } = moment
  if (step.kind === 'end') return [...endSentence(moment), ...stoppedHere(book, moment)]
  if (step.stage !== undefined) {
    const stops = book.stopsAt(n)
    return stops.length > 0 ? stopSentence(book, moment, stops) : stageSentence(moment)
  }
  return undefined
}

function simpleSentence(book: Book, moment: Moment): Rich {
  const { step } = moment
  if (step.kind === 'resume') {
    return [
      { bold: step.task ?? '' },
      step.blocked ? ' goes on, and waits again.' : ' goes on where it stood, and ends.',
    ]
  }
  if (step.task !== undefined) return taskSentence(moment)
  return commandSentence(book, moment)
}

/** Who has made a step, what it did, who else could have made it, and what it shows. */
function orderSentence(book: Book, moment: Moment, { task, text, could, found = [] }: RecordedChoice): Rich {
  const others = could.filter((name) => name !== task)
  const detail = migrationSentence(book, moment)
  return [
    { bold: task },
    `: ${text}.`,
    ...(detail ? [' ', ...detail] : []),
    ...(others.length > 0 ? [{ muted: ` Could have run instead: ${others.join(', ')}.` }] : []),
    ...found.flatMap(
      ({ judge, sentence }): Rich => [' ', { term: judge, group: 'judges', stop: true }, `: ${sentence}.`],
    ),
  ]
}

/** The place of a step: "pages, entry 0". */
export function placeOfStep({ step }: Pick<Moment, 'step'>): string {
  if (step.kind === 'start') return 'start'
  if (step.kind === 'end') return 'return'
  if (step.stage !== undefined) return step.index === undefined ? step.stage : `${step.stage}, entry ${step.index}`
  if (step.kind === 'resume') return 'goes on'
  return step.task === undefined ? 'command' : 'in between'
}

function startSentence({ n, replay: { recording }, state: { entries, counters } }: Moment): Rich {
  const { ramPages, devicePages } = recording.machine
  if (n > 0) return ['The tasks begin.']
  if (entries.size > 0) {
    const used = (all: number, free: string): string => `${number(all - (counters[free] ?? 0))} of ${number(all)}`
    return [
      `The machine as it is when the recording begins: ${used(ramPages, 'ramFree')} frames of RAM and `,
      `${used(devicePages, 'deviceFree')} device pages are in use.`,
    ]
  }
  return [
    `A fresh machine: ${plural(ramPages, 'frame')} of RAM, ${plural(devicePages, 'device page')}, nothing mapped.`,
  ]
}

function endSentence(moment: Moment): Rich {
  const { moved = 0, collected = 0 } = moment.step
  const migration = currentMigration(moment)
  const pages = migration ? sizeOf(migration.entries) : collected
  const caller = moment.step.fault ? 'In the fault handler, ' : ''
  const calls = callsOf(moment.replay.recording, migration?.process)
  const call = calls ? `${calls.finalize} returns` : 'migrate_vma() returns 0'
  return [`${caller}${call}. ${number(moved)} of ${plural(pages, 'page')} moved.`]
}

/** So many reasons are told of a migration in one call. */
const MOST_REASONS = 3

/** Of a migration that is one step: which pages did not move, and why. */
function stoppedHere(book: Book, moment: Moment): Rich {
  const stops = book.stopsAt(moment.n).filter(({ fault }) => !fault)
  const whys = [...new Set(stops.map(({ why }) => why))]
  const told = whys.slice(0, MOST_REASONS).flatMap((why): Rich => {
    const alike = stops.filter((stop) => stop.why === why)
    const reason = { term: why, group: 'whys', stop: true } as const
    return [` ${capital(pagesText(sorted(alike)))} did not move: `, reason, `. ${whyText(book, moment, why, alike)}`]
  })
  const more = whys.length - MOST_REASONS
  return more > 0 ? [...told, ` There are ${plural(more, 'more reason')}.`] : told
}

function taskSentence(moment: Moment): Rich {
  const { step, replay } = moment
  const command = { bold: step.task ?? '' }
  if (isSkipped(moment)) return skipped(command)
  if (step.blocked) {
    const [name, task] = Object.entries(step.tasks ?? {}).find(([, each]) => each && each.wait !== 'nothing') ?? []
    const what = task?.wait === 'page_lock' || !task ? 'the lock of ' : `${task.wait}`
    const lock =
      task?.pfn === undefined
        ? task?.wait === 'page_lock' || !task
          ? 'a page'
          : ''
        : frameName(replay.recording, task.pfn)
    const pins = replay.recording.machine.quirks.includes('wait-pins-page')
    return [
      command,
      `: task ${name ?? '?'} has to wait for ${what}${lock}${pins ? ', and holds a reference to it meanwhile' : ''}.`,
    ]
  }
  const [filled] = changedTo(moment, 'sys')
  if (!filled) return [command, ' runs in between.']
  return [command, ` runs in between: ${pagesText(filled.runs)} of ${regionOf(filled.at)} now has a frame.`]
}

/** Its holder may hold another part of the huge page. */
const HUGE_WHY = 'huge_not_split'

/** Why pages will not move, and the reference that is too many. */
function stopSentence(book: Book, moment: Moment, stops: readonly Stop[]): Rich {
  const [{ why, at }] = stops as [Stop]
  const alike = stops.filter((stop) => stop.why === why && stop.at === at)
  const reason = { term: why, group: 'whys', stop: true } as const
  const subject = `${capital(pagesText(sorted(alike)))} will not move: `
  const others = stops.length - alike.length
  const rest = others > 0 ? ` ${capital(plural(others, 'other run'))} of pages stop, too.` : ''
  return [subject, reason, `. ${whyText(book, moment, why, alike)}${rest}`]
}

/** What a reason means, or who holds the references that it is about. */
function whyText(book: Book, moment: Moment, why: string, alike: readonly Stop[]): string {
  const surplus = surplusText(moment, alike)
  if (surplus && why !== HUGE_WHY) return surplus
  return [lookUp(book.terms.whys ?? {}, why), surplus].filter(Boolean).join(' ')
}

/** So many holders are named. */
const MOST_HOLDERS = 2

/** Who holds the references that are too many; nothing if no count has decided. */
function surplusText({ before, state, replay }: Moment, stops: readonly Stop[]): string | undefined {
  const byHolder = new Map<string, Run[]>()
  for (const stop of stops) {
    const [own, now] = [surplusOf(before, stop), surplusOf(state, stop)]
    for (const { held, frames } of own.length > 0 ? own : now)
      byHolder.set(held, [...(byHolder.get(held) ?? []), ...frames])
  }
  if (byHolder.size === 0) return undefined
  const named = [...byHolder].slice(0, MOST_HOLDERS).map(([held, frames]) => holdsText(replay.recording, held, frames))
  const more = byHolder.size - named.length
  return [
    ...named,
    ...(more > 0 ? [`So ${more === 1 ? 'is' : 'are'} those of ${plural(more, 'other holder')}.`] : []),
  ].join(' ')
}

function holdsText(recording: Recording, held: string, frames: readonly Run[]): string {
  const names = framesText(recording, sorted(frames))
  if (held.startsWith('wait:')) {
    return `Task ${held.slice(5)}, which waits for ${names}, holds a reference that no mapping explains.`
  }
  const holder = capital(holderText(held))
  return sizeOf(frames) === 1
    ? `${holder} is a reference to ${names} that no mapping explains.`
    : `${holder} has references to ${names} that no mapping explains.`
}

function framesText(recording: Recording, runs: readonly Run[]): string {
  const names = runs.slice(0, MOST_RUNS).map((run) => framesName(recording, run))
  return `${names.join(', ')}${runs.length > MOST_RUNS ? ' …' : ''}`
}

function commandSentence(book: Book, moment: Moment): Rich {
  const { step, n, replay } = moment
  const { steps, transcript } = replay.recording
  if (steps[n - 1]?.command === step.command && book.isMigration(step.command)) return afterMigration(moment)
  const text = transcript[step.line ?? 0]?.trim() ?? ''
  const command = { bold: text }
  if (isSkipped(moment)) return skipped(command)
  const failed = failureText(moment)
  if (failed) return [command, ...failed]
  const results = resultsOf(transcript, step.line ?? 0)
  const isDump = / dump /.test(text)
  if (isDump || results.length === 0) {
    const changed = (step.entries ?? []).reduce((sum, { count }) => sum + count, 0)
    if (isDump) return [command, '.']
    return [command, changed > 0 ? ` changes ${plural(changed, 'entry', 'entries')}.` : (handleText(moment) ?? '.')]
  }
  const stop = book.faultStopBefore(n)
  const because: Rich = stop
    ? [' The fault handler cannot bring it back: ', { term: stop.why, group: 'whys', stop: true }, '.']
    : []
  return [command, ' gives ', ...results.flatMap((code, i) => (i ? [' ', { code }] : [{ code }])), '.', ...because]
}

/** Its line of the transcript says that it was skipped. */
const isSkipped = ({ step: { line }, replay }: Moment): boolean =>
  line !== undefined && replay.recording.transcript[line + 1]?.trim() === 'skipped'

const skipped = (command: { readonly bold: string }): Rich => [
  command,
  ' is skipped: the process, region or handle that it names does not exist.',
]

/** Of a call that TypeScript has made: why it failed. */
function failureText({ step, replay }: Moment): Rich | undefined {
  const outcome = replay.recording.transcript[(step.line ?? 0) + 1]?.trim() ?? ''
  if (outcome === 'THREW') return [': a callback of the driver threw an exception, and the call with it.']
  return /^HMMU_[A-Z_]+$/.test(outcome) ? [' fails: ', { code: outcome }, '.'] : undefined
}

/** References that the command took or dropped: " takes a reference to #7." */
function handleText({ step, before, replay }: Moment): string | undefined {
  const [change] = Object.entries(step.handles ?? {})
  const handle = change && (change[1] ?? before.handles[change[0]])
  if (!handle) return undefined
  const where = `to ${framesText(replay.recording, runsOf(handle.pfns))}`
  const { length } = handle.pfns
  if (change[1]) return ` takes ${length === 1 ? 'a reference' : plural(length, 'reference')} ${where}.`
  return ` drops the ${length === 1 ? 'reference' : plural(length, 'reference')} ${where}.`
}

/** What a command did behind its migration. */
function afterMigration({ step, state, before, replay }: Moment): Rich {
  const gone = Object.values(step.tasks ?? {}).some((task) => task === null)
  if (gone) return ['The tasks that ran in between are gone.']
  const isUnlocked = Object.keys(step.processes ?? {}).some(
    (name) => before.processes[name]?.mmapLock && !state.processes[name]?.mmapLock,
  )
  if (isUnlocked) return [`The caller releases ${mmapLockName(replay.recording)}, and the command ends.`]
  return ['The command ends.']
}

/** At most this many runs of frames stand in a sentence. */
const MOST_RUNS = 4

/** At most this many lines of results stand in a sentence. */
const MOST_RESULTS = 3

function resultsOf(transcript: readonly string[], line: number): string[] {
  const out: string[] = []
  const end = line + 2 + MOST_RESULTS
  for (let i = line + 1; i < end && /^ {2}\s*\[/.test(transcript[i] ?? ''); i++) out.push(transcript[i]!.trim())
  return out.length > MOST_RESULTS ? [...out.slice(0, MOST_RESULTS), '…'] : out
}
