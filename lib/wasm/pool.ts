// SPDX-License-Identifier: GPL-2.0-only
//
// Instances without a machine, for reuse. The garbage collector counts an instance with all of its address space, about
// 1 GiB, and would run for each new instance. And the memory of an instance never shrinks.

import { WasmInstance } from './instance'
import type { WasmModule } from './webassembly'

/** Most instances that wait. */
const MOST = 4

/** Most memory of the host that a waiting instance may have, in bytes. */
const MOST_USED = 2 ** 25

/**
 * The options that decide how much memory a machine reserves. An instance is reused for a machine of equal sizes.
 * @param options of a machine, in the order of the constructor's arguments
 */
export function sizesKey(options: ArrayLike<number | boolean>): string {
  const [ramPages, devicePages, cpus, , , , , swapPages, noContents, hugetlbPages, coherentPages] = Array.from(
    options,
    Number,
  )
  return [ramPages, devicePages, cpus, swapPages, noContents, hugetlbPages, coherentPages].join()
}

export class InstancePool {
  readonly #module: WasmModule
  /** Waiting instances with the sizes of their former machines, the oldest first. */
  readonly #waiting: { sizes: string; instance: WasmInstance }[] = []

  constructor(module: WasmModule) {
    this.#module = module
  }

  /** Takes or makes an instance for a machine of these sizes. Throws a RangeError if the host has no memory. */
  take(sizes: string): WasmInstance {
    const found = this.#waiting.findIndex((each) => each.sizes === sizes)
    return this.#waiting.splice(found, found < 0 ? 0 : 1)[0]?.instance ?? new WasmInstance(this.#module)
  }

  /** Takes back an instance whose machine is to end, unless that machine is large or in the middle of a call. */
  giveBack(instance: WasmInstance): void {
    const { exports } = instance
    try {
      const used = exports.snapshot(0, 0)
      if (used < 0 || used > MOST_USED) return
      const sizes = sizesKey(instance.told(exports.options()))
      exports.destroy()
      instance.host = undefined
      this.#waiting.push({ sizes, instance })
    } catch {
      // The stack overflowed in the middle of C.
      return
    }
    if (this.#waiting.length > MOST) this.#waiting.shift()
  }
}
