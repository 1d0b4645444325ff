// SPDX-License-Identifier: GPL-2.0-only
//
// Makes an order of a drill again.

import type { Profile, QuirkName } from '../api'
import type { Drill } from '../drill/ast'
import type { DrillSource } from '../drill/drill-source'
import { choicesOf, type ExploreOptions, searchOf, withProgram } from './explore'
import { type Onlooker, type PlayedStep, play } from './play'
import type { DrillAction } from './program'
import type { Program } from './program-words'

/** An order that was made again. */
export interface Played {
  readonly drill: Drill
  readonly profile: Profile
  readonly quirks: readonly QuirkName[]
  readonly program: Program<DrillAction>
  readonly choices: Uint8Array
  readonly steps: readonly PlayedStep[]
}

/** Make the order of a finding or outcome again. @throws DrillError as replayDrill() */
export function playDrill(source: DrillSource, id: string, options: ExploreOptions = {}): Played {
  return playBefore(source, id, options, undefined)
}

/** @internal The same, with somebody who looks at the machine meanwhile. */
export function playBefore(
  source: DrillSource,
  id: string,
  options: ExploreOptions,
  onlooker: Onlooker | undefined,
): Played {
  return withProgram(source, options, (drill, machine, program, head, world) => {
    const choices = choicesOf(id, head, drill)
    const steps = play(drill, machine, program, searchOf(drill, options), choices, world, onlooker)
    return { drill, profile: machine.profile, quirks: machine.quirks, program, choices, steps }
  })
}
