// SPDX-License-Identifier: GPL-2.0-only

import { distance } from 'fastest-levenshtein'
import { excerpt } from './visible'

/** Most characters of a name that is compared: the time grows with the product of the lengths. */
const MOST_COMPARED = 64
/** Names with more changes than this, or than half of their characters, are others. */
const MOST_CHANGES = 3

/** `; did you mean 'NAME'?` for the nearest of some names, or nothing if none is near. */
export function didYouMean(wrong: string, names: Iterable<string>): string {
  let nearest: string | undefined
  let least = Math.min(MOST_CHANGES, Math.ceil(wrong.length / 2)) + 1
  for (const name of names) {
    if (name.length > MOST_COMPARED || wrong.length > MOST_COMPARED) continue
    const changes = distance(wrong, name)
    if (changes < least) [nearest, least] = [name, changes]
  }
  return nearest === undefined ? '' : `; did you mean '${excerpt(nearest)}'?`
}
