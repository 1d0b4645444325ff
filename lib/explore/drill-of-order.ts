// SPDX-License-Identifier: GPL-2.0-only
//
// An order as a drill that replays it.

import { DrillError } from '../drill/errors'
import type { DrillSource } from '../drill/parse'
import { encodeChoices } from './choices'
import { DEFAULT_POINTS, type ExploreOptions, searchOf } from './explore'
import type { PlayedFinding } from './play'
import { type Played, playDrill } from './play-drill'
import { sequentialDrill } from './sequential-drill'

/**
 * A drill that replays the order of a finding or outcome. If commands one after the other, and between the stages of migrations, show
 * the finding, too, they are the drill: then every tool can run it. Otherwise it has the tasks and their order, for hmmu.
 * @throws DrillError as replayDrill(); HMMU_DRILL_RUN also: the drill has an order of its own
 */
export function drillOfOrder(source: DrillSource, id: string, options: ExploreOptions = {}): string {
  const played = playDrill(source, id, options)
  const [first] = played.steps.flatMap(({ found }) => found)
  if (played.drill.order)
    throw new DrillError('HMMU_DRILL_RUN', played.drill.order.position, 'the drill is an order already')
  const sequential = first && sequentialDrill(source, played, first, options)
  return `${headOf(source, played, first)}${sequential ?? drillWithOrder(source, played, options)}`
}

function headOf({ name }: DrillSource, { profile }: Played, found: PlayedFinding | undefined): string {
  const what = found ? `${found.judge}: ${found.sentence}` : 'one of the ways to end'
  return `# An order of ${oneLine(name)} on ${profile}. ${oneLine(what)}\n`
}

/** A name may have anything in it. */
const oneLine = (text: string): string => text.replace(/\p{Cc}/gu, ' ')

/** The drill with its order in place of what it expects. */
function drillWithOrder(
  { text, firstLine }: DrillSource,
  { drill, choices, steps }: Played,
  options: ExploreOptions,
): string {
  const { points = [], handlerRetries } = searchOf(drill, options)
  const dropped = new Set(drill.expectations.map(({ position }) => position.line - firstLine))
  const lines = text.split('\n').filter((_, i) => !dropped.has(i))
  while (lines.at(-1)?.trim() === '') lines.pop()
  const isDefault = points.length === DEFAULT_POINTS.length && points.every((point) => DEFAULT_POINTS.includes(point))
  const where = isDefault ? '' : ` points=${points.length === 0 ? 'none' : points.join(',')}`
  lines.push(`order ${encodeChoices(choices)}${where}${handlerRetries ? ' handler-retries' : ''}`)
  const judges = new Set(steps.flatMap(({ found }) => found.map(({ judge }) => judge)))
  for (const judge of judges) lines.push(`expect finds ${judge}`)
  return `${lines.join('\n')}\n`
}
