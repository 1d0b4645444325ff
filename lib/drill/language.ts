// SPDX-License-Identifier: GPL-2.0-only
//
// The words of the drill language by the kernel that brought them. A drill is for one kernel, its profile's, and has the
// words of its kernel and of all kernels before.

import type { Profile } from '../api'
import { KERNELS, type Kernel, kernelOf } from '../base/kernel'

/** The profile of drills whose folder names none. */
export const DEFAULT_PROFILE: Profile = 'linux-4.14'

/** The kernel for which a drill with this profile is written. */
export function kernelOfProfile(profile: Profile = DEFAULT_PROFILE): Kernel {
  return kernelOf(profile)
}

/** Something for each kernel that brought it. */
export type ByKernel<T> = Readonly<Partial<Record<Kernel, T>>>

/**
 * Words that may stand in a place: of all kernels, or by the kernel that brought them. A word that ends with `=` has a
 * value behind it.
 */
export type Vocabulary<T extends string = string> = readonly T[] | ByKernel<readonly T[]>

/** The words of a vocabulary that a kernel's drill may have. */
export function wordsOf<T extends string>(vocabulary: Vocabulary<T>, kernel: Kernel): T[] {
  return partsOf(vocabulary).flatMap(([since, words]) => (isIn(since, kernel) ? words : []))
}

/** A vocabulary without some words. */
export function without(vocabulary: Vocabulary, taken: ReadonlySet<string>): Vocabulary {
  return Object.fromEntries(
    partsOf(vocabulary).map(([since, words]) => [since, words.filter((word) => !taken.has(word))]),
  )
}

/** What an error adds to the word that was found, so that it says why the word is not allowed. */
export function remarkOn(word: string, vocabulary: Vocabulary, kernel: Kernel): string {
  const names = [word, word.replace(/=.*/, '=')]
  const newer = partsOf(vocabulary).find(
    ([since, words]) => !isIn(since, kernel) && words.some((each) => names.includes(each)),
  )
  if (newer !== undefined) return `, which needs the profile ${newer[0]} (this drill is for ${kernel})`
  return ''
}

/** Whether what a kernel brought is in another kernel, too. */
function isIn(since: Kernel, kernel: Kernel): boolean {
  return KERNELS.indexOf(since) <= KERNELS.indexOf(kernel)
}

function partsOf<T extends string>(vocabulary: Vocabulary<T>): (readonly [Kernel, readonly T[]])[] {
  if (isForAll(vocabulary)) return [[KERNELS[0], vocabulary]]
  return KERNELS.map((kernel) => [kernel, vocabulary[kernel] ?? []] as const)
}

function isForAll<T extends string>(vocabulary: Vocabulary<T>): vocabulary is readonly T[] {
  return Array.isArray(vocabulary)
}
