// SPDX-License-Identifier: GPL-2.0-only

import type { ErrorCode, RuleName, WaitName } from './defs.generated'

/**
 * The code of an {@link HmmuError}: one of {@link ErrorCode}, which {@link errorCodeTexts} explains, or one of TypeScript alone:
 * `HMMU_NO_ADDON` (the native addon can't be loaded), `HMMU_DRIVER_FILE` (a file has no drivers that can be loaded),
 * `HMMU_UNSUPPORTED` (this host or backend can't do it), `HMMU_NOT_DETERMINISTIC` (a scenario has gone another way when its steps were
 * made again). Codes are stable, messages are not.
 */
export type HmmuErrorCode =
  | Exclude<ErrorCode, 'HMMU_OK'>
  | 'HMMU_NO_ADDON'
  | 'HMMU_DRIVER_FILE'
  | 'HMMU_UNSUPPORTED'
  | 'HMMU_NOT_DETERMINISTIC'

/** Details of an error, besides its code and text. */
export interface HmmuErrorDetail {
  /** The errno of the kernel call, as a name: `'EINVAL'`. */
  errno?: string
  /** `HMMU_BLOCKED`: the kind of wait. */
  wait?: WaitName
  /** `HMMU_DRIVER_RULE`: the rule that the driver broke. */
  rule?: RuleName
  /** `HMMU_DRIVER_RULE`: the entry of src and dst with which it was broken. */
  index?: number
  /** The address in question, in bytes. */
  address?: number
  /** `load` and `store`: how many bytes were moved before the failure. */
  done?: number
  /** The error from which this one follows. */
  cause?: unknown
}

/**
 * The error that every function of this library throws. The machine stays usable.
 *
 * @example
 * ```ts
 * try {
 *   task.load(0x1000, 1)
 * } catch (error) {
 *   if (error instanceof HmmuError && error.code === 'HMMU_SIGSEGV') console.log('nothing is mapped there')
 * }
 * ```
 */
export class HmmuError extends Error {
  /** Stable name of the kind of error. */
  readonly code: HmmuErrorCode
  // Declared only, so that an error shows no details which it does not have.
  /** As {@link HmmuErrorDetail.errno}. */
  declare readonly errno?: string
  /** As {@link HmmuErrorDetail.wait}. */
  declare readonly wait?: WaitName
  /** As {@link HmmuErrorDetail.rule}. */
  declare readonly rule?: RuleName
  /** As {@link HmmuErrorDetail.index}. */
  declare readonly index?: number
  /** As {@link HmmuErrorDetail.address}. */
  declare readonly address?: number
  /** As {@link HmmuErrorDetail.done}. */
  declare readonly done?: number

  constructor(code: HmmuErrorCode, message: string, detail: HmmuErrorDetail = {}) {
    const { cause, ...rest } = detail
    super(message, 'cause' in detail ? { cause } : undefined)
    this.code = code
    Object.assign(this, rest)
  }

  static {
    Object.defineProperty(HmmuError.prototype, 'name', { value: 'HmmuError', configurable: true, writable: true })
  }
}
