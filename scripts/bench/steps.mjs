// SPDX-License-Identifier: GPL-2.0-only
//
// What TypeScript does with a drill of n lines, in steps: times would differ from run to run, and these numbers do not.
//
// A step is a block of code that runs once, which V8 counts for coverage. What V8 does in one go, such as looking through an
// array, is one step for each element, which functions around those of Array count. Work in C is not counted here.
import { Session } from 'node:inspector'
import { root } from '../lib/run.mjs'

const SIZES = [100, 200, 400, 800]
/** Before anything is counted: what is made once is not a part of the first size. */
const WARM_UP = 40

/** What methods of arrays go over, in one go and without a function of ours that would be counted. */
const all = (array) => array.length
const result = (_, made) => made.length
const behind = (array, _, [from = 0]) => Math.max(0, array.length - from)
const GOES_OVER = {
  concat: result,
  fill: all,
  includes: all,
  indexOf: (array, found) => (found < 0 ? array.length : found),
  join: all,
  reverse: all,
  shift: all,
  slice: result,
  sort: all,
  splice: behind,
  toReversed: all,
  toSorted: all,
  unshift: all,
  [Symbol.iterator]: all,
}

let passed = 0

/** Counts elements of arrays that are passed over, until the result is called. */
function countPassing() {
  const undo = []
  for (const prototype of [Array.prototype, Object.getPrototypeOf(Uint8Array).prototype])
    for (const name of Reflect.ownKeys(GOES_OVER)) {
      const original = prototype[name]
      if (!original) continue
      prototype[name] = function (...args) {
        const value = original.apply(this, args)
        passed += GOES_OVER[name](this, value, args)
        return value
      }
      undo.push(() => {
        prototype[name] = original
      })
    }
  return () => {
    for (const each of undo) each()
  }
}

class StepCounter {
  #session = new Session()

  constructor() {
    this.#session.connect()
    this.#post('Profiler.enable')
    this.#post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  }

  /** The steps of a call, and what it returns. */
  count(call) {
    this.#blocks()
    passed = 0
    const stop = countPassing()
    let value
    try {
      value = call()
    } finally {
      stop()
    }
    const elements = passed
    return { steps: this.#blocks() + elements, value }
  }

  end() {
    this.#session.disconnect()
  }

  /** Blocks that ran since the last time, of what is built. */
  #blocks() {
    const { result } = this.#post('Profiler.takePreciseCoverage')
    return result
      .filter(({ url }) => url.startsWith(`file://${root}/dist/`) || url.startsWith(`${root}/dist/`))
      .flatMap(({ functions }) => functions.flatMap(({ ranges }) => ranges))
      .reduce((sum, { count }) => sum + count, 0)
  }

  /** Answers come before post() returns. */
  #post(method, params) {
    let answer
    this.#session.post(method, params, (error, result) => {
      if (error) throw error
      answer = result
    })
    return answer
  }
}

/** Lines of all kinds on the same few pages, with pages that do not migrate because they are held. */
const ROUND = [
  'A migrate buf to dev',
  'A read buf[1]',
  'fork A B',
  'B write buf[2] 0x07',
  'exit B',
  'A hold buf[0] as x',
  'A migrate buf to dev',
  '  @alloc A count',
  'drop x',
  'A dump buf',
]
function linesDrill(n) {
  return ['A map buf anon 4', 'A write buf 0x66', ...repeated(ROUND, n)]
}

const each = (n, line) => Array.from({ length: n }, (_, i) => line(i))
const BUFFER = ['A map buf anon 1', 'A write buf 0x66']
/** Ever more names: n of something are made, used and go. */
const NAMES = {
  'regions of a drill': (n) => [
    ...each(n, (i) => `A map r${i} anon 1`),
    ...each(n, (i) => `A write r${i} 0x01`),
    ...each(n, (i) => `A migrate r${i} to dev`),
    ...each(n, (i) => `A unmap r${i}`),
  ],
  'processes of a drill': (n) => [
    ...BUFFER,
    ...each(n, (i) => `fork A P${i}`),
    ...each(n, (i) => `P${i} write buf 0x01`),
    ...each(n, (i) => `exit P${i}`),
  ],
  'pins of a drill': (n) => [...BUFFER, ...each(n, (i) => `A pin buf[0] as p${i}`), ...each(n, (i) => `drop p${i}`)],
  'tasks of a drill': (n) => [...BUFFER, ...each(n, (i) => `task t${i}`).flatMap((task) => [task, '  A read buf'])],
}

const repeated = (lines, n) => Array.from({ length: n }, (_, i) => lines[i % lines.length])

const sourceOf = (name, lines) => ({ name, file: name, firstLine: 1, text: `${lines.join('\n')}\n` })

/**
 * Steps of all that is done with drills.
 * @returns records for fitAll()
 */
export async function countSteps() {
  // Loaded after counting has begun: functions that were compiled before count their calls only.
  const counter = new StepCounter()
  try {
    const modules = await load()
    const count = (n) => [...ofLines(counter, modules, n), ...ofNames(counter, modules, n)]
    count(WARM_UP)
    return SIZES.flatMap(count)
  } finally {
    counter.end()
  }
}

async function load() {
  const paths = ['drill/index', 'record/index', 'view/book', 'cli/step/plain', 'cli/step/subject', 'view/pages']
  const modules = await Promise.all(paths.map((path) => import(`${root}/dist/${path}.js`)))
  return Object.assign({}, ...modules)
}

/** Parse and run; other operations go on with the result. */
function played({ parseDrill, runDrill }, source, add) {
  const drill = add('parse', () => parseDrill(source))
  return add('run', () => runDrill(drill, { strict: true, contents: false }))
}

/** Counts operations, and collects the records in `to`. */
function adder(counter, what, n, to) {
  return (op, call) => {
    const { steps, value } = counter.count(call)
    if (value?.failure) throw value.failure
    to.push({ what, op, n, cost: steps })
    return value
  }
}

function ofNames(counter, modules, n) {
  const records = []
  for (const [what, drill] of Object.entries(NAMES))
    played(modules, sourceOf(what, drill(n)), adder(counter, what, n, records))
  return records
}

function ofLines(counter, modules, n) {
  const records = []
  const add = adder(counter, 'lines of a drill', n, records)
  const source = sourceOf('lines', linesDrill(n))
  const { transcript } = played(modules, source, add)
  add('compare', () => modules.sideBySide(transcript, `${transcript}more\n`))
  const { recording } = add('record', () => modules.recordDrill(source, { contents: false }))
  const document = add('document', () => modules.recordDocument([recording]))
  const [book] = add('open', () => modules.booksOf(document))
  const subject = modules.subjectOf(book, undefined)
  const page = modules.parseKey('A/buf[0]')
  add('show steps', () => shownSteps(modules, subject, undefined))
  add('show steps, a page followed', () => shownSteps(modules, subject, page))
  add('history of a page', () => modules.storyLines(subject, book.last, page))
  return records
}

function shownSteps({ stepLines }, subject, page) {
  let lines = 0
  for (let n = 0; n <= subject.book.last; n++) lines += stepLines(subject, n, page).length
  return lines
}
