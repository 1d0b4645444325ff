// SPDX-License-Identifier: GPL-2.0-only

import type { Profile } from '../../../lib/base/defs.generated'
import { kernelOf } from '../../../lib/base/kernel'
import type { Moment } from '../../../lib/view/changes'
import { isLocked } from '../../../lib/view/frame-rows'
import { frameAt, frameName, type MigrationState } from '../../../lib/view/state'
import { number, rangeOf } from '../../../lib/view/words'
import type { RecordedTask } from '../record/types'
import { Term } from './text'

/** Tasks that migrate or wait, and locks; idle tasks are left out. */
export function Tasks({ moment, process }: { moment: Moment; process: string }) {
  return (
    <>
      <BusyTasks moment={moment} process={process} />
      <MmapLock moment={moment} process={process} />
    </>
  )
}

/** Who holds mmap_sem, which later kernels call mmap_lock, and who waits for it. */
function MmapLock({ moment, process }: { moment: Moment; process: string }) {
  const lock = moment.state.processes[process]?.mmapLock
  if (!lock) return null
  const { readers, writer, waiting } = lock
  const isOld = kernelOf(moment.replay.recording.profile as Profile) === 'linux-4.14'
  const name = isOld ? 'mmap_sem' : 'mmap_lock'
  const held = writer === undefined ? `${readers.join(', ')} for reading` : `${writer} for writing`
  return (
    <p class="lock">
      {name} is held by {held}
      {waiting.length > 0 && <span class="why">; {waiting.join(', ')} waits</span>}
    </p>
  )
}

function BusyTasks({ moment, process }: { moment: Moment; process: string }) {
  const migration = moment.state.migrations.find((each) => each.process === process && !each.over)
  const tasks = Object.entries(moment.state.tasks).filter(([name]) => name.startsWith(`${process}.`))
  const busy = tasks.filter(([name, { wait }]) => wait !== 'nothing' || isMigrating(name, migration))
  if (busy.length === 0) return null
  return (
    <ul class="tasks">
      {busy.map(([name, task]) => (
        <li key={name}>
          <span class="task">{name}</span>
          {task.wait === 'nothing' ? <Migrating migration={migration!} /> : <Waiting moment={moment} task={task} />}
        </li>
      ))}
    </ul>
  )
}

/** The first task of a process runs the commands of a drill. */
const isMigrating = (task: string, migration: MigrationState | undefined): boolean =>
  migration !== undefined && task === `${migration.process}.1`

const NO_POSITION = ['alloc_and_copy', 'finalize_and_map', 'done']

function Migrating({ migration }: { migration: MigrationState }) {
  const { region, first, entries, stage, position, remaining, collected } = migration
  const count = entries.reduce((sum, run) => sum + run.count, 0)
  return (
    <span>
      migrates {region}[{rangeOf({ first, count })}]{' '}
      <span class="muted">
        · next: <Term group="stages" word={stage} />
        {NO_POSITION.includes(stage) ? '' : `, entry ${position}`} ·{' '}
        <Term group="heads" word="cpages">
          cpages {number(remaining)} of {number(collected)}
        </Term>
      </span>
    </span>
  )
}

function Waiting({ moment, task }: { moment: Moment; task: RecordedTask }) {
  const { recording } = moment.replay
  if (task.wait !== 'page_lock') {
    return (
      <span class="waiting">
        waits for <Term group="waits" word={task.wait} />
      </span>
    )
  }
  return (
    <span class="waiting">
      waits for the{' '}
      <Term group="waits" word="page_lock">
        lock
      </Term>{' '}
      of {frameName(recording, task.pfn)}
      {task.ready ? ', which is free now' : <Holder moment={moment} pfn={task.pfn} />}
    </span>
  )
}

/** A locked frame that a migration has a reference to is locked by it. */
function Holder({ moment, pfn }: { moment: Moment; pfn: number | undefined }) {
  const frame = frameAt(moment.state, pfn)
  const migration = moment.state.migrations.find(({ over }) => !over)
  if (!frame || !isLocked(frame) || !migration || !frame.held.includes('migration')) return null
  return <span class="muted"> held by {migration.process}.1, the migration</span>
}
