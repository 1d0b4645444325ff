// SPDX-License-Identifier: GPL-2.0-only
//
// Which kernel's transcripts a folder has: a file `profile` there names it. A drill itself does not, since the programs
// that run drills on real kernels accept no such line.

import { lstatSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Profile, profileNames } from '../api'
import { excerpt } from '../base/visible'
import { DEFAULT_PROFILE } from './language'
import { fileError, readTextFile, STDIN_NAME } from './text-file'

/**
 * The profile of the drills in a file: what the file `profile` next to it says, or else `linux-4.14`.
 * @throws DrillError that names the file `profile` if it can't be read or names no profile
 */
export function profileOf(drillFile: string): Profile {
  const file = join(dirname(drillFile), 'profile')
  // A link that leads nowhere is no missing file.
  if (drillFile === STDIN_NAME || !lstatSync(file, { throwIfNoEntry: false })) return DEFAULT_PROFILE
  const name = readTextFile(file).trim()
  const profile = profileNames.find((each) => each === name)
  if (profile !== undefined) return profile
  throw fileError(file, `there is no profile '${excerpt(name)}'; allowed are ${profileNames.join(', ')}`)
}
