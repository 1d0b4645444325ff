// SPDX-License-Identifier: GPL-2.0-only
//
// Snapshots and copies of machines, and handles for a machine that was created elsewhere (restored or forked).

import { RestoreBit } from '../base/defs.generated'
import { allocate, boolean, bytes, isShared, options } from '../base/validate'
import { getAddon } from '../native/addon'
import type { NativeMachine } from '../native/interface'
import { copyWaiting } from './calls'
import type { Core } from './core'
import { Process } from './process'
import { RestoredMigration } from './restored-migration'
import { Task } from './task'

/** The core reads and writes snapshots in units of so many bytes. */
const SNAPSHOT_ALIGNMENT = 8

/** The state of a machine as bytes. */
export function snapshot(core: Core): Uint8Array {
  const out = allocate(core.check(core.native.snapshot(undefined)))
  core.check(core.native.snapshot(out))
  return out
}

/** How {@link Machine.restore} takes a snapshot. */
export interface RestoreOptions {
  /** Whether a machine that {@link Machine.verify} complains of is refused; true by default. */
  verify?: boolean
}

/** A native machine of a snapshot. */
export function restore(value: unknown, restoreOptions: RestoreOptions | undefined): NativeMachine {
  // Options first: reading them may call functions, which may take the bytes away.
  const { verify = true } = options('options', restoreOptions, ['verify'])
  const flags = boolean('verify', verify) ? 0 : RestoreBit.UNVERIFIED
  const given = bytes(value)
  // Another thread could change shared memory between the check of the bytes and their use.
  const usable = given.byteOffset % SNAPSHOT_ALIGNMENT === 0 && !isShared(given.buffer)
  if (usable) return new (getAddon().Machine)(given, flags)
  const copy = allocate(given.length)
  copy.set(given)
  return new (getAddon().Machine)(copy, flags)
}

/** Makes handles for all processes, tasks and migrations of a machine, and learns which events it records. */
export function adoptAll(core: Core): void {
  const { native } = core
  for (const pid of numbers((out) => core.check(native.processes(out)))) {
    const process = Process.make(core, pid)
    for (const tid of numbers((out) => core.check(native.tasks(pid, out)))) {
      if (tid !== process.mainTask.tid) Task.make(core, process, tid)
    }
  }
  const migrations = core.check(native.restoredMigrations())
  for (let id = 1; id <= migrations; id++) core.restored.add(RestoredMigration.make(core, id))
  core.eventMask = core.check(native.eventsRecorded())
}

/** Calls that wait in a copy of a machine have got as far as those of the machine itself. */
export function copyWaitingCalls(from: Core, to: Core): void {
  for (const [tid, task] of from.tasks) {
    const copied = to.tasks.get(tid)
    if (copied) copyWaiting(copied, task)
  }
}

/** A list of the core's: asked for its length first, then for its items. */
function numbers(list: (out: Uint32Array) => number): Uint32Array {
  const out = new Uint32Array(list(new Uint32Array(0)))
  list(out)
  return out
}
