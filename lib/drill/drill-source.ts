// SPDX-License-Identifier: GPL-2.0-only

import { integer, invalid } from '../base/validate'

/** The text of one drill and where it was found. */
export interface DrillSource {
  /** The name of the drill. */
  readonly name: string
  /** The name of the file in errors. */
  readonly file: string
  /** Line of the file on which the text begins, 1 for a file of its own. */
  readonly firstLine: number
  /** The drill itself. */
  readonly text: string
}

/**
 * A drill from what a caller has given: its text alone is enough.
 * @throws HmmuError HMMU_INVALID_ARGUMENT: it is neither a text nor a DrillSource
 */
export function drillSource(source: DrillSource | string): DrillSource {
  if (typeof source === 'string') return { name: 'drill', file: 'drill', firstLine: 1, text: source }
  if (typeof source !== 'object' || source === null) throw invalid('source', 'a text or a DrillSource', source)
  for (const key of ['name', 'file', 'text'] as const)
    if (typeof source[key] !== 'string') throw invalid(`source.${key}`, 'a string', source[key])
  integer('source.firstLine', source.firstLine, 1, Number.MAX_SAFE_INTEGER)
  return source
}
