// SPDX-License-Identifier: GPL-2.0-only
//
// The lock under which a fault is handled.

import type { Vma } from '../vma'
import type { Space } from './space'

/**
 * Of a fault. `mmap`: it needs mmap_lock, or it gave up its lock to wait. It has to be tried again with mmap_lock. `OOM`:
 * the memory cgroup has no room for a page.
 */
export type Handled = 'ok' | 'SIGBUS' | 'mmap' | 'OOM'

/** vm_fault_to_errno(): what fails a call of the kernel that needs the page. */
export function errnoOf(failure: 'SIGBUS' | 'mmap' | 'OOM'): 'EFAULT' | 'ENOMEM' {
  return failure === 'OOM' ? 'ENOMEM' : 'EFAULT'
}

export interface FaultLock {
  /** The lock of the mapping, not mmap_lock. */
  readonly ofVma: boolean
  /** Gives the lock up before a wait; undefined if the fault may not do that. */
  readonly giveUp: (() => void) | undefined
}

/** mmap_lock, held by a caller to the end. */
export const KEPT: FaultLock = { ofVma: false, giveUp: undefined }

/** vmf_anon_prepare(): an anon_vma is made under mmap_lock. False: it can't be had without a wait. */
export function prepareAnonVma(space: Space, vma: Vma, lock: FaultLock): boolean {
  if (vma.anonVma === undefined && lock.ofVma && !space.locks.mayRead) return false
  space.vmas.prepareAnonVma(vma)
  return true
}
