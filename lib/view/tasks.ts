// SPDX-License-Identifier: GPL-2.0-only
//
// Tasks that migrate or wait, and locks, in sentences. Idle tasks are left out.

import type { RecordedTask } from '../record/types'
import type { Moment } from './changes'
import { isLocked } from './frame-rows'
import { mmapLockName } from './kernel'
import { frameAt, frameName, type MigrationState } from './state'
import { number, type Rich, rangeOf } from './words'

export interface TaskLine {
  readonly task: string
  readonly text: Rich
  readonly waits: boolean
}

export function taskLines(moment: Moment, process: string): TaskLine[] {
  const migration = moment.state.migrations.find((each) => each.process === process && !each.over)
  return Object.entries(moment.state.tasks)
    .filter(
      ([name, { wait }]) => name.startsWith(`${process}.`) && (wait !== 'nothing' || isMigrating(name, migration)),
    )
    .map(([name, task]) => {
      const waits = task.wait !== 'nothing'
      return { task: name, waits, text: waits ? waitText(moment, task) : migrationText(migration!) }
    })
}

/** The first task of a process runs the commands of a drill. */
const isMigrating = (task: string, migration: MigrationState | undefined): boolean =>
  migration !== undefined && task === `${migration.process}.1`

const NO_POSITION = ['alloc_and_copy', 'finalize_and_map', 'done']

function migrationText({ region, first, entries, stage, position, remaining, collected }: MigrationState): Rich {
  const count = entries.reduce((sum, run) => sum + run.count, 0)
  const entry = NO_POSITION.includes(stage) ? '' : `, entry ${position}`
  return [
    `migrates ${region}[${rangeOf({ first, count })}] `,
    { muted: '· next: ' },
    { term: stage, group: 'stages' },
    { muted: `${entry} · cpages ${number(remaining)} of ${number(collected)}` },
  ]
}

function waitText(moment: Moment, { wait, call, pfn, ready }: RecordedTask): Rich {
  const where = callText(call)
  if (wait !== 'page_lock') return ['waits for ', { term: wait, group: 'waits' }, where]
  const holder = ready ? ', which is free now' : holderText(moment, pfn)
  return [
    'waits for the ',
    { term: 'page_lock', group: 'waits', text: 'lock' },
    ` of ${frameName(moment.replay.recording, pfn)}${where}`,
    { muted: holder },
  ]
}

/** Calls as drills write them, where their names differ. */
const CALLS: Readonly<Record<string, string>> = { load: 'read', store: 'write' }

const callText = (call: string | undefined): string => (call === undefined ? '' : ` in ${CALLS[call] ?? call}`)

/** A locked frame that a migration has a reference to is locked by it. */
function holderText({ state }: Moment, pfn: number | undefined): string {
  const frame = frameAt(state, pfn)
  const migration = state.migrations.find(({ over }) => !over)
  if (!frame || !isLocked(frame) || !migration || !frame.held.includes('migration')) return ''
  return `, held by ${migration.process}.1, the migration`
}

/** Who holds mmap_sem, which later kernels call mmap_lock, and who waits for it. Nothing if nobody does. */
export function mmapLockText(moment: Moment, process: string): { held: string; waiting: string } | undefined {
  const lock = moment.state.processes[process]?.mmapLock
  if (!lock) return undefined
  const { readers, writer, waiting } = lock
  const holder = writer === undefined ? `${readers.join(', ')} for reading` : `${writer} for writing`
  return {
    held: `${mmapLockName(moment.replay.recording)} is held by ${holder}`,
    waiting: waiting.length > 0 ? `; ${waiting.join(', ')} ${waiting.length === 1 ? 'waits' : 'wait'}` : '',
  }
}
