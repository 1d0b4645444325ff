// SPDX-License-Identifier: GPL-2.0-only
//
// Only in WebAssembly: a call that ends in the middle of C, by a trap or a full stack. Then the machine is lost, and
// says so. Other machines are unharmed.

import { Core } from '../../lib/api/core'
import { HmmuError } from '../../lib/base/errors'
import { WasmCalls } from '../../lib/wasm/calls'
import { guarded, type WasmInstance } from '../../lib/wasm/instance'
import { InstancePool } from '../../lib/wasm/pool'

/** A machine on an instance that traps wherever C is entered; `within` runs in C before that. */
class Trapping extends WasmCalls {
  readonly given: WasmInstance[] = []

  constructor(within: (calls: Trapping) => void = () => undefined) {
    const trap = () => {
      within(this)
      throw new Error('unreachable')
    }
    const pool = new InstancePool({})
    pool.take = () => ({ exports: { drain: trap, release: () => 7 } }) as unknown as WasmInstance
    pool.giveBack = (instance) => void this.given.push(instance)
    super(pool, '')
  }

  override onMigration(): number {
    return 0
  }

  callBackFor(run: () => unknown): number {
    return this.callBack(run)
  }
}

function failureOf(calls: WasmCalls, result: number): unknown {
  return new Core(calls as never, undefined as never).failure(result)
}

test('a trap reaches the caller, and the machine is not used again', () => {
  const calls = new Trapping()
  expect(calls.plain('release', [1])).toBe(7)
  expect(failureOf(calls, calls.plain('drain', []))).toEqual(new Error('unreachable'))
  const after = failureOf(calls, calls.plain('release', [1]))
  expect(after).toBeInstanceOf(HmmuError)
  expect(after).toMatchObject({ code: 'HMMU_DISPOSED', errno: 'EBADF' })
  expect(String(after)).toContain('the machine was lost: a call ended in the middle (Error: unreachable)')
  expect(calls.dispose()).toBe(0)
  expect(calls.given).toEqual([])
})

test('a callback on its stack does not go on in C, even if it has caught the trap', () => {
  let unwound = false
  const calls: Trapping = new Trapping(() => {
    if (unwound) return
    unwound = true
    // The callback calls into the machine, which traps, and catches that.
    calls.callBackFor(() => {
      const result = calls.plain('drain', [])
      expect(failureOf(calls, result)).toEqual(new Error('unreachable'))
      return 0
    })
    throw new Error('C went on')
  })
  expect(failureOf(calls, calls.plain('drain', []))).toEqual(new Error('unreachable'))
})

test('what a callback throws is kept, and C gets an errno', () => {
  const calls = new Trapping()
  expect(calls.callBackFor(() => 5)).toBe(0)
  expect(calls.callBackFor(() => -14)).toBe(-14)
  expect(calls.callBackFor(() => 'x')).toBe(0)
  expect(
    calls.callBackFor(() => {
      throw 'first'
    }),
  ).toBe(-125)
  expect(
    calls.callBackFor(() => {
      throw 'second'
    }),
  ).toBe(-125)
  expect(calls.takeException()).toEqual({ error: 'first', result: -125 })
  expect(calls.takeException()).toBeUndefined()
})

test('no object is asked for its value, and what is no number is NaN', () => {
  const value = new Proxy({}, { get: () => expect('asked').toBe('not asked') })
  const { list } = guarded({ list: (...args: unknown[]) => args })
  expect(list(1, true, undefined, value, 7n, Symbol('x'))).toEqual([1, 1, NaN, NaN, NaN, NaN])
})
