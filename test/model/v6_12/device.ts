// SPDX-License-Identifier: GPL-2.0-only
//
// The pages of a device, of private or of coherent memory. A free page has no reference.

import type { Memory } from '../side'
import { Frame } from './page'

export class Device {
  readonly memory: Memory
  readonly size: number
  /** The pages that were ever in use: always the lowest ones, as the lowest free page is taken. */
  readonly #pages: Frame[] = []

  constructor(memory: Memory, size: number) {
    this.memory = memory
    this.size = size
  }

  get free(): number {
    return this.size - this.#pages.length + this.#pages.filter(isFree).length
  }

  /** Undefined if it was never in use. */
  page(number: number): Frame | undefined {
    return this.#pages[number]
  }

  /**
   * The lowest free page; undefined if there is none. When the page was freed it lost its mapping, and was exclusive no
   * more. Its flags are those of its life before.
   */
  take(): Frame | undefined {
    const frame = this.#pages.find(isFree) ?? this.#add()
    if (frame === undefined) return undefined
    frame.exclusive = false
    frame.folio.anonVma = undefined
    return frame
  }

  #add(): Frame | undefined {
    const number = this.#pages.length
    if (number === this.size) return undefined
    const frame = new Frame(0, undefined, this.memory, number)
    this.#pages.push(frame)
    return frame
  }
}

function isFree({ folio }: Frame): boolean {
  return folio.refCount === 0
}
