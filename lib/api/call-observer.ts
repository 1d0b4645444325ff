// SPDX-License-Identifier: GPL-2.0-only
//
// Lets somebody look on at the calls of a machine. A machine of which nobody does is called as it was before.

import { errorCodeNames } from '../base/defs.generated'
import { type NativeMachine, THROWN } from '../native/interface'

/** A call, as it reaches the native machine. */
export interface NativeCall {
  readonly name: string
  readonly args: readonly unknown[]
}

/** What became of it. */
export interface NativeOutcome {
  readonly result: unknown
  /** The stable code of a failure; THREW: a callback threw. */
  readonly failure: string | undefined
}

/**
 * Is told of calls that may change the machine, but not of those that come from within one. It may look at the machine in `settle`, before
 * the next call: then the handles know what the last one has done.
 */
export interface NativeObserver {
  settle(): void
  before(call: NativeCall): void
  after(call: NativeCall, outcome: NativeOutcome): void
}

/** Properties that are functions of ours. */
const HANDLERS: ReadonlySet<PropertyKey> = new Set([
  'pageFault',
  'pageFree',
  'invalidate',
  'intervalInvalidate',
  'searchProgress',
])

/** Calls that change nothing. */
const LOOKS: ReadonlySet<PropertyKey> = new Set(
  (
    'error takeException verify counters snapshot hash options processes tasks taskState dump mappings walk mmCounters pageInfo deviceInfo ' +
    'leaks holders tlb tables pages pageRead takeEvents stats statsTree migrateState quirks memcgCharged injectPasses processAlive ' +
    'processTask recordEvents eventsRecorded stateHash marks timeEvents statsEnable deviceBase intervalReadBegin intervalReadRetry ' +
    'deviceFaultWindow destinationsLeft lru setDeviceHandlers notify notifyIntervals driverParams driverFaults driverPasses driverReports driverLog'
  ).split(' '),
)

type Call = (...args: unknown[]) => unknown

/** The native machine with somebody who looks on. */
export function observed(native: NativeMachine, observer: NativeObserver): NativeMachine {
  return new Proxy(native, new Looker(native, observer))
}

class Looker implements ProxyHandler<NativeMachine> {
  readonly #native: NativeMachine
  readonly #observer: NativeObserver
  readonly #calls = new Map<PropertyKey, Call>()
  /** A call is under way, so that others come from callbacks, or from the observer. */
  #busy = false

  constructor(native: NativeMachine, observer: NativeObserver) {
    this.#native = native
    this.#observer = observer
  }

  get(_: NativeMachine, name: PropertyKey): unknown {
    const value = this.#native[name as keyof NativeMachine] as unknown
    if (typeof value !== 'function' || HANDLERS.has(name)) return value
    let call = this.#calls.get(name)
    if (!call) {
      call = this.#wrap(name, (...args) => (value as Call).apply(this.#native, args))
      this.#calls.set(name, call)
    }
    return call
  }

  set(_: NativeMachine, name: PropertyKey, value: unknown): boolean {
    Object.assign(this.#native, { [name]: value })
    return true
  }

  #wrap(name: PropertyKey, run: Call): Call {
    if (LOOKS.has(name)) return run
    return (...args) => (this.#busy ? run(...args) : this.#told({ name: String(name), args }, run))
  }

  #told(call: NativeCall, run: Call): unknown {
    this.#busy = true
    try {
      this.#observer.settle()
      if (call.name === 'dispose') return run()
      this.#observer.before(call)
      const result = run(...call.args)
      this.#observer.after(call, { result, failure: this.#failureOf(result) })
      return result
    } finally {
      this.#busy = false
    }
  }

  #failureOf(result: unknown): string | undefined {
    if (typeof result !== 'number' || result >= 0) return undefined
    if (result === THROWN) return 'THREW'
    const [, code] = this.#native.error()
    return errorCodeNames[code] ?? 'HMMU_INVALID_ARGUMENT'
  }
}
