// SPDX-License-Identifier: GPL-2.0-only
//
// Makes an order again step by step: what could have run at each step, and what is found there.

import type { Finding, Judge, Machine, SearchOptions, TraceStep } from '../api'
import { Order } from '../api/order'
import type { Drill } from '../drill/ast'
import { DrillError } from '../drill/errors'
import type { World } from '../drill/world'
import type { DrillAction } from './program'
import type { Program } from './program-words'
import { findingText, nameOf, stepText } from './sentences'

/** A finding, in words. */
export interface PlayedFinding {
  readonly judge: Judge
  readonly sentence: string
  readonly finding: Finding
}

/** A step of an order. */
export interface PlayedStep {
  readonly step: TraceStep
  /** The name of its task. */
  readonly task: string
  /** What it does, in words. */
  readonly text: string
  /** The tasks that could have made it, by name. */
  readonly could: readonly string[]
  /** What was found in it; behind the last step also what shows at the end. */
  readonly found: readonly PlayedFinding[]
}

/** @internal Looks at the machine while an order is made. */
export interface Onlooker {
  /** Nothing has run. */
  begins(order: Order, program: Program<DrillAction>, world: World): void
  /** A step was made. */
  stepped(step: PlayedStep): void
}

/** @internal Make an order. @throws DrillError a task can't make its step */
export function play(
  drill: Drill,
  machine: Machine,
  program: Program<DrillAction>,
  options: SearchOptions,
  choices: Uint8Array,
  world: World,
  onlooker?: Onlooker,
): PlayedStep[] {
  const order = new Order(machine, program.words, options)
  try {
    onlooker?.begins(order, program, world)
    return Array.from(choices, (task, i) => {
      if (!order.enabled.includes(task)) throw cantRun(drill, program, task, i)
      const played = playStep(order, program, task, i === choices.length - 1)
      onlooker?.stepped(played)
      return played
    })
  } finally {
    order.end()
  }
}

function cantRun({ file, order }: Drill, program: Program<DrillAction>, task: number, step: number): DrillError {
  const letter = String.fromCharCode('a'.charCodeAt(0) + task)
  const reason =
    task < program.tasks.length
      ? `task ${nameOf(program, task)} (${letter}) can't make step ${step + 1} of the order`
      : `step ${step + 1} of the order is of task ${letter}, and the tasks are ${program.tasks.length}`
  return new DrillError('HMMU_DRILL_RUN', order?.position ?? file, reason)
}

function playStep(order: Order, program: Program<DrillAction>, task: number, isLast: boolean): PlayedStep {
  const could = order.enabled
  const before = order.findings.length
  const step = order.step(task)
  if (isLast) order.judge()
  return {
    step,
    task: nameOf(program, task),
    text: stepText(step, program.actions[step.action]),
    could: could.map((each) => nameOf(program, each)),
    found: order.findings
      .slice(before)
      .map((finding) => ({ judge: finding.judge, sentence: findingText(finding, program), finding })),
  }
}
