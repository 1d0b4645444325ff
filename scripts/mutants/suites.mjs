// SPDX-License-Identifier: GPL-2.0-only
//
// The suites that run on mutants, the cheapest first, and how to read their results.
import { execute } from './tree.mjs'

/**
 * title: of the column; needs: the part of the tree to build first; sees: whether the suite can notice faults of a
 * file; reason: finds the line of the output that says why.
 */
export const suites = {
  c: {
    title: 'C tests',
    needs: 'tests',
    sees: (file) => file.startsWith('native/core/'),
    command: ['ctest', '--test-dir', 'build-c', '--stop-on-failure', '--timeout', '30', '--output-on-failure'],
    reason: /^\[ {2}FAILED {2}\] (test_\w+)/m,
  },
  verify: {
    title: 'verify()',
    needs: 'addon',
    sees: () => true,
    command: ['node', 'scripts/mutants/drills.mjs', 'verify'],
    reason: /.+/,
  },
  drills: {
    title: 'drills',
    needs: 'addon',
    sees: () => true,
    command: ['node', 'scripts/mutants/drills.mjs', 'transcripts'],
    reason: /.+/,
  },
  model: {
    title: 'model',
    needs: 'addon',
    sees: () => true,
    command: ['node', 'scripts/fuzz/model.mjs', '--seed', '1', '--runs', '200', '--fail-fast'],
    reason: /^# (?!found).+/m,
  },
  jest: {
    title: 'Jest',
    needs: 'addon',
    sees: () => true,
    command: ['node', 'node_modules/jest/bin/jest.js', 'test/api', 'test/drill', 'test/cli', '--bail', '--runInBand'],
    reason: /● (?!Console).+/,
  },
}

/** ctest's words for a test that did not end normally. */
const CRASH = /test_\w+ \.+\*\*\*(?:Exception|Timeout).*/

/** Seconds that a suite may take which nobody has timed yet. */
const LONG = 1800

/** Seconds that each suite may take on a mutant, by title: ten times what it takes without one. */
const limits = new Map()

function howItEnded({ code, signal, timedOut, output }, { reason }, limit) {
  if (timedOut) return `did not end within ${limit} s`
  if (signal !== undefined) return `ended by ${signal}`
  const line = reason.exec(output) ?? CRASH.exec(output)
  return (line?.[1] ?? line?.[0])?.trim() ?? `exit code ${code}`
}

/** Runs a suite in a tree. Returns undefined if it passes, else the line that says why it failed. */
export async function runSuite(tree, suite) {
  const [command, ...args] = suite.command
  const limit = limits.get(suite.title) ?? LONG
  const result = await execute(command, args, { cwd: tree.folder, env: tree.env, limit })
  return result.code === 0 ? undefined : howItEnded(result, suite, limit)
}

/** The same without a mutant. The time that it takes decides how long it may take with one. */
export async function timeSuite(tree, suite) {
  const start = performance.now()
  const notice = await runSuite(tree, suite)
  limits.set(suite.title, Math.max(30, Math.ceil((performance.now() - start) / 100)))
  return notice
}

/** The parts of a tree to rebuild after a change of a file. The addon always, because it may be the last mutant's. */
export function partsOf(file) {
  if (file.startsWith('lib/')) return ['javascript', 'addon']
  return file.startsWith('native/addon/') ? ['addon'] : ['addon', 'tests']
}
