// SPDX-License-Identifier: GPL-2.0-only
//
// Explores a scenario: in C if all of it can be taken back there.

import { replay as replayProgram } from '../api/search'
import { HmmuError } from '../base/errors'
import { options as checkOptions } from '../base/validate'
import { choicesOfId, type IdHead, idHead } from './choices'
import { type Exploration, type ExploreOptions, type Replay, withPoints } from './explore'
import { OPTION_NAMES, type Scenario } from './scenario'
import { makeScene, type Scene } from './scene'
import { searchProgram } from './search-program'
import { traceLines } from './sentences'

/** {@link explore} of a scenario. */
export function exploreScenario(scenario: Scenario, options?: ExploreOptions): Exploration {
  return withScene(scenario, options, ({ machine, program }, head, all) => {
    const explored = searchProgram(machine, program, head, all)
    const unmet = explored.findings.map(({ judge, sentence }) => `${judge}: ${sentence}`)
    return { ...explored, name: scenario.name ?? 'scenario', unmet }
  })
}

/** {@link replay} of a scenario. */
export function replayScenario(scenario: Scenario, id: string, options?: ExploreOptions): Replay {
  return withScene(scenario, options, ({ machine, program }, head, all) => {
    const choices = choicesOfId(id, head, 'setup or tasks have')
    if (typeof choices === 'string') throw new HmmuError('HMMU_INVALID_ARGUMENT', choices)
    const steps = replayProgram(machine, program.words, all, choices)
    return { steps, trace: traceLines(steps, program) }
  })
}

function withScene<T>(
  scenario: Scenario,
  given: ExploreOptions | undefined,
  use: (scene: Scene, head: IdHead, options: ExploreOptions) => T,
): T {
  const options = withPoints({ ...optionsOf(scenario), ...checkOptions('options', given, [...OPTION_NAMES]) })
  const scene = makeScene(scenario, options)
  try {
    return use(scene, idHead(scene.machine, sourceOf(scene), options), options)
  } finally {
    scene.machine.dispose()
  }
}

/** Equal if and only if setup and tasks have done the same. */
function sourceOf({ machine, program }: Scene): string {
  return `${machine.hash().toString(16)} ${program.words.join(' ')}`
}

function optionsOf(scenario: ExploreOptions): ExploreOptions {
  return Object.fromEntries(OPTION_NAMES.map((name) => [name, scenario?.[name]]))
}
