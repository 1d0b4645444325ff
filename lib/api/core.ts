// SPDX-License-Identifier: GPL-2.0-only
//
// What all handles of one machine share: the native machine, how its failures become errors, and who is who.

import {
  type EventName,
  errorCodeNames,
  errorCodeTexts,
  eventValues,
  ruleNames,
  waitNames,
} from '../base/defs.generated'
import { HmmuError, type HmmuErrorCode, type HmmuErrorDetail } from '../base/errors'
import { errnoName } from '../base/host'
import { type Kernel, kernelOf } from '../base/kernel'
import { oneOf, requireInternal } from '../base/validate'
import { type NativeMachine, THROWN } from '../native/interface'
import { type NativeObserver, observed } from './call-observer'
import type { Devices } from './devices'
import type { KernelDriver } from './kernel-driver'
import { Lanes } from './lanes'
import type { Machine } from './machine'
import type { IntervalListener } from './mirror'
import type { OpenMigration } from './open-migration'
import type { PageRef } from './page-ref'
import type { InvalidateHandler, Process } from './process'
import type { Request } from './request'
import type { RestoredMigration } from './restored-migration'
import type { Task } from './task'

/** @internal A method of machines, and of what belongs to one: what the handles of the machine share. */
export const coreOf: unique symbol = Symbol.for('hmmu.coreOf')

/** @internal Is told of each machine that is made. */
export const newMachines: { met: ((machine: Machine) => void) | undefined } = { met: undefined }

/** What the words of a machine's migrations mean. They may outlive it. */
export interface WordMeaning {
  /** First page frame numbers of device memory. */
  readonly deviceBase: number
  readonly coherentBase: number
  /** The words of Linux 4.14 have LOCKED and DEVICE, which later kernels see by the page. */
  readonly hasFlags: boolean
  readonly core: WeakRef<Core>
}

/** The shared part of a machine. Handles belong to the same machine if they have the same core. */
export class Core {
  #native: NativeMachine
  /** The native machine itself, as only the addon wants it. */
  readonly addonMachine: NativeMachine
  readonly machine: Machine
  /** Living processes by pid. */
  readonly processes = new Map<number, Process>()
  /** Functions that are told of invalidations, by pid. */
  readonly notifiers = new Map<number, InvalidateHandler>()
  /** Functions of interval notifiers that have one, by their numbers. */
  readonly intervals = new Map<number, IntervalListener>()
  /** Tasks by tid. */
  readonly tasks = new Map<number, Task>()
  /** The same by process: the end of one must not look through the tasks of all. */
  readonly #tasksOf = new WeakMap<Process, Set<Task>>()
  /** Pages that drivers of migrations under way have allocated, and which one. */
  readonly driverPages = new Map<number, object>()
  /** References to pages that were taken and not given back, by page. */
  readonly pageRefs = new Map<number, Set<PageRef>>()
  /** @internal Migrations in steps that are not over, by the core's numbers. */
  readonly migrations = new Map<number, OpenMigration>()
  /** @internal Migrations of the machine of which this one is a copy, until they are adopted. */
  readonly restored = new Set<RestoredMigration>()
  /** @internal Memory for migrations in one call. */
  readonly lanes = new Lanes()
  /** @internal Somebody looks on at all calls. */
  isObserved = false
  /** @internal The migration that is being carried out in one call. */
  request: Request | undefined
  /** For those who may outlive the machine. */
  readonly weak = new WeakRef<Core>(this)
  /** Drivers from their own source. */
  driver: KernelDriver | undefined
  disposed = false
  /** Set by the machine. */
  devices!: Devices
  /** How many callbacks of drivers and handlers in TypeScript have begun. */
  callbacks = 0
  /** What the last callback that threw has thrown. */
  thrown: unknown
  /** Types of events that are recorded, as bits. */
  eventMask = 0
  #deviceBase: number | undefined
  #coherentBase: number | undefined
  #kernel: Kernel | undefined
  #meaning: WordMeaning | undefined
  #accesses: Pick<NativeMachine, 'tryLoad' | 'tryStore'> | undefined

  /** Work that has to be done before anything else is asked of the machine. */
  #postponed: { carryOut(): void } | undefined

  constructor(native: NativeMachine, machine: Machine) {
    this.#native = native
    this.addonMachine = native
    this.machine = machine
  }

  /** Has somebody look on at all calls from now on; undefined: nobody. */
  observe(observer: NativeObserver | undefined): void {
    this.#native = observer ? observed(this.addonMachine, observer) : this.addonMachine
    this.isObserved = observer !== undefined
  }

