// SPDX-License-Identifier: GPL-2.0-only
//
// Explores a drill that says its order: this one is all that is tried.

import type { ActionResult, Machine, SearchOptions } from '../api'
import type { Drill, DrillOrder } from '../drill/ast'
import { DrillError } from '../drill/errors'
import type { World } from '../drill/world'
import { decodeChoices, type IdHead, idOf } from './choices'
import type { Exploration } from './explore'
import { type PlayedStep, play } from './play'
import type { DrillAction } from './program'
import type { Program } from './program-words'
import { outcomeText } from './sentences'

export function exploreOrder(
  drill: Drill,
  order: DrillOrder,
  machine: Machine,
  program: Program<DrillAction>,
  head: IdHead,
  options: SearchOptions,
  world: World,
): Omit<Exploration, 'name' | 'unmet'> {
  const choices = decodeChoices(order.choices)
  if (choices === undefined) throw new DrillError('HMMU_DRILL_RUN', order.position, 'the order is too long')
  const steps = play(drill, machine, program, options, choices, world)
  const results = resultsOf(steps, program)
  const ends = results.every((result) => result !== undefined)
  const outcome = { choices, results: results.flatMap((result) => result ?? []) }
  return {
    schedules: 1,
    states: steps.length + 1,
    steps: steps.length,
    ends: ends ? 1 : 0,
    depth: steps.length + 1,
    cutOff: undefined,
    hasCycles: false,
    profile: machine.profile,
    quirks: machine.quirks,
    tasks: program.tasks.map(({ name }) => name),
    findings: steps.flatMap(({ found }, i) =>
      found.map(({ finding, sentence }) => {
        const trace = steps.slice(0, i + 1).map(({ task, text }) => `${task}: ${text}`)
        return {
          ...finding,
          id: idOf(head, finding.choices),
          sentence,
          trace: trace.filter((line, n) => line !== trace[n - 1]),
        }
      }),
    ),
    outcomes: ends ? [{ id: idOf(head, choices), sentence: outcomeText(outcome, program) }] : [],
  }
}

/** Of each action what it has ended with. */
function resultsOf(steps: readonly PlayedStep[], { actions }: Program): (ActionResult | undefined)[] {
  const results: (ActionResult | undefined)[] = actions.map(() => undefined)
  for (const { step } of steps) if (step.event === 'ends') results[step.action] = step.result
  return results
}
