// SPDX-License-Identifier: GPL-2.0-only

import { getSystemErrorMap } from 'node:util'

/** What the system says of a call that failed: `permission denied`. */
export function systemReason(error: unknown): string {
  const { errno, message } = error as NodeJS.ErrnoException
  const known = errno === undefined ? undefined : getSystemErrorMap().get(errno)
  return known?.[1] ?? message
}

/** For a call that says EAGAIN where it would wait, as a pipe does that another process has made non-blocking. */
export function waitBriefly(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
}
