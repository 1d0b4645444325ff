// SPDX-License-Identifier: GPL-2.0-only
//
// Explores a scenario: in C, or by replay if callbacks in TypeScript take part, which C can't take back.

import { optionNumbers, replay as replayProgram } from '../api/search'
import { HmmuError } from '../base/errors'
import { options as checkOptions } from '../base/validate'
import { choicesOfId, type IdHead, idHead, idOf } from './choices'
import { type Exploration, type ExploreOptions, type Replay, withPoints } from './explore'
import type { FoundFinding } from './finding'
import { OPTION_NAMES, type Scenario } from './scenario'
import { makeScene, type Scene } from './scene'
import { otherWay, SearchByReplay } from './search-by-replay'
import { searchProgram } from './search-program'
import { findingText, outcomeText, traceLines } from './sentences'

/** A scenario on a first machine, with all that exploring it depends on. */
interface Prepared {
  readonly scenario: Scenario
  readonly scene: Scene
  readonly options: ExploreOptions
  readonly head: IdHead
}

/** {@link explore} of a scenario. */
export function exploreScenario(scenario: Scenario, options?: ExploreOptions): Exploration {
  return withScene(scenario, options, (prepared) => {
    const { scene, head, options: all } = prepared
    const explored = scene.hasCallbacks
      ? searchByReplay(prepared)
      : searchProgram(scene.machine, scene.program, head, all)
    const unmet = explored.findings.map(({ judge, sentence }) => `${judge}: ${sentence}`)
    return { ...explored, name: scenario.name ?? 'scenario', unmet }
  })
}

/** {@link replay} of a scenario. */
export function replayScenario(scenario: Scenario, id: string, options?: ExploreOptions): Replay {
  return withScene(scenario, options, ({ scene, head, options: all }) => {
    const { machine, program } = scene
    const choices = choicesOfId(id, head, 'setup or tasks have')
    if (typeof choices === 'string') throw new HmmuError('HMMU_INVALID_ARGUMENT', choices)
    const steps = scene.hasCallbacks
      ? new SearchByReplay(scenario, scene, all).replay(choices).steps
      : replayProgram(machine, program.words, all, choices)
    return { steps, trace: traceLines(steps, program) }
  })
}

function searchByReplay({ scenario, scene, options, head }: Prepared): Omit<Exploration, 'name' | 'unmet'> {
  const { machine, program } = scene
  const search = new SearchByReplay(scenario, scene, options)
  const { findings, outcomes, ...counts } = search.run()
  return {
    ...counts,
    profile: machine.profile,
    quirks: machine.quirks,
    tasks: program.tasks.map(({ name }) => name),
    findings: findings.map(({ times, choices, ...finding }) => ({
      ...finding,
      times,
      choices,
      cycle: 0,
      id: idOf(head, choices),
      sentence: findingText(finding, program),
      trace: traceLines(stepsTo(search, finding, choices), program),
    })),
    outcomes: outcomes.map((outcome) => ({
      id: idOf(head, outcome.choices),
      sentence: outcomeText(outcome, program),
    })),
  }
}

/** The steps to a finding, which have to show it once more. */
function stepsTo(search: SearchByReplay, finding: FoundFinding, choices: Uint8Array) {
  const { steps, findings } = search.replay(choices)
  const wanted = JSON.stringify(finding)
  if (findings.some((each) => JSON.stringify(each) === wanted)) return steps
  throw otherWay(`the finding '${finding.judge}' was not there again; state() may lack what drivers keep`)
}

function withScene<T>(scenario: Scenario, given: ExploreOptions | undefined, use: (prepared: Prepared) => T): T {
  const own = { ...optionsOf(scenario), ...checkOptions('options', given, [...OPTION_NAMES]) }
  optionNumbers(own)
  const scene = makeScene(scenario, own)
  try {
    const options = scene.hasCallbacks ? withoutPoints(own) : withPoints(own)
    return use({ scenario, scene, options, head: idHead(scene.machine, sourceOf(scene), options) })
  } finally {
    scene.machine.dispose()
  }
}

/** A callback can't be left in its middle. */
function withoutPoints(options: ExploreOptions): ExploreOptions {
  if ((options.points ?? []).length > 0)
    throw new HmmuError('HMMU_UNSUPPORTED', 'switching points are not for scenarios with callbacks in TypeScript')
  return { ...options, points: [] }
}

/** Equal if and only if setup and tasks have done the same. */
function sourceOf({ machine, program }: Scene): string {
  return `${machine.hash().toString(16)} ${program.words.join(' ')}`
}

function optionsOf(scenario: ExploreOptions): ExploreOptions {
  return Object.fromEntries(OPTION_NAMES.map((name) => [name, scenario?.[name]]))
}
