// SPDX-License-Identifier: GPL-2.0-only
//
// One function for each command. It is called with the words after the verb.

import type { Kernel } from '../base/kernel'
import type { Command, HeadCommand, InnerCommand } from './ast'
import { type Vocabulary, wordsOf } from './language'
import {
  DESTINATIONS,
  type Head,
  type ProcessHead,
  parseDevmem,
  parseEvict,
  parseMigrate,
  parseMirror,
} from './parse-device'
import {
  isProcess,
  PROCESS_EXPECTED,
  parseByte,
  parseChoice,
  parseCount,
  parseFlags,
  parseHandle,
  parsePages,
  parsePlace,
  parseProcess,
  parseRegionName,
} from './parse-values'
import { oneOf, type Word, type Words } from './words'

const MAP_KINDS = ['anon', 'shmem', 'file', 'sharedfile', 'hugetlb', 'special'] as const
const ADVICES = {
  'linux-4.14': ['dontneed', 'free', 'hugepage', 'nohugepage', 'dontfork', 'unmergeable'],
  'linux-6.12': ['populate_read', 'populate_write', 'cold', 'pageout', 'collapse'],
} as const
const UFFD_MODES = { 'linux-6.12': ['wp'] } as const
const PIN_FLAGS = { 'linux-4.14': ['write'], 'linux-6.12': ['dma', 'longterm'] } as const
const PROTS = ['r', 'rw', 'none'] as const
const HUGE_PAGES = 512
const SPECIAL_PAGES_MAX = 64
/** The API's limit. */
const CPUS_MAX = 64

type OfProcess = Record<string, (words: Words, head: ProcessHead) => Command>
type Others = Record<string, (words: Words, head: Head) => Command | HeadCommand>

const OF_PROCESS_4_14: OfProcess = {
  map: parseMap,
  unmap: (words, head) => ({ ...head, verb: 'unmap', place: parsePlace(words) }),
  protect: (words, head) => ({
    ...head,
    verb: 'protect',
    place: parsePlace(words),
    prot: parseChoice(words, PROTS, 'access rights'),
  }),
  advise: (words, head) => ({
    ...head,
    verb: 'advise',
    place: parsePlace(words),
    advice: parseChoice(words, ADVICES, 'an advice'),
  }),
  lock: (words, head) => ({ ...head, verb: 'lock', place: parsePlace(words) }),
  unlock: (words, head) => ({ ...head, verb: 'unlock', place: parsePlace(words) }),
  write: (words, head) => ({ ...head, verb: 'write', place: parsePlace(words), value: parseByte(words) }),
  read: (words, head) => ({ ...head, verb: 'read', place: parsePlace(words) }),
  clear: (_words, head) => ({ ...head, verb: 'clear' }),
  uffd: parseUffd,
  pin: parsePin,
  hold: (words, head) => ({ ...head, verb: 'hold', place: parsePlace(words), handle: parseAs(words) }),
  isolate: (words, head) => ({ ...head, verb: 'isolate', place: parsePlace(words), handle: parseAs(words) }),
  migrate: parseMigrate,
  dump: (words, head) => ({ ...head, verb: 'dump', place: parsePlace(words) }),
  count: (_words, head) => ({ ...head, verb: 'count' }),
  watch: (_words, head) => ({ ...head, verb: 'watch' }),
  reclaim: (words, head) => ({ ...head, verb: 'reclaim', place: parsePlace(words) }),
  'oom-reap': (_words, head) => ({ ...head, verb: 'oom-reap' }),
  cpu: (words, head) => ({ ...head, verb: 'cpu', cpu: parseCpu(words) }),
}

const OF_PROCESS_6_12: OfProcess = {
  remap: (words, head) => ({ ...head, verb: 'remap', place: parsePlace(words), region: parseNewRegion(words) }),
  truncate: (words, head) => ({
    ...head,
    verb: 'truncate',
    region: parseRegionName(words),
    pages: parsePages(words, 0),
  }),
  mirror: parseMirror,
  exclusive: (words, head) => ({ ...head, verb: 'exclusive', place: parsePlace(words) }),
}

const OTHERS_4_14: Others = {
  devmem: parseDevmem,
  swap: (words, head) => ({ ...head, verb: 'swap', pages: parsePages(words, 1) }),
  cpus: (words, head) => ({ ...head, verb: 'cpus', count: parseCount(words, 'a number of CPUs', 1, CPUS_MAX) }),
  fork: (words, head) => ({ ...head, verb: 'fork', process: parseProcess(words), child: parseProcess(words) }),
  exit: (words, head) => ({ ...head, verb: 'exit', process: parseProcess(words) }),
  drop: (words, head) => ({ ...head, verb: 'drop', handle: parseHandle(words) }),
}

