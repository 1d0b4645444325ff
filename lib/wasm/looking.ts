// SPDX-License-Identifier: GPL-2.0-only
//
// Calls that take or fill arrays. C can't see JavaScript's arrays, so their contents are copied in and out.

import { errorCodeValues } from '../base/defs.generated'
import { lengthOf, PAGE_SIZE } from '../base/validate'
import { DEVICE_FIELDS, RECORD_WORDS, SEARCH_NUMBERS, STATS_WORDS, TASK_FIELDS } from '../native/layout'
import { WasmCalls } from './calls'
import { EINVAL, ENOEXEC } from './errno'
import type { WasmInstance } from './instance'
import { BYTES_PER_PAGE } from './words'

const WORD = 8

/** The bytes of a typed array. */
const bytesOf = (array: ArrayBufferView) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength)

export abstract class WasmLooking extends WasmCalls {
  verify(): string[] | number {
    let complaints: string[] = []
    const result = this.call((instance) => {
      const err = instance.exports.verify()
      const [address = 0, length = 0] = instance.told(2)
      complaints = new TextDecoder().decode(instance.bytes(address, length)).split('\0').slice(0, -1)
      instance.exports.free(address)
      return err < 0 ? this.refuse(err, 'HMMU_HOST_MEMORY', 'the machine has no memory for its complaints') : 0
    })
    return result < 0 ? result : complaints
  }

  counters(out: Float64Array): number {
    return this.call((instance) => this.tell(instance, instance.exports.counters(), out))
  }

  taskState(tid: number, out: Float64Array): number {
    return this.call((instance) => {
      const err = instance.exports.taskState(tid)
      return err < 0 ? err : this.tell(instance, TASK_FIELDS, out)
    })
  }

  mmCounters(pid: number, out: Float64Array): number {
    return this.call((instance) => {
      const err = instance.exports.mmCounters(pid)
      return err < 0 ? err : this.tell(instance, 8, out)
    })
  }

  deviceInfo(device: number, out: Float64Array): number {
    return this.call((instance) => {
      const err = instance.exports.deviceInfo(device)
      return err < 0 ? err : this.tell(instance, DEVICE_FIELDS, out)
    })
  }

  /** Copies the further results of the last call. */
  protected tell(instance: WasmInstance, count: number, out: Float64Array): number {
    if (out.length < count) return this.#tooShort(count)
    out.set(instance.told(count))
    return 0
  }

