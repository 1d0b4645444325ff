// SPDX-License-Identifier: GPL-2.0-only
//
// Findings, steps and outcomes in words.

import type { ActionResult, SearchOutcome, TraceStep, WaitName } from '../api'
import { waitTexts } from '../api'
import type { FoundFinding } from './finding'
import type { Program, ProgramAction } from './program-words'

/** A finding, in a sentence without its end. */
export function findingText(finding: FoundFinding & { readonly cycle?: number }, program: Program): string {
  const task = finding.task === undefined ? '' : nameOf(program, finding.task)
  const action = finding.action === undefined ? '' : (program.actions[finding.action]?.text ?? '')
  const place = placeOf(finding, program)
  const value = `0x${finding.found.toString(16).padStart(2, '0')}`
  const tasks = program.tasks.filter((_, i) => finding.found & (1 << i)).map(({ name }) => name)
  switch (finding.judge) {
    case 'verify':
      return `the machine is out of balance: ${finding.text}`
    case 'deadlock':
      return `${tasks.join(', ')} wait for ever`
    case 'livelock':
      return `${tasks.join(', ')} can go round for ever, in ${finding.cycle} steps`
    case 'wrong-value':
      return `${task}: '${action}' reads ${value}, which no order of the stores allows`
    case 'lost-write':
      return `at the end ${place} has ${value}, which no order of the stores leaves there`
    case 'stale-translation':
      return `${task}: '${action}' uses a translation of ${place} whose page is free, or somebody else's`
    case 'stuck-page':
      return `at the end a load gets SIGBUS from ${place}, which is on the device`
    case 'leak':
      return `${finding.found} pages are not free when all processes have ended`
    case 'soft-dirty-lost':
      return `${place} was written to since its soft-dirty bit was cleared, and is clean`
    case 'dead-space':
      return `${place} has a page again that the OOM reaper had taken`
    case 'driver':
      return `${task === '' ? 'at the end a handler' : `${task}: '${action}'`}: ${finding.text}`
    case 'use-after-free':
      return `${task}: the device page of ${place} is free when its fault handler begins`
  }
}

/** The name of a task. */
export function nameOf(program: Program, task: number): string {
  return program.tasks[task]?.name ?? ''
}

function placeOf({ page, process }: FoundFinding, program: Program): string {
  const at = page === undefined ? undefined : program.pages[page]
  const owner = process === undefined ? '' : `${program.processes[process]}'s `
  return at === undefined ? `${owner}page` : `${owner}${at.region}[${at.page}]`
}

/** An order step by step; steps of one migration in one stage are a line. */
export function traceLines(steps: readonly TraceStep[], program: Program): string[] {
  const lines: string[] = []
  let last = ''
  for (const step of steps) {
    const what = `${nameOf(program, step.task)}: ${stepText(step, program.actions[step.action])}`
    if (what === last) continue
    lines.push(what)
    last = what
  }
  return lines
}

/** What a step of a task does. */
export function stepText(step: TraceStep, action: ProgramAction | undefined): string {
  const text = action?.text ?? ''
  switch (step.event) {
    case 'waits':
      return `${text} waits for ${waitText(step.wait)}`
    case 'step':
      return `${text} (${step.stage})`
    case 'handler':
      return `${text}: the handler of its fault (${step.stage})`
    case 'stops':
      return `${text} stops in its middle (${step.point})`
    case 'ends':
      return `${text}${resultText(action, step.result)}`
  }
}

/** What a task waits for; an exit that is tried again later waits for nothing that has a name. */
function waitText(wait: WaitName): string {
  if (wait === 'nothing') return 'the calls of the process to end'
  if (wait === 'device_fault') return 'the handler of its fault'
  const text = waitTexts[wait].replace(/\..*$/, '')
  return text.charAt(0).toLowerCase() + text.slice(1)
}

function resultText(action: ProgramAction | undefined, result: ActionResult): string {
  const text = shortResult(action, result)
  return text === '' ? '' : ` -> ${text}`
}

function shortResult(action: ProgramAction | undefined, { errno, value, moved, why }: ActionResult): string {
  if (errno !== undefined) return errno
  if (action?.kind === 'read') return `0x${value.toString(16).padStart(2, '0')}`
  if (action?.kind !== 'migrate') return ''
  return `${moved} moved${why === 'none' ? '' : `, ${why}`}`
}

/** The results of all tasks: those of actions that have any. */
export function outcomeText({ results }: SearchOutcome, program: Program): string {
  let next = 0
  const parts = program.tasks.map(({ name, actions }) => {
    const texts = actions.map((action) => {
      const result = results[next++]
      return result === undefined ? '' : shortResult(action, result)
    })
    return `${name} ${texts.filter((text) => text !== '').join(' ') || '-'}`
  })
  return parts.join('; ')
}
