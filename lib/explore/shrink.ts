// SPDX-License-Identifier: GPL-2.0-only
//
// Makes a drill smaller, as long as it stays interesting.

/** A drill without what it can do without. @param keeps whether a smaller text is still what is wanted; it may be no drill at all */
export function smaller(text: string, keeps: (text: string) => boolean): string {
  let lines = text.split('\n').filter((line) => line !== '')
  for (let found = true; found; ) {
    found = false
    for (const candidate of candidates(lines)) {
      if (!keeps(textOf(candidate))) continue
      lines = candidate
      found = true
      break
    }
  }
  return textOf(lines)
}

function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('')
}

/** The texts that are a little smaller, those that lack most first. */
function* candidates(lines: readonly string[]): Generator<string[]> {
  const without = (first: number, count: number, ...instead: string[]) => [
    ...lines.slice(0, first),
    ...instead,
    ...lines.slice(first + count),
  ]
  for (let i = 0; i < lines.length; i++) if (isTask(lines[i])) yield without(i, taskLines(lines, i))
  for (let i = lines.length - 1; i >= 0; i--) if (!isTask(lines[i])) yield without(i, 1)
  for (let i = 0; i < lines.length; i++) for (const line of simpler(lines[i] ?? '')) yield without(i, 1, line)
}

function isTask(line = ''): boolean {
  return line.startsWith('task ')
}

/** A task's own line, and those of its commands. */
function taskLines(lines: readonly string[], first: number): number {
  const next = lines.findIndex((line, i) => i > first && !line.startsWith(' '))
  return (next < 0 ? lines.length : next) - first
}

/** A line with fewer pages, or fewer words. */
function* simpler(line: string): Generator<string> {
  const [, before = '', pages = '', after = ''] = /^(A map \w+ \w+ )(\d+)(.*)$/.exec(line) ?? []
  if (Number(pages) > 1 && after === '') yield `${before}${Number(pages) - 1}`
  const [, head = '', region = '', first = '', last = '', tail = ''] =
    /^( *\w+ [\w-]+ )([a-z]+)\[(\d+)(?:-(\d+))?\](.*)$/.exec(line) ?? []
  if (region !== '') yield `${head}${region}${tail}`
  if (last !== '') yield `${head}${region}[${first}]${tail}`
  if (Number(first) > 0 && last === '') yield `${head}${region}[${Number(first) - 1}]${tail}`
  const shorter = line.replace(/ [^ ]+$/, '')
  if (shorter !== line) yield shorter
}
