// SPDX-License-Identifier: GPL-2.0-only

import type { NativeWords } from '../binding'

/** What a page needs: a word of src, a word of dst, a byte of why. */
export const BYTES_PER_PAGE = 17

/** An address space of 47 bits has more pages, but no migration of a machine's RAM needs more words than this. */
const MOST_PAGES = 2 ** 28

/**
 * src, dst and why of a migration, in memory of JavaScript. Memory of an instance would not do: views of it are lost when it
 * grows, and a result may outlive its machine. So a migration has arrays of its own in there, and these are copied in and out
 * between the turns of the core and those of JavaScript.
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

  /** Copies all to the memory of an instance. Someone may have detached the buffer; then there is nothing to copy. */
  copyTo(memory: Uint8Array): void {
    if (this.#buffer?.byteLength) memory.set(new Uint8Array(this.#buffer))
  }

  /** Copies all from the memory of an instance. */
  copyFrom(memory: Uint8Array): void {
    if (this.#buffer?.byteLength) new Uint8Array(this.#buffer).set(memory)
  }
}

function allocate(pages: number): ArrayBuffer | undefined {
  if (!(pages >= 1 && pages <= MOST_PAGES)) return undefined
  try {
    return new ArrayBuffer(pages * BYTES_PER_PAGE)
  } catch {
    return undefined
  }
}
