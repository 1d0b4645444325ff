// SPDX-License-Identifier: GPL-2.0-only
//
// Checks the floors of native/core and native/kapi: node scripts/lint/floors.mjs [--print]
//
// Each folder of these two is a floor. A file may include and call files of its own floor and of floors below it.
// Function pointers are no calls: an ops table leads upward without knowing where. gcc tells the calls, inline functions
// of headers included. --print also lists the largest circle of files that call each other.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { program } from 'commander'
import { root } from '../lib/run.mjs'

/** The emulator. */
const CORE = {
  folder: 'native/core',
  /** From the ground up. */
  floors: ['host', 'page', 'mm', 'rmap', 'fault', 'call', 'migrate', 'machine', 'kernel', 'explore'],
  /** Where the kernel itself calls upward: caller and callee. ARCHITECTURE.md explains each. */
  upcalls: [
    // A mapping that gets a border within a huge page splits its pmd: vma_adjust_trans_huge().
    ['split_at_border', 'split_huge_pmd_address'],
  ],
  /** The headers that those callers need. */
  upcallIncludes: ['mm/vma.c rmap/huge.h'],
  /** The most files that may call each other in one circle. */
  largestCircle: 9,
  /** The sources between host/ and kernel/ are parts of the kernels, which include them. */
  isUnit: (file) => /^(host|kernel|explore)\/\w+\.c$/.test(file),
  isOutside: () => false,
  options: () => ['-std=c11', '-Inative/core'],
}

/** The runtime behind the kernel's names. */
const KAPI = {
  folder: 'native/kapi',
  floors: ['host', 'log', 'task', 'lib', 'mm', 'fs', 'run', 'live'],
  upcalls: [],
  upcallIncludes: [],
  largestCircle: 1,
  isUnit: (file) => file.endsWith('.c'),
  /** What drivers see, what programs see, and tests. */
  isOutside: (file) => /^(include|library|program|test)\/|^kapi\.h$/.test(file),
  options: (file) => [
    '-std=gnu11',
    '-DKAPI_RUNTIME',
    '-Inative/kapi',
    // Only host/ and live/ see the C library, and only the rest the kernel's names.
    ...(/^(host|live)\//.test(file) ? [] : ['-Inative/kapi/include']),
  ],
}

const floorOf = (tree, file) => tree.floors.indexOf(file.split('/')[0])

/** A header goes with its source. */
const unitOf = (file) => file.replace(/\.[ch]$/, '')

/** The sources of a tree, as FLOOR/NAME. */
function filesOf(tree) {
  const folder = join(root, tree.folder)
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => /\.[ch]$/.test(entry.name))
  return files
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)))
    .filter((file) => !tree.isOutside(file))
    .sort()
}

