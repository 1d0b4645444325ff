// SPDX-License-Identifier: GPL-2.0-only
//
// Fuzzes the drill language: drills of the corpus, mutated. Whatever becomes of one:
// - parsing ends in a drill or in a DrillError that says HMMU_DRILL_SYNTAX and a place in the text, and nothing else;
// - what was parsed parses again from its echoes, to the same;
// - a concatenation that holds it splits, or ends in a DrillError (HMMU_DRILL_FILE) at a place in it;
// - it runs on a machine to its end, or to a DrillError with a reason that a drill can have, and the machine stays in
//   balance.
//
//   node native/fuzz/fuzz_drill.mjs [--time SECONDS] [--seed N] [--path PATH]     needs `npm run build`
//
// The seed and path of a failure come with it; with both the failure is made again. (Jazzer.js, the libFuzzer for
// JavaScript, would see coverage; its binaries ask for a newer glibc than Debian 12 has.)
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { program } from 'commander'
import fc from 'fast-check'
import { wholeNumber } from '../../scripts/lib/options.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const require = createRequire(import.meta.url)
const { DrillError, findDrillFiles, kernelOfProfile, parseDrill, readDrills, runDrill, splitSections } = require(
  `${root}/dist/drill/index.js`,
)
const { Misuse } = require(`${root}/dist/drill/world.js`)
const { HmmuError } = require(`${root}/dist/index.js`)

const conformance = ['linux-4.14', 'linux-6.12', 'linux-6.12-userfaultfd'].map(
  (name) => `${root}/test/conformance/${name}`,
)
const corpus = [...conformance, `${root}/examples`].flatMap(findDrillFiles).flatMap(readDrills)
const words = [...new Set(corpus.flatMap((drill) => drill.text.split(/\s+/)))]

/** Pieces that mean something to the language, or just miss it. */
const piece = fc.oneof(
  fc.constantFrom(...words),
  fc.constantFrom(
    '[',
    ']',
    '-',
    ',',
    '=',
    '#',
    '@',
    '@alloc',
    '@final',
    '\t',
    '\r',
    '\n',
    '\n  @alloc ',
    '\u0000',
    '\ufeff',
    '0x',
  ),
  fc.constantFrom(
    'buf[0-]',
    'buf[5-2]',
    'buf[99999999999999999999]',
    'skip=',
    'skip=1-',
    'error=0-4294967296',
    '=== x',
    '00',
    '-1',
  ),
  fc.string({ unit: 'binary', maxLength: 4 }),
  fc.nat({ max: 600 }).map(String),
)

/** One change to a text; places are fractions of its length, so that they fit any text. */
const place = fc.double({ min: 0, max: 1, noNaN: true })
const mutation = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('word', 'insert'), at: place, piece }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('delete', 'double'), at: place, length: fc.nat({ max: 40 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom('line-delete', 'line-double', 'line-swap'), at: place, to: place }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('splice'), at: place, to: place, other: fc.nat(corpus.length - 1) }),
  },
)

/** The texts to be tried: a drill, or a random text, and what happens to it. */
const subject = fc.record({
  drill: fc.nat(corpus.length - 1),
  modern: fc.boolean(), // for Linux 6.12
  mutations: fc.array(mutation, { maxLength: 6 }),
})

function textOf({ drill, mutations }) {
  return mutations.reduce(mutate, corpus[drill].text)
}

function mutate(text, { kind, at, to, piece: word, length, other }) {
  const index = Math.floor(at * text.length)
  if (kind === 'insert') return text.slice(0, index) + word + text.slice(index)
  if (kind === 'delete') return text.slice(0, index) + text.slice(index + length)
  if (kind === 'double') return text.slice(0, index + length) + text.slice(index)
  if (kind === 'word') return replaceWord(text, at, word)
  if (kind === 'splice') return splice(text, at, corpus[other].text, to)
  return mutateLines(text.split('\n'), kind, at, to).join('\n')
}

function replaceWord(text, at, word) {
  const parts = text.split(/(\s+)/)
  const index = Math.floor(at * ((parts.length - 1) / 2)) * 2
  return [...parts.slice(0, index), word, ...parts.slice(index + 1)].join('')
}

function splice(text, at, other, to) {
  const lines = text.split('\n')
  const others = other.split('\n')
  return [...lines.slice(0, Math.floor(at * lines.length)), ...others.slice(Math.floor(to * others.length))].join('\n')
}

function mutateLines(lines, kind, at, to) {
  const from = Math.floor(at * (lines.length - 1))
  const target = Math.floor(to * (lines.length - 1))
  const line = lines[from]
  if (kind !== 'line-double') lines.splice(from, 1)
  if (kind !== 'line-delete') lines.splice(target, 0, line)
  return lines
}

function check(holds, what) {
  if (!holds) throw new Error(what)
}

