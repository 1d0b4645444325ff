// SPDX-License-Identifier: GPL-2.0-only
//
// Searches a program, and says in words what was found.

import type { Machine, SearchOptions } from '../api'
import { replay, search } from '../api/search'
import { type IdHead, idOf } from './choices'
import type { Exploration } from './explore'
import type { Program } from './program-words'
import { findingText, outcomeText, traceLines } from './sentences'

export function searchProgram(
  machine: Machine,
  program: Program,
  head: IdHead,
  options: SearchOptions,
): Omit<Exploration, 'name' | 'unmet'> {
  const { findings, outcomes, ...counts } = search(machine, program.words, options)
  return {
    ...counts,
    profile: machine.profile,
    quirks: machine.quirks,
    tasks: program.tasks.map(({ name }) => name),
    findings: findings.map((finding) => ({
      ...finding,
      id: idOf(head, finding.choices),
      sentence: findingText(finding, program),
      trace: traceLines(replay(machine, program.words, options, finding.choices), program),
    })),
    outcomes: outcomes.map((outcome) => ({
      id: idOf(head, outcome.choices),
      sentence: outcomeText(outcome, program),
    })),
  }
}