/** Includes of higher floors. */
function* upwardIncludes(tree, files) {
  for (const file of files) {
    const text = readFileSync(join(root, tree.folder, file), 'utf8')
    for (const [, included] of text.matchAll(/^#include "([^"]+)"/gm)) {
      if (included.startsWith('hmmu/') || tree.isOutside(included)) continue
      if (floorOf(tree, included) < 0) yield `${file} includes "${included}", which is on no floor`
      else if (floorOf(tree, included) > floorOf(tree, file) && !tree.upcallIncludes.includes(`${file} ${included}`))
        yield `${file} includes "${included}", which is on a higher floor`
    }
  }
}

/** The functions that gcc met in one source, where each is defined, and who calls whom. */
function graphOfSource(tree, source, folder) {
  const object = join(folder, `${source.replaceAll('/', '-')}.o`)
  const options = ['-O0', '-fcallgraph-info', '-w', '-DHMMU_STATIC', '-DHMMU_VERSION="0"', ...tree.options(source)]
  execFileSync('gcc', [...options, '-Inative/include', '-c', join(tree.folder, source), '-o', object], { cwd: root })
  return readFileSync(object.replace(/o$/, 'ci'), 'utf8')
}

/** All calls within a tree: caller, its file, callee, its file. */
function callsOf(tree, files) {
  const folder = mkdtempSync(join(tmpdir(), 'hmmu-floors-'))
  try {
    const text = files
      .filter(tree.isUnit)
      .map((file) => graphOfSource(tree, file, folder))
      .join('')
    const homes = new Map()
    // A node without a shape is a definition; one with it a declaration.
    for (const [, title, path] of text.matchAll(
      /^node: \{ title: "([^"]+)" label: "[^"\\]+\\n([^":]+):\d+:\d+[^"]*" \}/gm,
    ))
      homes.set(title, relative(join(root, tree.folder), join(root, path)))
    const edges = [...text.matchAll(/^edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"/gm)]
    const isInside = (file) => !file.startsWith('..') && !tree.isOutside(file)
    return edges
      .filter(([, from, to]) => homes.has(from) && homes.has(to))
      .map(([, from, to]) => ({ from: nameOf(from), fromFile: homes.get(from), to: nameOf(to), toFile: homes.get(to) }))
      .filter(({ fromFile, toFile }) => isInside(fromFile) && isInside(toFile))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A static function's title has its file in front. */
const nameOf = (title) => title.split(':').at(-1)

function upwardCalls(tree, calls) {
  const up = calls.filter(({ fromFile, toFile }) => floorOf(tree, toFile) > floorOf(tree, fromFile))
  const allowed = ({ from, to }) => tree.upcalls.some(([caller, callee]) => caller === from && callee === to)
  const texts = up
    .filter((call) => !allowed(call))
    .map(
      ({ from, fromFile, to, toFile }) =>
        `${from}() in ${fromFile} calls ${to}(), which ${toFile} has on a higher floor`,
    )
  const unused = tree.upcalls.filter(([caller, callee]) => !up.some(({ from, to }) => from === caller && to === callee))
  return [
    ...new Set(texts),
    ...unused.map(([caller, callee]) => `${caller}() no longer calls ${callee}(): strike it out here`),
  ]
}

/** Which files each file calls. */
function graphOf(calls) {
  const graph = new Map()
  for (const { fromFile, toFile } of calls) {
    const [from, to] = [unitOf(fromFile), unitOf(toFile)]
    for (const unit of [from, to]) if (!graph.has(unit)) graph.set(unit, new Set())
    if (from !== to) graph.get(from).add(to)
  }
  return graph
}

/** Everything that can be reached from a file. */
function reach(graph, from) {
  const seen = new Set()
  const queue = [from]
  for (let unit = queue.pop(); unit !== undefined; unit = queue.pop()) {
    for (const next of graph.get(unit)) {
      if (seen.has(next)) continue
      seen.add(next)
      queue.push(next)
    }
  }
  return seen
}

/** The most files of which each can reach each. */
function largestCircle(calls) {
  const graph = graphOf(calls)
  const reached = new Map([...graph.keys()].map((unit) => [unit, reach(graph, unit)]))
  const circles = [...graph.keys()].map((unit) =>
    [...reached.get(unit)].filter((other) => reached.get(other).has(unit)),
  )
  return circles.reduce((largest, circle) => (circle.length > largest.length ? circle : largest), []).sort()
}

/** Checks a tree, prints what it is like, and returns what is wrong. */
function check(tree, print) {
  const files = filesOf(tree)
  const calls = callsOf(tree, files)
  const circle = largestCircle(calls)
  const complaints = [
    ...files.filter((file) => floorOf(tree, file) < 0).map((file) => `${file} is on no floor`),
    ...upwardIncludes(tree, files),
    ...upwardCalls(tree, calls),
  ]
  if (circle.length > tree.largestCircle)
    complaints.push(
      `${circle.length} files call each other in one circle, at most ${tree.largestCircle} may: ${circle.join(' ')}`,
    )
  if (print) console.log(`largest circle, ${circle.length} files: ${circle.join(' ')}`)
  console.log(
    `floors of ${tree.folder}: ${files.length} files, ${calls.length} calls, the largest circle has ${circle.length} files`,
  )
  return complaints
}

const { print } = program.option('--print', 'list the largest circle of files').parse().opts()
const complaints = [CORE, KAPI].flatMap((tree) => check(tree, print))
for (const complaint of complaints) console.error(complaint)
process.exitCode = complaints.length > 0 ? 1 : 0
