// SPDX-License-Identifier: GPL-2.0-only
//
// The device's pages. A free page has no reference.

import { Frame } from './page'

export class Device {
  readonly pages: readonly Frame[]

  constructor(pages: number) {
    this.pages = Array.from({ length: pages }, (_, number) => new Frame(0, undefined, number))
  }

  get free(): number {
    return this.pages.filter(({ folio }) => folio.refCount === 0).length
  }

  /**
   * The lowest free page; undefined if there is none. When the page was freed it lost its mapping, and was exclusive no
   * more. Its flags are those of its life before.
   */
  take(): Frame | undefined {
    const frame = this.pages.find(({ folio }) => folio.refCount === 0)
    if (frame === undefined) return undefined
    frame.exclusive = false
    frame.folio.anonVma = undefined
    return frame
  }
}
