// SPDX-License-Identifier: GPL-2.0-only

import { PfnFlag } from '../base/defs.generated'
import type { NativeWords } from '../native/interface'

/** Bytes for each page: a word of src, a word of dst, a byte of why. */
export const BYTES_PER_PAGE = 17

/** So many bytes a typed array may have in all versions of V8. An ArrayBuffer may have more, of which no array could be made. */
const MOST_BYTES = 2 ** 32 - 1

/**
 * src, dst and why of a migration, in memory of JavaScript. Views of an instance's memory would not do: they are
 * detached when that memory grows, and a result may outlive its machine. So the migration has other arrays in the
 * instance. Contents are copied at each switch between the core and JavaScript.
 */
export class Words implements NativeWords {
  readonly pages: number
  readonly #buffer: ArrayBuffer | undefined

  /** @param protect keeps a buffer from being transferred to another thread, where the host can do that */
  constructor(pages: number, protect?: (buffer: ArrayBuffer) => void) {
    this.pages = pages
    this.#buffer = allocate(pages)
    if (this.#buffer) protect?.(this.#buffer)
  }

  buffer(): ArrayBuffer | undefined {
    return this.#buffer
  }

  /** Copies all words to the memory of an instance. If the buffer was detached, there is nothing to copy. */
  copyTo(memory: Uint8Array): void {
    if (this.#buffer?.byteLength) memory.set(new Uint8Array(this.#buffer, 0, memory.length))
  }

  /** Copies all words from the memory of an instance. */
  copyFrom(memory: Uint8Array): void {
    if (this.#buffer?.byteLength) new Uint8Array(this.#buffer).set(memory)
  }

  /** How many of the first entries have MIGRATE in src. */
  countMigrate(entries: number): number {
    if (!this.#buffer?.byteLength) return 0
    const src = new Uint32Array(this.#buffer, 0, entries * 2)
    return src.filter((half, i) => i % 2 === 0 && (half & PfnFlag.MIGRATE) !== 0).length
  }
}

function allocate(pages: number): ArrayBuffer | undefined {
  if (!(pages >= 1 && pages * BYTES_PER_PAGE <= MOST_BYTES)) return undefined
  try {
    return new ArrayBuffer(pages * BYTES_PER_PAGE)
  } catch {
    return undefined
  }
}
