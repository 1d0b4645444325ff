// SPDX-License-Identifier: GPL-2.0-only
//
// Instances whose machines are gone, for machines to come. The garbage collector believes that an instance costs all of
// its address space, about 1 GiB, and would run for each new one; and memory once given to an instance stays with it.

import { WasmInstance } from './instance'
import type { WasmModule } from './webassembly'

/** Instances that wait. */
const MOST = 4

/** Memory of the host that an instance may have got if it is to wait, in bytes. */
const MOST_USED = 2 ** 25

/**
 * Which options decide how much memory a machine reserves: an instance serves one that wants as much as the one before.
 * @param options what a machine is made of, in the order of the constructor's arguments
 */
export function sizesKey(options: ArrayLike<number | boolean>): string {
  const [ramPages, devicePages, cpus, , , , , swapPages, noContents] = Array.from(options, Number)
  return [ramPages, devicePages, cpus, swapPages, noContents].join()
}

export class InstancePool {
  readonly #module: WasmModule
  /** With the sizes of the machines that they had, the oldest first. */
  readonly #waiting: { sizes: string; instance: WasmInstance }[] = []

  constructor(module: WasmModule) {
    this.#module = module
  }

  /** An instance for a machine of some sizes, without a machine. Throws a RangeError where the host has no memory. */
  take(sizes: string): WasmInstance {
    const found = this.#waiting.findIndex((each) => each.sizes === sizes)
    return this.#waiting.splice(found, found < 0 ? 0 : 1)[0]?.instance ?? new WasmInstance(this.#module)
  }

  /** Takes an instance back whose machine is to end, unless that machine was large or is in the middle of something. */
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
      // The stack is full, and C was left in the middle of something.
      return
    }
    if (this.#waiting.length > MOST) this.#waiting.shift()
  }
}
