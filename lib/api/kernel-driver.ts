// SPDX-License-Identifier: GPL-2.0-only
//
// Drivers of Linux that were compiled from their own source, as devices of a machine.

import { HmmuError } from '../base/errors'
import { didYouMean } from '../base/suggest'
import { address, boolean, integer, invalid, isTypedArray, lengthOf, oneOf, options } from '../base/validate'
import { driverFiles, getAddon } from '../native/addon'
import type { NativeDriverCalls, NativeMachine } from '../native/interface'
import { type Core, requireCore } from './core'
import { asText, showsItself } from './inspect'
import type { Machine } from './machine'
import { Process } from './process'
import { Task } from './task'

/** What a parameter of a module is set to. Numbers are integers; `true` is 1. */
export type ModuleParameter = number | bigint | boolean

/** Options of {@link Machine.loadDriver}. */
export interface KernelDriverOptions {
  /** Parameters of the modules (`module_param()`), by their names. */
  readonly params?: Readonly<Record<string, ModuleParameter>> | undefined
  /** Decides in which order threads of the drivers run, 0 … 2^53 - 1; 1 by default. A run with an equal seed is an equal run. */
  readonly seed?: number | undefined
  /** Leave out messages below a warning; false by default. */
  readonly quiet?: boolean | undefined
}

/** Something that a check has noticed. */
export interface DriverReport {
  /** Which check, a word of docs/kernel-drivers.md: `'lock-at-return'`. */
  readonly check: string
  /** The source, as the compiler was given it; empty if no line is to blame. */
  readonly file: string
  /** The line; 0 if no line is to blame. */
  readonly line: number
  /** What is wrong. */
  readonly text: string
}

/**
 * What can be made to happen in a driver: an allocation gets nothing; a trylock finds the lock taken; mmap_lock or a page lock is
 * somebody else's for a while; a page is reclaimed between `mmu_interval_read_begin()` and `mmu_interval_read_retry()`; a mapping for
 * a device fails; a job of a device's engine fails.
 */
export type DriverFault = 'allocation' | 'trylock' | 'mmap-lock' | 'page-lock' | 'invalidation' | 'dma-mapping' | 'copy'

/** Who makes a call: a task, or the main task of a process. */
export type Caller = Process | Task

type Native = NativeMachine & NativeDriverCalls

/** No module has the parameter; no driver has the device. */
const ENOENT = 2

/** The calls of drivers; only a machine that has a {@link KernelDriver} has them. */
const nativeOf = (core: Core) => core.native as Native

function taskOf(core: Core, caller: unknown): Task {
  if (!(caller instanceof Process || caller instanceof Task)) throw invalid('caller', 'a Process or a Task', caller)
  const task = caller instanceof Task ? caller : caller.mainTask
  core.same('the caller', task.process.core)
  if (!task.alive && !core.disposed)
    throw new HmmuError('HMMU_NO_TASK', `task ${task.tid} has ended`, { errno: 'ESRCH' })
  return task
}

/** An open file of a driver's device. A fork shares it; it is closed when the last process that has it exits. */
export class DriverFile {
  /** The name it was opened by. */
  readonly name: string
  readonly #driver: KernelDriver
  readonly #core: Core
  readonly #number: number
  readonly #opener: Task
  readonly #users: Set<Process>
  #open = true

  /** @internal */
  static make(core: Core, driver: KernelDriver, opener: Task, name: string): DriverFile {
    return new DriverFile(core, driver, opener, name)
  }

  private constructor(core: Core, driver: KernelDriver, opener: Task, name: string) {
    this.#core = requireCore(core, 'driver.open() opens files')
    this.#driver = driver
    this.#opener = opener
    this.#users = new Set([opener.process])
    this.name = name
    const result = nativeOf(core).driverOpen(opener.tid, name)
    if (result === -ENOENT)
      throw new HmmuError('HMMU_SYSCALL', `there is no device '${name}', or its open() returns ENOENT`, {
        errno: 'ENOENT',
      })
    this.#number = core.check(result)
  }

  /** Whether it is open. */
  get isOpen(): boolean {
    return this.#open
  }

  /**
   * ioctl(). An error of the driver is an HmmuError; a call that waits for something of the machine is HMMU_BLOCKED, and goes on when
   * it is repeated.
   * @param command the number, see {@link ioctlNumber}
   * @param argument an address in the caller's memory, or a number, 0 … 2^53 - 1; or a typed array: the driver sees its bytes as
   *   memory of the caller, and what it writes is in the array afterwards
   * @param caller by default the task that has opened the file
   * @returns the result, not negative
   * @throws HmmuError HMMU_SYSCALL: the driver returns this errno; `EBADF`: the file is closed. HMMU_BLOCKED. HMMU_BUSY: another call
   *   of the task waits in the driver
   */
  ioctl(command: number, argument: number | ArrayBufferView = 0, caller: Caller = this.#opener): number {
    const value = isTypedArray(argument) ? (argument as Uint8Array) : address(argument)
    if (typeof value !== 'number' && lengthOf(value) === 0) throw invalid('argument', 'an array with bytes', argument)
    const number = integer('command', command, 0, 2 ** 32 - 1)
    return this.#core.check(nativeOf(this.#core).driverIoctl(this.#caller(caller).tid, this.#number, number, value))
  }

