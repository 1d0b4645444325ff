// SPDX-License-Identifier: GPL-2.0-only
//
// The drills of this folder. A line `# hmmu explore --points … --handler-retries --profile …` says how one is to be explored; a profile
// stands for its kernel.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { addonInfo, type Profile, profileNames, type SwitchPoint } from '../../lib'
import { type DrillSource, readDrills } from '../../lib/drill'
import { DEFAULT_POINTS, type ExploreOptions } from '../../lib/explore'

export const files = readdirSync(__dirname).filter((file) => file.endsWith('.drill'))

export const drillOf = (file: string): DrillSource => readDrills(join(__dirname, file))[0]!

export interface Exhibit {
  readonly options: ExploreOptions
  /** The profiles in which it is to be explored. */
  readonly profiles: readonly Profile[]
  /** In WebAssembly calls can't stop on stacks of their own. */
  readonly isPossible: boolean
}

export function exhibit(file: string): Exhibit {
  const [, line = ''] = /^# hmmu explore (.*)$/m.exec(readFileSync(join(__dirname, file), 'utf8')) ?? []
  const optionOf = (option: string) => new RegExp(`--${option} (\\S+)`).exec(line)?.[1]
  const points = optionOf('points')?.split(',') as SwitchPoint[] | undefined
  const kernel = optionOf('profile')
  const handlerRetries = line.includes('--handler-retries')
  return {
    options: { ...(points && { points }), ...(handlerRetries && { handlerRetries }) },
    profiles: profileNames.filter((name) => kernel === undefined || name.startsWith(kernel)),
    isPossible: addonInfo.backend !== 'wasm' || (points ?? DEFAULT_POINTS).join() === DEFAULT_POINTS.join(),
  }
}
