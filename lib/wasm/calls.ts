// SPDX-License-Identifier: GPL-2.0-only
//
// Calls into an instance, and its calls of JavaScript. Results are as in native/addon/machine.h: the result of C, a
// negative errno of a call that was refused before it reached the core, or THROWN.
//
// An exception must not pass through frames of C: it would leave the machine in the middle of a call. So callbacks
// catch exceptions and return an errno to C. Two exceptions can't be caught in time: a stack overflow within C, and a
// trap, which is a bug. After these the machine is lost.

import { type ErrorCode, errorCodeValues } from '../base/defs.generated'
import type { NativeError, NativeMachine } from '../native/interface'
import { THROWN } from '../native/interface'
import { EBADF, EBUSY, ECANCELED, EFAULT, ENOMEM } from './errno'
import type { PlainName } from './exports'
import type { WasmInstance } from './instance'
import type { InstancePool } from './pool'

/** Number of arguments that the stack must have room for, besides the needs of the callback itself. */
const ROOM: readonly undefined[] = new Array(8192).fill(undefined)

/** Throws a RangeError, where it does no harm, if the stack has too little room for calls from the callback. */
function checkStack(): void {
  Function.prototype.apply(undefined, ROOM as undefined[])
}

export abstract class WasmCalls {
  pageFault?: NativeMachine['pageFault']
  pageFree?: NativeMachine['pageFree']
  invalidate?: NativeMachine['invalidate']
  intervalInvalidate?: NativeMachine['intervalInvalidate']
  searchProgress?: NativeMachine['searchProgress']

  /** Undefined when the machine is gone. */
  #instance: WasmInstance | undefined
  #refusal: NativeError | undefined
  /** The exception of a callback, until it is taken. */
  #exception: { error: unknown; result: number } | undefined
  /** The exception that ended a call within C; the machine is lost. */
  #lost: { error: unknown } | undefined
  /** Callbacks that have not returned. */
  #callbacks = 0
  /** Bytes that the last load or store has moved. */
  protected done = 0

  readonly #pool: InstancePool

  /** @param sizes of the machine to be made, see {@link InstancePool} */
  constructor(pool: InstancePool, sizes: string) {
    this.#pool = pool
    try {
      this.#instance = pool.take(sizes)
    } catch {
      this.refuse(-ENOMEM, 'HMMU_HOST_MEMORY', 'the host has no memory for an instance of the WebAssembly module')
      return
    }
    this.#instance.host = {
      migration: (id, which) => this.onMigration(id, which),
      pageFault: (...fault) => this.#onPageFault(...fault),
      pageFree: (...told) => this.#tell(() => this.pageFree?.(...told)),
      invalidate: (...told) => this.#tell(() => this.invalidate?.(...told)),
      intervalInvalidate: (...told) => this.#onIntervalInvalidate(...told),
      searchProgress: (...counts) => this.#onSearchProgress(...counts),
    }
  }

  protected get open(): boolean {
    return this.#instance !== undefined
  }

  /** Calls into the instance. */
  protected call(run: (instance: WasmInstance) => number): number {
    if (!this.#instance) return -EBADF
    this.#refusal = undefined
    try {
      const result = run(this.#instance)
      if (!this.#exception) return result
      this.#exception.result = result
      return THROWN
    } catch (error) {
      return this.#lose(error)
    }
  }

  /** Makes a function that only passes numbers on. */
  plain(name: PlainName, args: readonly number[]): number {
    return this.call(({ exports }) => (exports[name] as (...args: readonly number[]) => number)(...args))
  }

  /** Calls with memory of the instance that is allocated for the call. */
  protected lend(instance: WasmInstance, bytes: number, run: (address: number) => number): number {
    const address = instance.exports.alloc(bytes)
    if (!address) return this.refuse(-ENOMEM, 'HMMU_HOST_MEMORY', `the machine has no memory for ${bytes} bytes`)
    const result = run(address)
    instance.exports.free(address)
    return result
  }

  /** Calls a JavaScript function for the core: 0, or a negative errno. Keeps its exception. */
  protected callBack(run: () => unknown): number {
    this.#callbacks++
    try {
      checkStack()
      const result = run()
      if (this.#lost) throw this.#lost.error
      return typeof result === 'number' ? Math.min(result | 0, 0) : 0
    } catch (error) {
      if (this.#lost) throw error
      this.#exception ??= { error, result: -ECANCELED }
      return -ECANCELED
    } finally {
      this.#callbacks--
    }
  }

  /** A callback of a migration: 0, or a negative errno. */
  protected abstract onMigration(id: number, which: number): number

  #onPageFault(...fault: [device: number, tid: number, address: number, pfn: number]): number {
    const { pageFault } = this
    return pageFault ? this.callBack(() => pageFault(...fault)) : -EFAULT
  }

  #onIntervalInvalidate(...told: Parameters<NonNullable<NativeMachine['intervalInvalidate']>>): number {
    const { intervalInvalidate } = this
    if (!intervalInvalidate || this.#exception) return -EFAULT
    return this.callBack(() => intervalInvalidate(...told))
  }

  #onSearchProgress(...counts: [states: number, open: number]): number {
    const { searchProgress } = this
    return searchProgress ? this.callBack(() => searchProgress(...counts)) : -EFAULT
  }

  /** Once a callback of a call has thrown, the call makes no more calls of handlers that can't fail. */
  #tell(run: () => void): number {
    return this.#exception ? 0 : this.callBack(run)
  }

  /** Sets the error of a refused call, for error(). */
  protected refuse(err: number, code: ErrorCode, text: string): number {
    return this.refuseBy(err, errorCodeValues[code], text)
  }

  /** Sets the error of a refused call by the number of its code. */
  protected refuseBy(err: number, code: number, text: string): number {
    this.#refusal = [err, code, 0, 0, 0, 0, text, this.done]
    return err
  }

  /** Keeps the current error, so that error() returns it after other calls, too. */
  protected holdError(): void {
    const error = this.error()
    this.call(() => 0)
    this.#refusal = error
  }

  #lose(error: unknown): number {
    this.close()
    this.#lost = { error }
    this.#exception ??= { error, result: -EBADF }
    return THROWN
  }

  /** Forgets the instance: the machine is gone. */
  protected close(): void {
    this.#instance = undefined
  }

  error(): NativeError {
    if (this.#refusal) return this.#refusal
    const instance = this.#instance
    if (!instance) {
      const text = this.#lost
        ? `the machine was lost: a call ended in the middle (${this.#lost.error})`
        : 'the machine is disposed of'
      return [-EBADF, errorCodeValues.HMMU_DISPOSED, 0, 0, 0, 0, text, this.done]
    }
    const text = instance.text(instance.exports.error())
    const [err = 0, code = 0, rule = 0, wait = 0, index = 0, address = 0] = instance.told(6)
    return [err, code, rule, wait, index, address, text, this.done]
  }

  takeException(): { error: unknown; result: number } | undefined {
    const exception = this.#exception
    this.#exception = undefined
    return exception
  }

  /** A machine must not be disposed of during one of its calls. */
  dispose(): number {
    if (this.#callbacks > 0) return this.refuse(-EBUSY, 'HMMU_BUSY', 'a callback of the machine is running')
    const instance = this.#instance
    this.close()
    if (instance) this.#pool.giveBack(instance)
    return 0
  }
}
