// SPDX-License-Identifier: GPL-2.0-only
//
// The lines of a dump as a transcript has them: equal lines of neighbouring pages are one line.

import { pageRange } from './runs'
import type { Seen } from './side'

/** A line under way. */
interface Open {
  readonly first: number
  last: number
  readonly seen: Seen
  readonly name: string | undefined
}

/** `nameOf` gives the name of a frame: `P7`, `D0`. */
export function dumpLines(first: number, pages: readonly Seen[], nameOf: (frame: object | string) => string): string[] {
  const lines: Open[] = []
  for (const [i, seen] of pages.entries()) {
    const name = seen.frame === undefined ? undefined : nameOf(seen.frame)
    const open = lines.at(-1)
    if (open !== undefined && continues(open, seen, name)) open.last += 1
    else lines.push({ first: first + i, last: first + i, seen, name })
  }
  return lines.map(show)
}

function continues({ first, last, seen, name }: Open, next: Seen, nextName: string | undefined): boolean {
  if (seen.kind !== next.kind || seen.bits !== next.bits || seen.wp !== next.wp) return false
  if (seen.flags !== next.flags || seen.users !== next.users) return false
  if (seen.refCount !== next.refCount || seen.mapCount !== next.mapCount) return false
  return nextName === (name === undefined ? undefined : later(name, last - first + 1))
}

/** The name of the frame that is `count` frames later. */
function later(name: string, count: number): string {
  return `${name[0]}${Number(name.slice(1)) + count}`
}

function show({ first, last, seen, name }: Open): string {
  const { kind, bits, refCount, mapCount, flags, users } = seen
  const count = users === undefined ? '' : ` n=${users}`
  const head = `${pageRange(first, last)} ${kind} ${bits}${count}`.trimEnd()
  if (name === undefined) return head
  const names = first === last ? name : `${name}-${later(name, last - first)}`
  return `${head} ${names} ref=${refCount} map=${mapCount} ${flags}`
}
