// SPDX-License-Identifier: GPL-2.0-only
//
// One order of a program's steps, made step by step.

import { ORDER_MIGRATION_WORDS, RECORD_WORDS } from '../native/layout'
import { EBUSY, EINVAL } from './errno'
import { WasmLooking } from './looking'

export abstract class WasmOrder extends WasmLooking {
  #isUnderWay = false

  orderBegin(program: BigUint64Array, options: Float64Array): number {
    if (this.#isUnderWay) return this.refuse(-EBUSY, 'HMMU_BUSY', 'an order of the machine is under way')
    const result = this.call((instance) =>
      this.lendProgram(instance, program, options, (at, numbers) =>
        instance.exports.orderBegin(at, program.length, numbers),
      ),
    )
    this.#isUnderWay = result === 0
    return result
  }

  orderEnd(): void {
    if (!this.#isUnderWay) return
    this.#isUnderWay = false
    this.call(({ exports }) => {
      exports.orderEnd()
      return 0
    })
  }

  orderEnabled(): number {
    return this.#isUnderWay ? this.call(({ exports }) => exports.orderEnabled()) : 0
  }

  orderStep(task: number, out: BigUint64Array): number {
    if (!this.#isUnderWay) return this.#none()
    return this.fill(out, RECORD_WORDS.step, 1, ({ exports }, at) => exports.orderStep(task, at))
  }

  orderJudge(): number {
    return this.#isUnderWay ? this.call(({ exports }) => exports.orderJudge()) : this.#none()
  }

  orderFindings(): ArrayBuffer | undefined {
    if (!this.#isUnderWay) return undefined
    let copy: ArrayBuffer | undefined
    this.call((instance) => {
      instance.exports.orderFindings()
      const [address = 0, length = 0] = instance.told(2)
      copy = instance.bytes(address, length).slice().buffer as ArrayBuffer
      return 0
    })
    return copy
  }

  orderMigration(task: number, handler: boolean, out: BigUint64Array): number {
    if (!this.#isUnderWay) return this.#none()
    return this.fill(out, ORDER_MIGRATION_WORDS, 1, ({ exports }, at) =>
      exports.orderMigration(task, Number(handler), at),
    )
  }

  #none(): number {
    return this.refuse(-EINVAL, 'HMMU_INVALID_ARGUMENT', 'no order is under way')
  }
}