  /** The native machine, for one call. */
  get native(): NativeMachine {
    if (this.#postponed !== undefined) this.#carryOut()
    return this.#native
  }

  /** The native machine, for accesses of single bytes. */
  get accesses(): Pick<NativeMachine, 'tryLoad' | 'tryStore'> {
    if (this.isObserved || this.driver !== undefined) return this.native
    if (this.#postponed !== undefined) this.#carryOut()
    this.#accesses ??= this.#native.quick()
    return this.#accesses
  }

  /** Does what was left for later: a call is to be made that {@link Core.native} is not asked for. */
  settle(): void {
    if (this.#postponed !== undefined) this.#carryOut()
  }

  #carryOut(): void {
    const work = this.#postponed
    this.#postponed = undefined
    work?.carryOut()
  }

  /** Leaves work for later, but not later than the next call. */
  postpone(work: { carryOut(): void }): void {
    if (this.#postponed !== undefined) this.#carryOut()
    this.#postponed = work
  }

  /** A task that has begun, or is met for the first time. */
  addTask(task: Task): void {
    this.tasks.set(task.tid, task)
    const ofProcess = this.#tasksOf.get(task.process)
    if (ofProcess) ofProcess.add(task)
    else this.#tasksOf.set(task.process, new Set([task]))
  }

  /** A task that has ended. */
  removeTask(task: Task): void {
    this.tasks.delete(task.tid)
    this.#tasksOf.get(task.process)?.delete(task)
  }

  /** The living tasks of a process. */
  tasksOf(process: Process): Task[] {
    return [...(this.#tasksOf.get(process) ?? [])].filter((task) => this.tasks.get(task.tid) === task)
  }

  /** First pfn of device memory. It never changes. */
  get deviceBase(): number {
    this.#deviceBase ??= this.check(this.native.deviceBase())
    return this.#deviceBase
  }

  get coherentBase(): number {
    this.#coherentBase ??= this.check(this.native.coherentBase())
    return this.#coherentBase
  }

  /** Whether a call may call functions of JavaScript, be it a driver that makes it wait. */
  get mayCallOut(): boolean {
    return this.driver !== undefined || this.notifiers.size > 0 || this.intervals.size > 0 || this.devices.hasHandlers
  }

  /** What the words of migrations mean. */
  get meaning(): WordMeaning {
    this.#meaning ??= {
      deviceBase: this.deviceBase,
      coherentBase: this.coherentBase,
      hasFlags: this.kernel === 'linux-4.14',
      core: this.weak,
    }
    return this.#meaning
  }

  /** The kernel that the machine emulates. */
  get kernel(): Kernel {
    this.#kernel ??= kernelOf(this.machine.profile)
    return this.#kernel
  }

  /** Passes a native result on, or throws the error that it stands for. */
  check(result: number): number {
    if (result >= 0) return result
    throw this.failure(result)
  }

  /**
   * What a native call that returned a negative number has failed with: our error, or what a callback threw.
   * @param giveBack is called with the result of a call that has succeeded, but whose callback threw: nobody gets that result
   */
  failure(result: number, giveBack?: (result: number) => void): unknown {
    if (result === THROWN) {
      const thrown = this.native.takeException()
      if (thrown && thrown.result > 0) giveBack?.(thrown.result)
      if (thrown) {
        this.thrown = thrown.error
        return thrown.error
      }
    }
    const [err, code, rule, wait, index, address, text, done] = this.native.error()
    const name = errorCodeNames[code] ?? 'HMMU_INVALID_ARGUMENT'
    const detail: HmmuErrorDetail = { errno: errnoName(-err) ?? 'EINVAL' }
    if (name === 'HMMU_BLOCKED') detail.wait = waitNames[wait] ?? 'nothing'
    if (name === 'HMMU_DRIVER_RULE') Object.assign(detail, { rule: ruleNames[rule], index })
    if (address > 0) detail.address = address
    if (ACCESS_CODES.has(name)) detail.done = done
    return new HmmuError(name as HmmuErrorCode, text || errorCodeTexts[name], detail)
  }

  /** Records these types of events from now on, beside those recorded before (`add`) or instead of them. */
  record(types: Iterable<EventName>, add: boolean): void {
    let mask = add ? this.eventMask : 0
    for (const type of types) mask |= 1 << oneOf('event type', type, eventValues)
    this.check(this.native.recordEvents(mask))
    this.eventMask = mask
  }

  /** @throws HmmuError HMMU_WRONG_MACHINE unless `other` is the core of the same machine */
  same(what: string, other: Core): void {
    if (other !== this) throw new HmmuError('HMMU_WRONG_MACHINE', `${what} belongs to another machine`)
  }
}

// The failures of load and store that can come after some of the bytes were moved.
const ACCESS_CODES: ReadonlySet<string> = new Set(['HMMU_SIGSEGV', 'HMMU_SIGBUS', 'HMMU_BLOCKED'])

/** Guards the constructors of handles, which only the library can call. */
export function requireCore(core: unknown, where: string): Core {
  requireInternal(core instanceof Core, where)
  return core as Core
}
