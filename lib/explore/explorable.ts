// SPDX-License-Identifier: GPL-2.0-only
//
// Exploring whatever has tasks: scenarios and drills.

import { optionNumbers } from '../api/search'
import { options as checkOptions } from '../base/validate'
import { type DrillSource, drillSource } from '../drill/drill-source'
import { type Exploration, type ExploreOptions, exploreDrill, type Replay, replayDrill } from './explore'
import { exploreScenario, replayScenario } from './explore-scenario'
import { isScenario, OPTION_NAMES, type Scenario } from './scenario'

/** What has tasks: a scenario, or a drill; the text of the drill alone will do. */
export type Explorable<Context = unknown> = Scenario<Context> | DrillSource | string

/**
 * Try all orders in which the tasks of a scenario or a drill can run.
 * @param options come before those of a scenario
 * @throws HmmuError HMMU_INVALID_ARGUMENT: it is neither, or has what can't be explored; HMMU_BUSY: `setup` leaves a migration or a
 *   call under way; HMMU_UNSUPPORTED; and what `setup` or a task throws
 * @throws DrillError HMMU_DRILL_SYNTAX, or HMMU_DRILL_RUN: the drill has no tasks, a command before the tasks fails or waits, or a task
 *   has a command that can't be explored
 *
 * @example
 * ```ts
 * const { findings } = explore({
 *   setup(machine) {
 *     const a = machine.process()
 *     const buf = a.map({ pages: 1 })
 *     buf.write(0, Uint8Array.of(1))
 *     return { a, buf }
 *   },
 *   tasks: {
 *     mover: (task, { buf }) => task.migrate(buf, { to: 'device' }),
 *     writer: (task, { buf }) => task.write(buf, 0, 2),
 *   },
 * })
 * for (const { sentence, id, trace } of findings) console.log(sentence, id, trace)
 * ```
 */
export function explore<Context>(subject: Explorable<Context>, options?: ExploreOptions): Exploration {
  return isScenario(subject)
    ? exploreScenario(subject as Scenario, options)
    : exploreDrill(asDrill(subject), checked(options))
}

/**
 * Make the order of a finding or outcome again.
 * @param subject what was explored, with the same options
 * @param id of an {@link ExploredFinding} or {@link ExploredOutcome}
 * @throws HmmuError and DrillError as {@link explore}; HMMU_INVALID_ARGUMENT and HMMU_DRILL_RUN also: the id is of something else, or
 *   of another profile or other options
 */
export function replay<Context>(subject: Explorable<Context>, id: string, options?: ExploreOptions): Replay {
  return isScenario(subject)
    ? replayScenario(subject as Scenario, id, options)
    : replayDrill(asDrill(subject), id, checked(options))
}

/** @throws HmmuError HMMU_INVALID_ARGUMENT: there is no such option, or it can't be that */
function checked(given: ExploreOptions | undefined): ExploreOptions {
  const checkedNames = checkOptions('options', given, [...OPTION_NAMES])
  optionNumbers(checkedNames)
  return checkedNames
}

function asDrill<Context>(subject: Explorable<Context>): DrillSource {
  return drillSource(subject as DrillSource | string)
}