const OTHERS_6_12: Others = {
  memcg: (words, head) => ({ ...head, verb: 'memcg', pages: parsePages(words, 1) }),
  evict: parseEvict,
}

/** The commands that begin with a process. */
const OF_PROCESS: OfProcess = { ...OF_PROCESS_4_14, ...OF_PROCESS_6_12 }
const PROCESS_VERBS = { 'linux-4.14': Object.keys(OF_PROCESS_4_14), 'linux-6.12': Object.keys(OF_PROCESS_6_12) }
/** The commands that begin with their verb. */
const OTHERS: Others = { ...OTHERS_4_14, ...OTHERS_6_12 }
const OTHER_VERBS = { 'linux-4.14': Object.keys(OTHERS_4_14), 'linux-6.12': Object.keys(OTHERS_6_12) }

/** The verbs of a kernel's drills: those behind a process, and those that begin a line. And where pages may be moved. */
export interface Verbs {
  readonly ofProcess: readonly string[]
  readonly others: readonly string[]
  readonly destinations: readonly string[]
}

export function verbsOf(kernel: Kernel): Verbs {
  return {
    ofProcess: wordsOf(PROCESS_VERBS, kernel),
    others: [...wordsOf(OTHER_VERBS, kernel), 'task', 'expect'],
    destinations: wordsOf<string>(DESTINATIONS, kernel),
  }
}

/** Parse one command; nothing may follow it. */
export function parseCommand(words: Words): Command | HeadCommand {
  const text = words.rest()
  const expected = `${PROCESS_EXPECTED}, ${oneOf(wordsOf(OTHER_VERBS, words.kernel))}`
  const first = words.take(expected)
  const head = { text, position: words.position(first.column) }
  const command = isProcess(first)
    ? parseOfProcess(words, { ...head, process: first.text })
    : own(OTHERS, OTHER_VERBS, first, words, expected)(words, head)
  words.end()
  return command
}

function parseOfProcess(words: Words, head: ProcessHead): Command {
  const expected = `a command (${oneOf(wordsOf(PROCESS_VERBS, words.kernel))})`
  const verb = words.take(expected)
  return own(OF_PROCESS, PROCESS_VERBS, verb, words, expected)(words, head)
}

/** The entry of a table for a word, if the drill's kernel has it. A word like `constructor` is no entry. */
function own<T>(table: Record<string, T>, verbs: Vocabulary, word: Word, words: Words, expected: string): T {
  const entry = wordsOf(verbs, words.kernel).includes(word.text) ? table[word.text] : undefined
  if (entry === undefined) throw words.unexpected(word, expected, verbs)
  return entry
}

function parseMap(words: Words, head: ProcessHead): InnerCommand {
  const region = parseRegionName(words)
  const kind = parseChoice(words, MAP_KINDS, 'a kind of mapping')
  const at = words.peek()
  const pages = kind === 'special' ? parsePages(words, 1, SPECIAL_PAGES_MAX) : parsePages(words, 1)
  if (kind === 'hugetlb' && pages % HUGE_PAGES !== 0 && at !== undefined) {
    throw words.unexpected(at, `a multiple of ${HUGE_PAGES} pages for hugetlb`)
  }
  const options = parseFlags(words, ['ro', 'at2m', 'thp'])
  const set = { readOnly: options.has('ro'), at2m: options.has('at2m'), thp: options.has('thp') }
  return { ...head, verb: 'map', region, kind, pages, ...set }
}

export function parseCpu(words: Words): number {
  return parseCount(words, 'a CPU', 0, CPUS_MAX - 1)
}

function parseAs(words: Words): string {
  parseChoice(words, ['as'], 'a name for it')
  return parseHandle(words)
}

function parseNewRegion(words: Words): string {
  parseChoice(words, ['as'], 'a name for it')
  return parseRegionName(words)
}

function parsePin(words: Words, head: ProcessHead): InnerCommand {
  const place = parsePlace(words)
  const handle = parseAs(words)
  const flags = parseFlags(words, PIN_FLAGS)
  const [write, dma, longterm] = [flags.has('write'), flags.has('dma'), flags.has('longterm')]
  return { ...head, verb: 'pin', place, handle, write, dma, longterm }
}

function parseUffd(words: Words, head: ProcessHead): InnerCommand {
  const place = parsePlace(words)
  return { ...head, verb: 'uffd', place, wp: parseFlags(words, UFFD_MODES).has('wp') }
}