  #tooShort(count: number): number {
    return this.refuse(-EINVAL, 'HMMU_INVALID_ARGUMENT', `the array has no room for ${count} numbers or records`)
  }

  destinations(target: number, device: number, pages: Uint32Array): number {
    return this.call((instance) =>
      this.lend(instance, pages.byteLength, (at) => {
        instance.bytes(at, pages.byteLength).set(bytesOf(pages))
        const result = instance.exports.destinations(target, device, at, pages.length)
        bytesOf(pages).set(instance.bytes(at, pages.byteLength))
        return result
      }),
    )
  }

  moveAll(request: Uint32Array, words: Uint8Array, moved: Uint8Array, only: Uint8Array | undefined): number {
    const [count = 0] = request
    if (Math.min(words.length / BYTES_PER_PAGE, moved.length, only?.length ?? count) < count)
      return this.call(() => this.#tooShort(count))
    const inputs = [
      words.subarray(0, count * 2 * WORD),
      bytesOf(request),
      moved.subarray(0, count),
      ...(only ? [only] : []),
    ]
    const places = inputs.map((_, i) => inputs.slice(0, i).reduce((sum, { length }) => sum + length, 0))
    const bytes = inputs.reduce((sum, { length }) => sum + length, 0)
    return this.call((instance) =>
      this.lend(instance, bytes, (at) => {
        const [src = 0, requestAt = 0, movedAt = 0, onlyAt = 0] = places.map((place) => at + place)
        const dst = src + count * WORD
        inputs.forEach((input, i) => {
          instance.bytes(at + (places[i] ?? 0), input.length).set(input)
        })
        const result = instance.exports.moveAll(requestAt, src, dst, movedAt, only ? onlyAt : 0)
        words.set(instance.bytes(dst, count * WORD), count * WORD)
        moved.set(instance.bytes(movedAt, count))
        return result
      }),
    )
  }

  load(tid: number, address: number, bytes: Uint8Array): number {
    return this.call((instance) =>
      this.lend(instance, bytes.length, (at) => {
        // A load that goes on has its first bytes already.
        instance.bytes(at, bytes.length).set(bytes)
        const err = instance.exports.load(tid, address, at, bytes.length)
        this.done = instance.told(1)[0] ?? 0
        bytes.set(instance.bytes(at, this.done))
        return err
      }),
    )
  }

  store(tid: number, address: number, bytes: Uint8Array): number {
    const length = lengthOf(bytes)
    return this.call((instance) =>
      this.lend(instance, length, (at) => {
        instance.bytes(at, length).set(bytes)
        const err = instance.exports.store(tid, address, at, length)
        this.done = instance.told(1)[0] ?? 0
        return err
      }),
    )
  }

  tryLoad(tid: number, address: number): number {
    if (!this.open) return -errorCodeValues.HMMU_DISPOSED
    return this.call(({ exports }) => exports.tryLoad(tid, address))
  }

  tryStore(tid: number, address: number, byte: number): number {
    if (!this.open) return -errorCodeValues.HMMU_DISPOSED
    return this.call(({ exports }) => exports.tryStore(tid, address, byte))
  }

  quick(): this {
    return this
  }

  mirror(tid: number, start: number, end: number, flags: number, owner: number, words: BigUint64Array): number {
    return this.#mirrored(end - start, words, ({ exports }, at) => exports.mirror(tid, start, end, flags, owner, at))
  }

  rangeFault(
    tid: number,
    notifier: number,
    seq: number,
    start: number,
    end: number,
    flags: number,
    owner: number,
    words: BigUint64Array,
  ): number {
    return this.#mirrored(end - start, words, ({ exports }, at) =>
      exports.rangeFault(tid, notifier, seq, start, end, flags, owner, at),
    )
  }

  /** A call that goes on finds the words as it has left them. */
  #mirrored(bytes: number, words: BigUint64Array, call: (instance: WasmInstance, at: number) => number): number {
    if (words.length < bytes / PAGE_SIZE) return this.call(() => this.#tooShort(bytes / PAGE_SIZE))
    return this.call((instance) =>
      this.lend(instance, words.byteLength, (at) => {
        instance.bytes(at, words.byteLength).set(bytesOf(words))
        const result = call(instance, at)
        bytesOf(words).set(instance.bytes(at, words.byteLength))
        return result
      }),
    )
  }

  dump(pid: number, address: number, pages: number, out: BigUint64Array): number {
    return this.fill(out, RECORD_WORDS.entry, pages, ({ exports }, at) => exports.dump(pid, address, pages, at))
  }

  mappings(pid: number, out: BigUint64Array): number {
    const capacity = Math.floor(out.length / RECORD_WORDS.vma)
    return this.fill(out, RECORD_WORDS.vma, capacity, ({ exports }, at) => exports.mappings(pid, at, capacity))
  }

  walk(pid: number, address: number, out: BigUint64Array): number {
    return this.fill(out, 1, 5, ({ exports }, at) => exports.walk(pid, address, at))
  }

  pageInfo(pfn: number, out: BigUint64Array): number {
    return this.fill(out, RECORD_WORDS.page, 1, ({ exports }, at) => exports.pageInfo(pfn, at))
  }

  leaks(out: BigUint64Array): number {
    const capacity = Math.floor(out.length / RECORD_WORDS.leak)
    return this.fill(out, RECORD_WORDS.leak, capacity, ({ exports }, at) => exports.leaks(at, capacity))
  }

  holders(pfn: number, out: BigUint64Array): number {
    const capacity = Math.floor(out.length / RECORD_WORDS.holder)
    return this.fill(out, RECORD_WORDS.holder, capacity, ({ exports }, at) => exports.holders(pfn, at, capacity))
  }

  tlb(cpu: number, out: BigUint64Array): number {
    const capacity = Math.floor(out.length / RECORD_WORDS.tlb)
    return this.fill(out, RECORD_WORDS.tlb, capacity, ({ exports }, at) => exports.tlb(cpu, at, capacity))
  }

  tables(pid: number, out: BigUint64Array): number {
    const capacity = Math.floor(out.length / RECORD_WORDS.table)
    return this.fill(out, RECORD_WORDS.table, capacity, ({ exports }, at) => exports.tables(pid, at, capacity))
  }

  pages(out: BigUint64Array): number {
    const capacity = Math.floor(out.length / RECORD_WORDS.page)
    return this.fill(out, RECORD_WORDS.page, capacity, ({ exports }, at) => exports.pages(at, capacity))
  }

  lru(out: BigUint64Array): number {
    const capacity = Math.floor(out.length / RECORD_WORDS.lru)
    return this.fill(out, RECORD_WORDS.lru, capacity, ({ exports }, at) => exports.lru(at, capacity))
  }

  /** There is no clock here, so all times are 0. */
  takeEvents(out: BigUint64Array): number {
    const capacity = Math.floor(out.length / RECORD_WORDS.event)
    return this.fill(out, RECORD_WORDS.event, capacity, ({ exports }, at) => exports.takeEvents(at, capacity))
  }

  stats(out: BigUint64Array): number {
    return this.fill(out, STATS_WORDS.all, 1, ({ exports }, at) => exports.stats(at))
  }

  statsTree(out: BigUint64Array): number {
    const capacity = Math.floor(out.length / STATS_WORDS.node)
    return this.fill(out, STATS_WORDS.node, capacity, ({ exports }, at) => exports.statsTree(at, capacity))
  }

  /** Has C fill an array with records. Records that C does not write stay unchanged. */
  protected fill(
    out: BigUint64Array,
    recordWords: number,
    count: number,
    run: (instance: WasmInstance, address: number) => number,
  ): number {
    return this.call((instance) => {
      const bytes = count * recordWords * WORD
      if (out.byteLength < bytes) return this.#tooShort(count)
      const target = bytesOf(out).subarray(0, bytes)
      return this.lend(instance, bytes, (at) => {
        instance.bytes(at, bytes).set(target)
        const result = run(instance, at)
        target.set(instance.bytes(at, bytes))
        return result
      })
    })
  }

  search(program: BigUint64Array, options: Float64Array, out: Float64Array, tells: boolean): number {
    return this.call((instance) =>
      this.lendProgram(instance, program, options, (at, numbers) => {
        const err = instance.exports.search(at, program.length, numbers, tells)
        return err < 0 ? err : this.tell(instance, SEARCH_NUMBERS, out)
      }),
    )
  }

  searchPart(part: number): ArrayBuffer | undefined {
    let copy: ArrayBuffer | undefined
    this.call((instance) => {
      if (instance.exports.searchPart(part) < 0) return 0
      const [address = 0, length = 0] = instance.told(2)
      copy = instance.bytes(address, length).slice().buffer as ArrayBuffer
      return 0
    })
    return copy
  }

  replay(program: BigUint64Array, options: Float64Array, choices: Uint8Array, out: BigUint64Array): number {
    const { length } = choices
    return this.fill(out, RECORD_WORDS.step, length, (instance, steps) =>
      this.lend(instance, length, (from) => {
        instance.bytes(from, length).set(choices)
        return this.lendProgram(instance, program, options, (at, numbers) =>
          instance.exports.replay(at, program.length, numbers, from, length, steps),
        )
      }),
    )
  }

  /** Has C see a program, and behind it the options. */
  protected lendProgram(
    instance: WasmInstance,
    program: BigUint64Array,
    options: Float64Array,
    run: (program: number, options: number) => number,
  ): number {
    const { byteLength } = program
    return this.lend(instance, byteLength + options.byteLength, (at) => {
      instance.bytes(at, byteLength).set(bytesOf(program))
      instance.bytes(at + byteLength, options.byteLength).set(bytesOf(options))
      const result = run(at, at + byteLength)
      if (result !== -ENOEXEC) return result
      return this.refuse(-EINVAL, 'HMMU_INVALID_ARGUMENT', 'the words are no program, or one that is too large')
    })
  }

  pageRead(pfn: number, offset: number, out: Uint8Array): number {
    return this.call((instance) =>
      this.lend(instance, out.length, (at) => {
        const err = instance.exports.pageRead(pfn, offset, at, out.length)
        if (err >= 0) out.set(instance.bytes(at, out.length))
        return err
      }),
    )
  }

  pageWrite(pfn: number, offset: number, bytes: Uint8Array): number {
    const length = lengthOf(bytes)
    return this.call((instance) =>
      this.lend(instance, length, (at) => {
        instance.bytes(at, length).set(bytes)
        return instance.exports.pageWrite(pfn, offset, at, length)
      }),
    )
  }
}
