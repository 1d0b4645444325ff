// SPDX-License-Identifier: GPL-2.0-only
//
// What may stand at a place of a drill, as far as the words before it tell.

import { lookUp } from '../../../lib/base/look-up'
import type { Verbs } from '../../../lib/drill/parse-commands'

export interface Choices {
  /** Where the word begins that they replace. */
  readonly from: number
  readonly words: readonly string[]
}

const KINDS = ['anon', 'shmem', 'file', 'sharedfile', 'hugetlb', 'special']
const ADVICES = ['dontneed', 'free', 'hugepage', 'nohugepage', 'dontfork', 'unmergeable']
const PLAIN = /^[A-Z][A-Z0-9]*$/

/**
 * @param before the text up to the cursor
 * @param verbs those of the drill's kernel
 */
export function choicesAt(before: string, verbs: Verbs): Choices | undefined {
  const lines = before.split('\n')
  const line = lines.at(-1)!
  if (line.includes('#')) return undefined
  const word = /[@\w]*$/.exec(line)![0]
  const from = before.length - word.length
  const earlier = line.slice(0, line.length - word.length)
  const isIndented = /^\s/.test(line)
  const words = earlier.split(/\s+/).filter(Boolean)
  if (words[0] === '@alloc' || words[0] === '@final') words.shift()
  else if (words.length === 0 && isIndented) return { from, words: ['@alloc', '@final'] }
  const seen = namesIn(lines.slice(0, -1))
  return { from, words: nextWords(words, seen, verbs) }
}

interface Names {
  readonly processes: readonly string[]
  readonly regions: readonly string[]
  readonly handles: readonly string[]
}

function namesIn(lines: readonly string[]): Names {
  const [processes, regions, handles] = [new Set<string>(), new Set<string>(), new Set<string>()]
  for (const line of lines) {
    const words = line.replace(/#.*/, '').split(/\s+/).filter(Boolean)
    for (const word of words) if (PLAIN.test(word)) processes.add(word)
    const map = words.indexOf('map')
    if (map >= 0 && words[map + 1]) regions.add(words[map + 1]!)
    const as = words.indexOf('as')
    if (as >= 0 && words[as + 1]) (words.includes('remap') ? regions : handles).add(words[as + 1]!)
  }
  return { processes: [...processes], regions: [...regions], handles: [...handles] }
}

function nextWords(words: readonly string[], { processes, regions, handles }: Names, verbs: Verbs): string[] {
  const [first, verb, place] = words
  if (first === undefined) return [...(processes.length > 0 ? processes : ['A']), ...verbs.others]
  if (!PLAIN.test(first)) return first === 'drop' ? [...handles] : [...processes]
  if (verb === undefined) return [...verbs.ofProcess]
  if (place === undefined) return verb === 'map' ? [] : [...regions]
  return words.length === 3 ? argumentsOf(verb) : laterArguments(verb, words, verbs)
}

function argumentsOf(verb: string): string[] {
  const known: Record<string, string[]> = {
    map: KINDS,
    advise: ADVICES,
    protect: ['r', 'rw', 'none'],
    migrate: ['to'],
    pin: ['as'],
    hold: ['as'],
    isolate: ['as'],
    remap: ['as'],
  }
  return lookUp(known, verb) ?? []
}

function laterArguments(verb: string, words: readonly string[], verbs: Verbs): string[] {
  if (verb === 'migrate') return words.at(-1) === 'to' ? [...verbs.destinations] : ['skip=', 'fail=']
  return verb === 'map' && words.length > 4 ? ['ro', 'at2m', 'thp'] : []
}
