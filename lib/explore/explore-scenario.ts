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

/**
 * Try all orders in which the tasks of a scenario can run.
 * @param options come before those of the scenario
 * @throws HmmuError HMMU_INVALID_ARGUMENT: it is no scenario, or has what can't be explored; HMMU_BUSY: `setup` leaves a migration or a
 *   call under way; HMMU_UNSUPPORTED; and what `setup` or a task throws
 */
export function explore<Context>(scenario: Scenario<Context>, options?: ExploreOptions): Exploration {
  return withScene(scenario, options, ({ machine, program }, head, all) => {
    const explored = searchProgram(machine, program, head, all)
    const unmet = explored.findings.map(({ judge, sentence }) => `${judge}: ${sentence}`)
    return { ...explored, name: scenario.name ?? 'scenario', unmet }
  })
}

/**
 * Make the order of a finding or outcome again.
 * @param scenario the one that was explored, with the same options
 * @throws HmmuError as {@link explore}; HMMU_INVALID_ARGUMENT also: the id is of another scenario, profile or other options
 */
export function replay<Context>(scenario: Scenario<Context>, id: string, options?: ExploreOptions): Replay {
  return withScene(scenario, options, ({ machine, program }, head, all) => {
    const choices = choicesOfId(id, head, 'setup or tasks have')
    if (typeof choices === 'string') throw new HmmuError('HMMU_INVALID_ARGUMENT', choices)
    const steps = replayProgram(machine, program.words, all, choices)
    return { steps, trace: traceLines(steps, program) }
  })
}

function withScene<Context, T>(
  scenario: Scenario<Context>,
  given: ExploreOptions | undefined,
  use: (scene: Scene, head: IdHead, options: ExploreOptions) => T,
): T {
  const options = withPoints({ ...optionsOf(scenario), ...checkOptions('options', given, [...OPTION_NAMES]) })
  const scene = makeScene(scenario as Scenario, options)
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
