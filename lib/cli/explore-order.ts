// SPDX-License-Identifier: GPL-2.0-only
//
// `hmmu explore` with one order: its steps, its trace, its record, the drill that replays it, and the page.

import { visible, visibleJson } from '../base/visible'
import { type DrillSource, profileOf } from '../drill'
import { drillOfOrder, type ExploreOptions, exploreDrill, playDrill, recordOrder, replayDrill } from '../explore'
import { recordDocument } from '../index'
import { chromeTrace, orderTrace } from '../trace'
import { ExitCode } from './exit-codes'
import { type ExploreCommandOptions, searchOptions } from './explore-options'
import { endProgress } from './explore-progress'
import { print, printError, printTo } from './output'
import { serveFile } from './view'

/** Whether the options are about one order. */
export function isOfOrder({ replay, toDrill, view, trace, record }: ExploreCommandOptions): boolean {
  return [replay, toDrill, view, trace, record].some((option) => option !== undefined)
}

/** @throws DrillError, UsageError */
export function showOrder(source: DrillSource, options: ExploreCommandOptions): number {
  const explore = searchOptions(source, options)
  const id = orderOf(source, options, explore)
  if (id === undefined) {
    printError(`${source.name} has no finding`)
    return ExitCode.FAILED
  }
  const { toDrill, trace, record, view } = options
  if (trace !== undefined) printTo(trace, traceText(source, id, explore))
  if (record !== undefined) printTo(record, recordText(source, id, explore))
  if (toDrill !== undefined) print(drillOfOrder(source, id, explore))
  if (view !== undefined) serveRecord(source, id, explore, options.port)
  if ([toDrill, trace, record, view].every((option) => option === undefined)) printSteps(source, id, explore)
  return ExitCode.OK
}

/** The order that the options name, else that of the first finding. */
function orderOf(source: DrillSource, options: ExploreCommandOptions, explore: ExploreOptions): string | undefined {
  const named = [options.replay, options.toDrill, options.view].find((id) => typeof id === 'string')
  if (typeof named === 'string') return named
  const { findings } = exploreDrill(source, explore)
  endProgress()
  return findings[0]?.id
}

function printSteps(source: DrillSource, id: string, explore: ExploreOptions): void {
  const { trace } = replayDrill(source, id, explore)
  print(trace.map((line) => `${visible(line)}\n`).join(''))
}

function traceText(source: DrillSource, id: string, explore: ExploreOptions): string {
  const { profile, program, steps } = playDrill(source, id, explore)
  const tasks = program.tasks.map(({ name, process }) => ({
    name,
    pid: process + 1,
    process: program.processes[process] ?? '',
  }))
  const told = steps.map((each) => ({ ...each, action: program.actions[each.step.action]?.text ?? '' }))
  return `${visibleJson(chromeTrace(orderTrace(tasks, told), { drill: source.name, profile, order: id }), 1)}\n`
}

function recordText(source: DrillSource, id: string, explore: ExploreOptions): string {
  return `${visibleJson(recordDocument([recordOrder(source, id, explore)]), 0)}\n`
}

function serveRecord(source: DrillSource, id: string, explore: ExploreOptions, port: number): void {
  const text = recordText(source, id, explore)
  const profile = explore.profile ?? profileOf(source.file)
  serveFile({ name: `${source.name}.json`, read: () => text }, port, { file: `${source.name}.json`, profile })
}
