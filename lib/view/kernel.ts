// SPDX-License-Identifier: GPL-2.0-only
//
// Words that differ between the kernels.

import type { Profile } from '../base/defs.generated'
import { kernelOf } from '../base/kernel'
import type { Recording } from '../record/types'

type OfProfile = Pick<Recording, 'profile'>

/** The kernel has migrate_vma() in one call. Later ones have migrate_vma_setup(), migrate_vma_pages() and migrate_vma_finalize(). */
export const hasOneCall = ({ profile }: OfProfile): boolean => kernelOf(profile as Profile) === 'linux-4.14'

/** The lock of an address space. */
export const mmapLockName = (recording: OfProfile): string => (hasOneCall(recording) ? 'mmap_sem' : 'mmap_lock')

/** The three calls of a migration; of pages of a process, or of a device. Nothing: the kernel has one call. */
export function callsOf(
  recording: OfProfile,
  process: string | undefined,
): { setup: string; pages: string; finalize: string } | undefined {
  if (hasOneCall(recording)) return undefined
  return process === ''
    ? { setup: 'migrate_device_range()', pages: 'migrate_device_pages()', finalize: 'migrate_device_finalize()' }
    : { setup: 'migrate_vma_setup()', pages: 'migrate_vma_pages()', finalize: 'migrate_vma_finalize()' }
}
