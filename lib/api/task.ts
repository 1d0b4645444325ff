// SPDX-License-Identifier: GPL-2.0-only

import {
  type LockMode,
  lockModeNames,
  type TaskCall,
  taskCallNames,
  type WaitName,
  waitNames,
} from '../base/defs.generated'
import { HmmuError } from '../base/errors'
import { callable, integer } from '../base/validate'
import { TASK_FIELDS } from '../native/layout'
import { SystemCalls } from './calls'
import { type Core, requireCore } from './core'
import { asText, showsItself, stateOf } from './inspect'
import type { Machine } from './machine'
import type { Process } from './process'
import { isBlocked } from './schedule'

/** What a task is at. */
export interface TaskState {
  /** What it waits for; `'nothing'` if it does not wait. */
  readonly wait: WaitName
  /** The call that waits, also when it is ready and was not repeated yet; `'nothing'`: none. */
  readonly call: TaskCall
  /** The page whose lock it waits for, else 0. */
  readonly pfn: number
  /** It does not wait, or the wait is over: repeating the call makes progress. */
  readonly ready: boolean
  /** The CPU it runs on. */
  readonly cpu: number
  /** How it has mmap_sem (in 6.12 mmap_lock) of its process. */
  readonly mmapLock: LockMode
  /** Of those who wait for mmap_sem the ones with lower numbers came before; 0: it is not among them. */
  readonly queuePlace: number
  /** How many migrations it has under way. */
  readonly migrations: number
  /** First address of a mapping of which it has the lock for reading while it waits, or for whose lock it waits; 0: none. Linux 6.12. */
  readonly vmaLock: number
}

/**
 * A thread of a process. A call that would sleep throws HMMU_BLOCKED: the task then waits, holding what it would hold in a kernel.
 * The same call repeated on the same task goes on where it stood; {@link Task.cancel} gives the wait up.
 */
export class Task extends SystemCalls {
  /** Thread number, counted from 1. Another task may have it when this one is gone. */
  readonly tid: number
  /** The process that it is a thread of. */
  readonly process: Process
  /** @internal */
  protected readonly core: Core

  /** @internal */
  static make(core: Core, process: Process, tid: number): Task {
    return new Task(core, process, tid)
  }

  private constructor(core: Core, process: Process, tid: number) {
    super()
    this.core = requireCore(core, 'newTask() and mainTask of a process give tasks')
    this.process = process
    this.tid = tid
    core.addTask(this)
  }

  /** The machine that it belongs to. */
  get machine(): Machine {
    return this.core.machine
  }

  /** @internal */
  protected get owner(): Process {
    return this.process
  }

  /** @internal */
  protected get caller(): number {
    if (this.alive || this.core.disposed) return this.tid
    throw new HmmuError('HMMU_NO_TASK', `task ${this.tid} has ended`, { errno: 'ESRCH' })
  }

  /** Whether the task has not ended, nor its process. False when the machine is gone. */
  get alive(): boolean {
    return this.core.tasks.get(this.tid) === this && this.process.alive
  }

  /** @internal A task waits until its call is repeated. */
  protected blocked(): void {}

  /** What the task is at. */
  state(): TaskState {
    const [, cpu = 0, wait = 0, pfn = 0, ready = 0, ...locks] = this.#state()
    const [mmapLock = 0, queuePlace = 0, migrations = 0, vmaLock = 0, call = 0] = locks
    return {
      wait: waitNames[wait] ?? 'nothing',
      call: taskCallNames[call] ?? 'nothing',
      pfn,
      ready: ready === 1,
      cpu,
      mmapLock: lockModeNames[mmapLock] ?? 'none',
      queuePlace,
      migrations,
      vmaLock,
    }
  }

  #state(): Float64Array {
    const out = new Float64Array(TASK_FIELDS)
    this.core.check(this.core.native.taskState(this.caller, out))
    return out
  }

  /** Moves the task to another CPU, 0 … cpus - 1. */
  setCpu(cpu: number): void {
    this.core.check(this.core.native.taskSetCpu(this.caller, integer('cpu', cpu, 0, 2 ** 32 - 1)))
  }

  /**
   * Repeats a call until it no longer waits.
   * @param call one call of this task, with equal arguments each time
   * @param meanwhile does a part of the work that the task waits for. It is called until the task can go on, as long as it
   * returns true; `() => migration.step()` does.
   * @returns the result of the call
   * @throws HmmuError HMMU_BLOCKED: the call still waits, and `meanwhile` did not return true; the call can be repeated
   * or cancelled
   */
  retry<T>(call: () => T, meanwhile: () => unknown): T {
    callable('call', call)
    callable('meanwhile', meanwhile)
    for (;;) {
      try {
        return call()
      } catch (error) {
        if (!isBlocked(error)) throw error
        let more = true
        while (more && !this.state().ready) more = meanwhile() === true
        if (!this.state().ready) throw error
      }
    }
  }

  /** Gives a wait up: what the task held for it is dropped. Nothing happens if it does not wait. */
  cancel(): void {
    this.core.check(this.core.native.taskCancel(this.caller))
  }

  /**
   * Ends the task.
   * @throws HmmuError HMMU_BUSY: it waits or migrates, or is the main task, which goes with its process
   */
  destroy(): void {
    this.core.check(this.core.native.taskDestroy(this.caller))
    this.core.removeTask(this)
  }

  /** What JSON has: numbers, and the state of a task that is alive. */
  toJSON(): object {
    const { tid, alive } = this
    return { tid, pid: this.process.pid, alive, ...(alive && this.state()) }
  }

  /** @internal */
  [stateOf](): object {
    return { is: 'Task', ...this.toJSON(), machine: this.machine }
  }

  /** @internal */
  [asText](): string {
    const head = `Task ${this.tid} of process ${this.process.pid}`
    if (!this.alive) return `${head} (gone)`
    const { wait, pfn, ready, cpu, mmapLock } = this.state()
    const waits =
      wait === 'nothing' ? '' : `, waits for ${wait}${pfn ? ` of page ${pfn}` : ''}${ready ? ' (ready)' : ''}`
    const holds = mmapLock === 'none' ? '' : `, holds mmap_sem for ${mmapLock === 'read' ? 'reading' : 'writing'}`
    return `${head} on CPU ${cpu}${holds}${waits}`
  }

  static {
    showsItself(Task.prototype)
  }
}
