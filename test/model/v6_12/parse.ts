// SPDX-License-Identifier: GPL-2.0-only
//
// Parses drills of Linux 6.12, with `dma` and `wp`, which the parser of lib/ does not have yet.

import { type Command, type Drill, type DrillSource, parseDrill } from '../../../lib/drill'

/** What the words of the command add to the command of the older language that stands in for it. */
interface StandIn {
  readonly line: string
  readonly added: object
}

const FORMS: readonly [RegExp, (match: RegExpExecArray) => StandIn][] = [
  [/^(\S+ pin .*) dma\b(.*)$/, ([, head, tail]) => ({ line: `${head}${tail}`, added: { dma: true } })],
  [/^(\S+ uffd \S+) wp$/, ([, line = '']) => ({ line, added: { wp: true } })],
]

export function parse612(source: DrillSource): Drill {
  const additions = new Map<number, object>()
  const lines = source.text.split('\n').map((text, i) => {
    const words = text.replace(/#.*/, '').trim().split(/\s+/).join(' ')
    for (const [form, standIn] of FORMS) {
      const match = form.exec(words)
      if (match === null) continue
      const { line, added } = standIn(match)
      additions.set(i, { ...added, text: words })
      return line
    }
    return text
  })
  const drill = parseDrill({ ...source, text: lines.join('\n') }, 'linux-6.12')
  const commands = drill.commands.map((command) => {
    const added = additions.get(command.position.line - source.firstLine)
    return added === undefined ? command : ({ ...command, ...added } as Command)
  })
  return { ...drill, commands }
}
