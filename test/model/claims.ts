// SPDX-License-Identifier: GPL-2.0-only
//
// Reduces the transcript of a kernel to what the model claims to know: no page flags, no invalidations, and the lines of a
// dump taken apart page by page.

const DUMP_LINE = /^( +)\[(\d+)(?:-(\d+))?\] (nomap|none|zero|sys|huge|hzero|dev|mig|special|swap)\b(.*)$/
const INVALIDATION = /^ +inv /

export function claimsOf(transcript: string): string[] {
  return transcript
    .split('\n')
    .filter((line) => line !== '' && !INVALIDATION.test(line))
    .flatMap(expand)
}

function expand(line: string): string[] {
  const match = DUMP_LINE.exec(line)
  if (match === null) return [line]
  const [, indent = '', from = '', to = from, kind = '', rest = ''] = match
  const [bits = '', page, ref, map] = rest.trim().split(' ')
  const lines: string[] = []
  for (let i = Number(from); i <= Number(to); i++) {
    const name =
      page === undefined ? '' : ` ${page[0]}${Number.parseInt(page.slice(1), 10) + i - Number(from)} ${ref} ${map}`
    lines.push(`${indent}[${i}] ${kind} ${bits}${name}`.trimEnd())
  }
  return lines
}
