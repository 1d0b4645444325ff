// SPDX-License-Identifier: GPL-2.0-only

import { visible } from '../base/visible'

/**
 * - `HMMU_DRIVER_FILE`: a source, a folder or the kernel's tree is not there, or has a name that builds can't cope with.
 * - `HMMU_DRIVER_TREE`: the tree is none of Linux, or of another version.
 * - `HMMU_DRIVER_TOOL`: a program that this needs, such as cmake, is not installed; or the host can't do it at all.
 * - `HMMU_DRIVER_MISSING`: the source asks for headers or names that hmmu does not have, or does not include the header of a
 *   name; `output` lists them.
 * - `HMMU_DRIVER_BUILD`: a compiler refuses a source; `output` is what it says.
 */
export type KernelDriverErrorCode =
  | 'HMMU_DRIVER_FILE'
  | 'HMMU_DRIVER_TREE'
  | 'HMMU_DRIVER_TOOL'
  | 'HMMU_DRIVER_MISSING'
  | 'HMMU_DRIVER_BUILD'

/** A driver can't be built or run. The message is one line. */
export class KernelDriverError extends Error {
  override readonly name = 'KernelDriverError'
  readonly code: KernelDriverErrorCode
  /** Lines that say more; '' if there are none. */
  readonly output: string

  constructor(code: KernelDriverErrorCode, reason: string, output = '') {
    super(visible(reason))
    this.code = code
    this.output = output
  }
}
