// SPDX-License-Identifier: GPL-2.0-only
//
// Snapshots and hashes, and who is there.

import { RestoreBit } from '../base/defs.generated'
import { lengthOf } from '../base/validate'
import { WasmOrder } from './order'
import { sizesKey } from './pool'

export abstract class WasmCopies extends WasmOrder {
  /** Open migrations have their words in JavaScript's memory: the module gets them as they are now. */
  protected abstract copyWordsIn(): void

  snapshot(out: Uint8Array | undefined): number {
    return this.call((instance) => {
      const { exports } = instance
      this.copyWordsIn()
      if (!out) return exports.snapshot(0, 0)
      return this.lend(instance, out.length, (at) => {
        const size = exports.snapshot(at, out.length)
        if (size >= 0) out.set(instance.bytes(at, size))
        return size
      })
    })
  }

  /** Makes the machine of a snapshot. */
  protected restore(bytes: Uint8Array, flags: number): void {
    const length = lengthOf(bytes)
    const result = this.call((instance) =>
      this.lend(instance, length, (at) => {
        instance.bytes(at, length).set(bytes)
        const refusal = instance.exports.restore(at, length, flags)
        if (!refusal) return 0
        const [err = 0, code = 0] = instance.told(2)
        return this.refuseBy(err, code, instance.text(refusal))
      }),
    )
    if (result < 0) this.close()
  }

  /** Makes the machine as a copy of another. */
  protected clone(source: WasmCopies): void {
    const size = source.snapshot(undefined)
    const bytes = new Uint8Array(Math.max(size, 0))
    if (size >= 0 && source.snapshot(bytes) >= 0) {
      this.restore(bytes, RestoreBit.UNVERIFIED)
      return
    }
    const [err, code, , , , , text] = source.error()
    this.close()
    this.refuseBy(err, code, text)
  }

  hash(out: BigUint64Array): number {
    return this.call(({ exports }) => {
      this.copyWordsIn()
      out[0] = exports.hash()
      return 0
    })
  }

  stateHash(pfns: Uint32Array, out: BigUint64Array): number {
    return this.call((instance) =>
      this.lend(instance, 8 + pfns.byteLength, (at) => {
        this.copyWordsIn()
        new Uint32Array(instance.exports.memory.buffer, (at >>> 0) + 8, pfns.length).set(pfns)
        const err = instance.exports.stateHash(at + 8, pfns.length, at)
        out[0] = new BigUint64Array(instance.exports.memory.buffer, at >>> 0, 1)[0] ?? 0n
        return err
      }),
    )
  }

  options(out: Float64Array): number {
    return this.call((instance) => this.tell(instance, instance.exports.options(), out))
  }

  /** See {@link InstancePool}; empty if the machine is gone. */
  sizes(): string {
    let sizes = ''
    this.call((instance) => {
      sizes = sizesKey(instance.told(instance.exports.options()))
      return 0
    })
    return sizes
  }

  processes(out: Uint32Array): number {
    return this.#list(out, (at) => this.call(({ exports }) => exports.processes(at, out.length)))
  }

  tasks(pid: number, out: Uint32Array): number {
    return this.#list(out, (at) => this.call(({ exports }) => exports.tasks(pid, at, out.length)))
  }

  /** Has C fill an array with as many numbers as there is room for; how many there are. */
  #list(out: Uint32Array, run: (address: number) => number): number {
    return this.call((instance) =>
      this.lend(instance, out.byteLength, (at) => {
        const count = run(at)
        const written = Math.max(0, Math.min(count, out.length))
        out.set(new Uint32Array(instance.exports.memory.buffer, at >>> 0, written))
        return count
      }),
    )
  }
}
