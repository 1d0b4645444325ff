// SPDX-License-Identifier: GPL-2.0-only
//
// Sentences for the stages of a migration in which no page gives up.

import { lookUp } from '../base/look-up'
import type { EntryDelta } from '../record/types'
import { changedTo, currentMigration, freedFrames, type Moment, takenFrames } from './changes'
import { callsOf } from './kernel'
import { regionOf, shown } from './pages'
import { elementAt, sizeOf } from './runs'
import { entryAt, frameName, partOfMigration } from './state'
import { capital, pagesText, plural, type Rich } from './words'

const SENTENCES: Record<string, (moment: Moment) => Rich> = {
  collect,
  prepare,
  unmap,
  alloc_and_copy: allocAndCopy,
  pages,
  finalize_and_map: finalizeAndMap,
  finalize,
}

export function stageSentence(moment: Moment): Rich {
  const stage = moment.step.stage ?? ''
  return lookUp(SENTENCES, stage)?.(moment) ?? [{ term: stage, group: 'stages' }, '.']
}

const entries = ({ step }: Moment): readonly EntryDelta[] => step.entries ?? []

function allocAndCopy(moment: Moment): Rich {
  const [device, ram] = [takenFrames(moment, true), takenFrames(moment, false)]
  const taken = [
    ...(device > 0 ? [plural(device, 'device page')] : []),
    ...(ram > 0 ? [`${plural(ram, 'frame')} of RAM`] : []),
  ].join(' and ')
  const calls = callsOf(moment.replay.recording, currentMigration(moment)?.process)
  return [
    `${calls ? `${calls.setup} has returned. ` : ''}The driver ${taken ? `takes ${taken}, copies, and fills dst` : 'takes no page'}.`,
  ]
}

function finalizeAndMap(moment: Moment): Rich {
  const calls = callsOf(moment.replay.recording, currentMigration(moment)?.process)
  return [`${calls ? `${calls.pages} has returned. ` : ''}The driver learns from src what has moved, and maps it.`]
}

/** The page of an entry of the migration. */
const pageOf = (moment: Moment, index: number): number => (currentMigration(moment)?.first ?? 0) + index

function collect(moment: Moment): Rich {
  const [changed] = changedTo(moment, 'mig')
  if (!changed) return ['The translations of the range are flushed from the TLBs.']
  const isSplit = ({ at, first }: EntryDelta): boolean => entryAt(moment.before, at, first)?.kind === 'huge'
  const split = entries(moment)
    .filter(isSplit)
    .reduce((sum, { count }) => sum + count, 0)
  const huge = split > 0 ? `The huge page is split, its pmd entry becomes ${split} ptes. ` : ''
  const what = `${capital(pagesText(changed.runs))} of ${regionOf(changed.at)}`
  return [`${huge}${what}: locked, and unmapped into migration entries.`]
}

/** Pages whose entries are restored: the migration lets go of them. */
function restored(moment: Moment): Rich | undefined {
  const [back] = changedTo(moment, 'sys', 'dev')
  return back && [`${capital(pagesText(back.runs))} goes back to where it was.`]
}

function prepare(moment: Moment): Rich {
  const { index } = moment.step
  const subject = index === undefined ? 'The pages are' : `Page ${pageOf(moment, index)} is`
  return restored(moment) ?? [`${subject} taken off the LRU list. References are as expected.`]
}

function unmap(moment: Moment): Rich {
  const [changed] = changedTo(moment, 'mig')
  if (!changed) return restored(moment) ?? ['Other mappings are replaced by migration entries.']
  return [`${capital(pagesText(changed.runs))} leaves the other mapping, ${shown(changed.at)}, too.`]
}

function pages(moment: Moment): Rich {
  const { index } = moment.step
  const migration = currentMigration(moment)
  const word = index === undefined ? undefined : migration && elementAt(migration.entries, index, partOfMigration)
  if (index === undefined || !word) return ['Pages take over the state of their sources; holes are filled.']
  const page = pageOf(moment, index)
  if (word.srcPfn === undefined) return [`A device page is inserted at page ${page}.`]
  const { recording } = moment.replay
  const [from, to] = [frameName(recording, word.srcPfn), frameName(recording, word.dstPfn)]
  return [`The page's identity moves from ${from} to ${to} (page ${page}).`]
}

function finalize(moment: Moment): Rich {
  const changed = entries(moment)
  const count = sizeOf(changed)
  const [first] = changed
  const { recording } = moment.replay
  if (!first) {
    const freed = freedFrames(moment)
    if (freed.length === 0) return ['The migration drops its last references.']
    const n = sizeOf(freed)
    const names = n < 4 ? freed.map((run) => frameName(recording, run.first)).join(', ') : plural(n, 'page')
    return [`${names} ${n > 1 ? 'are' : 'is'} freed.`]
  }
  if (count >= 4)
    return [`${capital(plural(count, 'migration entry', 'migration entries'))} are replaced; pages are unlocked.`]
  const everywhere = count > 1 ? ', in each mapping' : ''
  return [
    `Page ${first.first}: the migration entry becomes a `,
    { bold: first.kind },
    ` entry${first.pfn === undefined ? '' : ` of ${frameName(recording, first.pfn)}`}${everywhere}; the page is unlocked.`,
  ]
}
