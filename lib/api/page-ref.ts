// SPDX-License-Identifier: GPL-2.0-only

import { PinBit } from '../base/defs.generated'
import { HmmuError } from '../base/errors'
import { captureStack, placeOf, type Stack } from '../base/place'
import { type Core, requireCore } from './core'
import { asText, showsItself, stateOf } from './inspect'

/**
 * How a page came to be referred to: {@link Task.pin} (`'dma_pin'` with its option `dma`), {@link Process.hold},
 * {@link Process.isolate}, {@link Task.makeDeviceExclusive}.
 */
export type PageRefKind = 'pin' | 'dma_pin' | 'hold' | 'isolation' | 'exclusive'

/**
 * One page that is kept from migrating: pinned, locked, or off the LRU. {@link PageRef.drop} gives it back, once.
 */
export class PageRef {
  /** Page frame number. */
  readonly pfn: number
  /** How it came to be. */
  readonly kind: PageRefKind
  readonly #core: Core
  #dropped = false
  readonly #stack: Stack | undefined = captureStack()

  /** @internal */
  static make(core: Core, kind: PageRefKind, pfn: number): PageRef {
    return new PageRef(core, kind, pfn)
  }

  private constructor(core: Core, kind: PageRefKind, pfn: number) {
    this.#core = requireCore(core, 'pin(), hold(), isolate() and makeDeviceExclusive() return page references')
    this.kind = kind
    this.pfn = pfn
    const refs = core.pageRefs.get(pfn)
    if (refs) refs.add(this)
    else core.pageRefs.set(pfn, new Set([this]))
  }

  #forget(): void {
    const { pageRefs } = this.#core
    const refs = pageRefs.get(this.pfn)
    refs?.delete(this)
    if (refs?.size === 0) pageRefs.delete(this.pfn)
  }

  /** Where in the caller's code it was taken: `test.ts:12`. Undefined if the host does not tell, or all code is in one file. */
  get since(): string | undefined {
    return placeOf(this.#stack)
  }

  /** Whether the page was given back. */
  get dropped(): boolean {
    return this.#dropped
  }

  /**
   * Gives the page back, as its kind wants it: put_page(); unpin_user_page(); unlock_page() and put_page(), also of an
   * exclusive page; putback_lru_page().
   * @throws HmmuError HMMU_REFERENCE: it was given back before
   */
  drop(): void {
    const { native } = this.#core
    if (this.#dropped) {
      throw new HmmuError('HMMU_REFERENCE', `this ${this.kind} of page ${this.pfn} was given back before`)
    }
    if (this.kind === 'pin') this.#core.check(native.unpin(this.pfn, 0))
    else if (this.kind === 'dma_pin') this.#core.check(native.unpin(this.pfn, PinBit.DMA))
    else if (this.kind === 'hold') this.#core.check(native.release(this.pfn))
    else if (this.kind === 'exclusive') this.#endExclusive()
    else this.#core.check(native.putback(this.pfn))
    this.#dropped = true
    this.#forget()
  }

  #endExclusive(): void {
    const { native } = this.#core
    this.#core.check(native.pageUnlock(this.pfn))
    this.#core.check(native.pagePut(this.pfn))
  }

  /** Gives the page back unless that has been done, or the machine is gone. */
  [Symbol.dispose](): void {
    if (!this.#dropped && !this.#core.disposed) this.drop()
  }

  /** @internal Checks that this is a reference of one of some kinds, of a machine. */
  expect(core: Core, kinds: readonly PageRefKind[]): void {
    core.same('the page reference', this.#core)
    if (!kinds.includes(this.kind)) {
      throw new HmmuError('HMMU_REFERENCE', `expected a ${kinds[0]}, this is a ${this.kind} of page ${this.pfn}`)
    }
  }

  /** What JSON has. */
  toJSON(): object {
    const { kind, pfn, dropped } = this
    return { kind, pfn, dropped }
  }

  /** @internal */
  [stateOf](): object {
    return { is: 'PageRef', machine: this.#core.machine, ...this.toJSON() }
  }

  /** @internal */
  [asText](): string {
    return `PageRef { ${this.kind} of page ${this.pfn}${this.#dropped ? ', given back' : ''} }`
  }

  static {
    showsItself(PageRef.prototype)
  }
}