/** A DrillError of this kind, at a place in the text. */
function checkError(error, code, text, firstLine) {
  if (!(error instanceof DrillError)) throw error
  check(error.code === code, `${error.code} instead of ${code}: ${error.message}`)
  const { line, column } = error.position
  const there = text.split('\n')[line - firstLine]
  check(there !== undefined, `line ${line} is not in the text: ${error.message}`)
  check(column >= 1 && column <= there.length + 1, `column ${column} is not in line ${line}: ${error.message}`)
}

function parsed(text, kernel, firstLine = 1) {
  try {
    return parseDrill({ name: 'x', file: 'x.drill', firstLine, text }, kernel)
  } catch (error) {
    checkError(error, 'HMMU_DRILL_SYNTAX', text, firstLine)
    return undefined
  }
}

const withoutPositions = (drill) => JSON.stringify(drill, (key, value) => (key === 'position' ? undefined : value))

/** What a transcript echoes is the drill. It has no tasks, and nothing that is expected. */
function checkEcho(drill, kernel) {
  if (drill.tasks.length + drill.expectations.length > 0 || drill.order !== undefined) return
  const lines = drill.head.map(({ text }) => text)
  for (const command of drill.commands) {
    lines.push(command.text)
    if (command.interleaved === undefined) continue
    for (const inner of command.interleaved) lines.push(`  @${inner.callback} ${inner.command.text}`)
  }
  const again = parsed(lines.join('\n'), kernel)
  check(
    again !== undefined && withoutPositions(again) === withoutPositions(drill),
    'its echoes parse to something else',
  )
}

function checkSections(text, kernel) {
  const all = `=== first\nA count\n=== ${text}`
  try {
    for (const section of splitSections('x.drills', all)) parsed(section.text, kernel, section.firstLine)
  } catch (error) {
    checkError(error, 'HMMU_DRILL_FILE', all, 1)
  }
}

/**
 * Why a drill may end before its time: it breaks a rule that shows when it runs, or the machine is too small for it.
 */
function isGoodReason(failure) {
  const { cause } = failure
  if (failure.code !== 'HMMU_DRILL_RUN') return false
  if (cause instanceof Misuse) return true
  const limits = [
    'HMMU_OUT_OF_FRAMES',
    'HMMU_OUT_OF_SLOTS',
    'HMMU_OUT_OF_DEVICE_PAGES',
    'HMMU_INVALID_ARGUMENT',
    'HMMU_HOST_MEMORY',
  ]
  return cause instanceof HmmuError && limits.includes(cause.code)
}

const PROFILES = ['linux-4.14', 'hmm-v25', 'linux-4.14-fixed']
const MODERN = 'linux-6.12'

/** Drills over many thousand pages would take the time of many others. */
const isSmall = (drill) =>
  (drill.devmem?.pages ?? 0) <= 4096 &&
  drill.commands.length <= 300 &&
  drill.commands
    .flatMap((command) => [command, ...(command.interleaved ?? []).map((inner) => inner.command)])
    .every((command) => command.verb !== 'map' || command.pages <= 2048)

function checkRun(drill, modern, salt) {
  if (!isSmall(drill)) return false
  const ramPages = salt % 4 === 0 ? 600 + (salt % 1000) : undefined
  const { failure } = runDrill(drill, { verify: true, ramPages, profile: modern ? MODERN : PROFILES[salt % 3] })
  if (failure !== undefined && !isGoodReason(failure)) throw failure
  return true
}

function main() {
  const { time, seed, path } = program
    .option('--time <seconds>', 'how long it runs', wholeNumber(1), 60)
    .option('--seed <n>', 'where to begin', Number)
    .option('--path <path>', 'the failure to replay, with --seed')
    .parse()
    .opts()
  const counts = { texts: 0, drills: 0, runs: 0 }
  const property = fc.property(subject, (given) => {
    const text = textOf(given)
    const { modern } = given
    const kernel = kernelOfProfile(modern ? MODERN : PROFILES[0])
    counts.texts++
    checkSections(text, kernel)
    const drill = parsed(text, kernel)
    if (drill === undefined) return
    counts.drills++
    checkEcho(drill, kernel)
    // Running takes ten times as long as all the rest.
    const salt = given.drill + text.length
    if (salt % 5 === 0 && checkRun(drill, modern, salt / 5)) counts.runs++
  })
  const details = fc.check(property, {
    numRuns: 2 ** 31 - 1,
    interruptAfterTimeLimit: time * 1000,
    markInterruptAsFailure: false,
    ...(seed === undefined ? {} : { seed }),
    ...(path === undefined ? {} : { path }),
  })
  report(details)
  const failures = details.failed ? 1 : 0
  console.log(`${counts.drills} of the texts were drills, ${counts.runs} of these ran`)
  console.log(`${counts.texts} executions, ${failures} failures`)
  return failures
}

function report(details) {
  if (!details.failed) return
  const { error } = details.errorInstance ? { error: details.errorInstance } : details
  console.log(`--seed ${details.seed} --path ${details.counterexamplePath}`)
  console.log(`${error?.stack ?? error}\nwith the text:\n${textOf(details.counterexample[0])}`)
}

process.exitCode = main()