  #caller(caller: Caller): Task {
    const task = taskOf(this.#core, caller)
    if (!this.#open) throw new HmmuError('HMMU_SYSCALL', `the file of ${this.name} is closed`, { errno: 'EBADF' })
    return task
  }

  /**
   * The last close(): `release` of the driver, whose result the kernel ignores. Nothing happens if it is closed.
   * @throws HmmuError HMMU_BLOCKED. HMMU_BUSY: a call of the file has not ended, or waits in the driver. HMMU_SYSCALL with errno
   *   `EDEADLK`: `release` waits for ever
   */
  close(): void {
    if (!this.#open || this.#core.disposed) return
    const tid = this.#opener.alive ? this.#opener.tid : 0
    const result = nativeOf(this.#core).driverClose(tid, this.#number)
    const failure = result < 0 ? this.#core.failure(result) : undefined
    if (failure instanceof HmmuError && failure.code !== 'HMMU_SYSCALL') throw failure
    if (failure instanceof HmmuError && failure.errno === 'EDEADLK') throw failure
    this.#open = false
    this.#driver.forget(this)
    if (failure !== undefined) throw failure
  }

  /** @internal */
  forked(parent: Process, child: Process): void {
    if (this.#users.has(parent)) this.#users.add(child)
  }

  /** @internal */
  exited(process: Process): void {
    if (!this.#users.delete(process) || this.#users.size > 0) return
    try {
      this.close()
    } catch {
      // A kernel ignores what release() returns. One that waits leaves the file open.
    }
  }

  /** @internal */
  gone(): void {
    this.#open = false
  }

  /** @internal */
  [asText](): string {
    return `DriverFile ${this.name}${this.#open ? '' : ' (closed)'}`
  }

  static {
    showsItself(DriverFile.prototype)
  }
}

/** Drivers that {@link Machine.loadDriver} has loaded. */
export class KernelDriver {
  /** The file that they were loaded from. */
  readonly path: string
  readonly #core: Core
  readonly #files = new Set<DriverFile>()
  readonly #reports: DriverReport[] = []
  readonly #log: string[] = []
  #loaded = true

  /** @internal */
  static make(core: Core, path: string): KernelDriver {
    return new KernelDriver(core, path)
  }

  private constructor(core: Core, path: string) {
    this.#core = requireCore(core, 'machine.loadDriver() loads drivers')
    this.path = path
  }

  /** The machine that has them. */
  get machine(): Machine {
    return this.#core.machine
  }

  /** Whether they are loaded. */
  get loaded(): boolean {
    return this.#loaded
  }

  #native(): Native {
    if (this.#loaded || this.#core.disposed) return nativeOf(this.#core)
    throw new HmmuError('HMMU_SYSCALL', `${this.path} is unloaded`, { errno: 'ENODEV' })
  }

  /**
   * open() of a device.
   * @param opener who opens it: `current` of the driver
   * @param name of the device, with or without `/dev/`
   * @throws HmmuError HMMU_SYSCALL: `open` of the driver returns this errno; `ENOENT`: there is no such device
   */
  open(opener: Caller, name: string): DriverFile {
    if (typeof name !== 'string') throw invalid('name', 'the name of a device', name)
    this.#native()
    const file = DriverFile.make(this.#core, this, taskOf(this.#core, opener), name)
    this.#files.add(file)
    return file
  }

  /** The open files, in the order in which they were opened. */
  get files(): DriverFile[] {
    return [...this.#files]
  }

  /** What the checks have noticed so far, at most 10,000 reports. They stay when the drivers are unloaded. */
  get reports(): DriverReport[] {
    this.#fetch()
    return [...this.#reports]
  }

  /** The lines that the drivers have printed (`pr_info()` …), at most 10,000. */
  get log(): string[] {
    this.#fetch()
    return [...this.#log]
  }

  #fetch(): void {
    if (!this.#loaded || this.#core.disposed) return
    const native = nativeOf(this.#core)
    for (const [check, file, line, text] of native.driverReports(this.#reports.length))
      this.#reports.push({ check, file, line, text })
    this.#log.push(...native.driverLog(this.#log.length))
  }

  /**
   * Makes something fail or happen in the drivers, as {@link Machine.inject} does in the machine.
   * @param fault which kind
   * @param nth which of the next ones, 1 being the next; 0 disarms
   * @param forever all that follow, too
   *
   * @example
   * ```ts
   * // Each allocation of a call fails in turn.
   * for (let nth = 1; ; nth++) {
   *   driver.inject('allocation', nth)
   *   if (succeeds(() => file.ioctl(MIGRATE, bytes))) break
   * }
   * ```
   */
  inject(fault: DriverFault, nth: number, forever = false): void {
    const count = integer('nth', nth, 0, Number.MAX_SAFE_INTEGER)
    this.#core.check(this.#native().driverInject(this.#fault(fault), count, boolean('forever', forever)))
  }

  /** How often a fault could have happened since the drivers were loaded. */
  injectionPasses(fault: DriverFault): number {
    return this.#core.check(this.#native().driverPasses(this.#fault(fault)))
  }

  #fault(fault: DriverFault): number {
    const names = this.#native().driverFaults()
    return oneOf('fault', fault, Object.fromEntries(names.map((name, number) => [name, number])))
  }

  /** Lets threads of the drivers run until all wait: work that was queued, and timers. Each call of a file does a part of that. */
  run(): void {
    this.#core.check(this.#native().driverRun())
  }

  /**
   * Runs `module_exit()`, reports what the drivers have left, and gives everything back to the machine, also what they have left. Pages
   * that processes still have on the device stay there, and the built-in driver handles them.
   * @returns the reports of this call
   * @throws HmmuError HMMU_BUSY: files are open, or a call waits in the driver; HMMU_SYSCALL with errno `EDEADLK`: `module_exit()` waits
   *   for ever; only {@link Machine.dispose} ends that
   */
  unload(): DriverReport[] {
    const native = this.#native()
    const before = this.reports.length
    this.#core.check(native.driverUnload())
    this.#fetch()
    this.#core.check(native.driverDetach())
    this.gone()
    return this.#reports.slice(before)
  }

  /** @internal The library is gone, or goes with the machine. */
  gone(): void {
    this.#loaded = false
    for (const file of this.#files) file.gone()
    this.#files.clear()
    this.#core.driver = undefined
    if (!this.#core.disposed) this.#core.devices.unloaded()
  }

  /** @internal */
  forget(file: DriverFile): void {
    this.#files.delete(file)
  }

  /** @internal */
  forked(parent: Process, child: Process): void {
    for (const file of this.#files) file.forked(parent, child)
  }

  /** @internal */
  exited(process: Process): void {
    for (const file of [...this.#files]) file.exited(process)
  }

  /** @internal */
  [asText](): string {
    if (!this.#loaded) return `KernelDriver ${this.path} (unloaded)`
    return `KernelDriver ${this.path}: ${this.#files.size} files open, ${this.reports.length} reports`
  }

  static {
    showsItself(KernelDriver.prototype)
  }
}

/** @internal Machine.loadDriver() */
export function loadDriver(core: Core, path: string, given: KernelDriverOptions | undefined): KernelDriver {
  const { params = {}, seed = 1, quiet = false } = options('options', given, ['params', 'seed', 'quiet'])
  const values = Object.entries(options('params', params as Record<string, ModuleParameter>, Object.keys(params)))
  const texts = values.map(([name, value]) => [name, parameterText(name, value)] as const)
  integer('seed', seed, 0, Number.MAX_SAFE_INTEGER)
  boolean('quiet', quiet)
  core.check(core.native.quirks())
  const mark = getAddon().driverMark
  const files = driverFiles()
  if (mark === undefined || files === undefined) throw unsupported()
  const native = nativeOf(core)
  const attached = files.withCopy(path, mark, (copy) => native.driverAttach(copy, seed, quiet))
  if (typeof attached === 'string') throw new HmmuError('HMMU_DRIVER_FILE', `${path}: ${attached}`)
  core.check(attached)
  const driver = KernelDriver.make(core, path)
  core.driver = driver
  try {
    for (const [name, text] of texts) setParameter(native, name, text)
    core.check(native.driverLoad())
  } catch (error) {
    native.driverDetach()
    driver.gone()
    throw error
  }
  return driver
}

function unsupported(): HmmuError {
  const isWasm = getAddon().napiVersion === undefined
  const why = isWasm ? 'the WebAssembly module runs none' : `${driverFiles()?.platform} runs none`
  return new HmmuError('HMMU_UNSUPPORTED', `drivers run on Linux (x64, arm64) with the native addon; ${why}`)
}

function parameterText(name: string, value: unknown): string {
  if (typeof value === 'boolean') return value ? '1' : '0'
  if (typeof value === 'bigint' && value >= -(2n ** 63n) && value < 2n ** 63n) return value.toString()
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value.toString()
  throw invalid(`the parameter ${name}`, 'an integer of 64 bits, or a boolean', value)
}

function setParameter(native: Native, name: string, text: string): void {
  const result = native.driverSetParam(name, text)
  if (result >= 0) return
  const names = native.driverParams()
  throw new HmmuError(
    'HMMU_INVALID_ARGUMENT',
    result === -ENOENT
      ? `the drivers have no parameter '${name}'; there are: ${names.join(', ') || 'none'}${didYouMean(name, names)}`
      : `the parameter ${name} is not a number, which alone can be set`,
  )
}
