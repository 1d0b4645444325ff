// SPDX-License-Identifier: GPL-2.0-only
//
// Loads of many bytes: into an array that is made for them, or into one of the caller's.

import { HmmuError } from '../base/errors'
import { allocate, integer, invalid, writable } from '../base/validate'
import type { Core } from './core'
import { isRefused } from './schedule'

/** The most bytes of one load. */
const MOST_BYTES = 2 ** 30

/** Who loads from where. */
export interface Loader {
  readonly core: Core
  /** Makes the call. */
  load(out: Uint8Array): number
  /** Whether the call has to wait, if it failed with this. */
  waits(error: unknown): error is HmmuError
}

/** The loads of a task. */
export class Loads {
  /** The bytes that a blocked load has got so far. The call that goes on fills in the rest. */
  #partial: Uint8Array | undefined

  /** Those of a copy of the task begin with what another one's have got. */
  copyFrom(other: Loads): void {
    this.#partial = other.#partial?.slice()
  }

  load(loader: Loader, length: number): Uint8Array {
    integer('length', length, 0, MOST_BYTES)
    const { out, failure } = this.#load(loader, length)
    if (failure) throw failure.error
    return out
  }

  /** What was loaded, and why not all of it was. */
  #load(loader: Loader, length: number): { out: Uint8Array; failure: { error: unknown } | undefined } {
    const partial = this.#partial
    const out = partial?.length === length ? partial : allocate(length)
    this.#partial = undefined
    const result = loader.load(out)
    if (result >= 0) return { out, failure: undefined }
    const error = loader.core.failure(result)
    if (loader.waits(error) && error.done) this.#partial = out
    else if (isRefused(error)) this.#partial = partial
    return { out, failure: { error } }
  }

  /** Fills an array of the caller's, as far as the load comes. */
  loadInto(loader: Loader, buffer: Uint8Array): void {
    const into = writable('buffer', buffer)
    integer('the length of the buffer', into.length, 0, MOST_BYTES)
    // A call that goes on may have begun with another array.
    if (loader.core.mayCallOut || this.#partial) this.#loadAndCopy(loader, buffer, into.length)
    else {
      const result = loader.load(into)
      if (result >= 0) return
      const error = loader.core.failure(result)
      if (loader.waits(error) && error.done) this.#partial = into.slice()
      throw error
    }
  }

  /** A function of JavaScript may be called meanwhile, and could take the memory away from the machine. */
  #loadAndCopy(loader: Loader, buffer: Uint8Array, length: number): void {
    const { out, failure } = this.#load(loader, length)
    const into = writable('buffer', buffer)
    if (into.length !== length) throw invalid('buffer', `of ${length} bytes still`, buffer)
    if (!failure) into.set(out)
    else if (failure.error instanceof HmmuError) into.set(out.subarray(0, failure.error.done ?? 0))
    if (failure) throw failure.error
  }
}
