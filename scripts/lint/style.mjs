// SPDX-License-Identifier: GPL-2.0-only
//
// Checks rules of this project that no other tool checks: node scripts/lint/style.mjs
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname } from 'node:path'
import { root, sourceFiles } from '../lib/run.mjs'

/** The most lines of a file in C and C++, in the first folder that fits. biome counts those of TypeScript. */
const MOST_LINES = [
  [/^native\/(core|addon|wasm)\/.*\.(c|cc|h)$/, 550],
  // All lists are there.
  [/^native\/include\/hmmu\/hmmu_defs\.h$/, 800],
  [/^native\/.*\.(c|cc|h)$/, 650],
]

/** Folders of the machine at hand. */
const own = [dirname(root), homedir()].filter((path) => path !== '/' && path !== '/tmp').map((path) => `${path}/`)

const hasPath = (line) => own.some((path) => line.includes(path)) || /\/(?:home|root|Users)\/[a-z]/.test(line)

/** npm writes no addresses of a registry with omit-lockfile-registry-resolved, which .npmrc sets. */
const hasRegistry = (line) => /"resolved"\s*:|:\/\/registry\./.test(line)

/** All that is wrong with a file. */
function complaintsAbout(file) {
  const text = readFileSync(`${root}/${file}`, 'utf8')
  if (text.includes('\0')) return []
  const lines = text.trimEnd().split('\n')
  const where = (isWrong, what) =>
    lines.flatMap((line, i) => (isWrong(line) ? [`${file}:${i + 1}: ${what}: ${line.trim()}`] : []))
  const [, most] = MOST_LINES.find(([pattern]) => pattern.test(file)) ?? [undefined, Number.POSITIVE_INFINITY]
  return [
    ...(lines.length > most ? [`${file}: ${lines.length} lines, at most ${most} are allowed`] : []),
    ...where(hasPath, 'path of a machine'),
    ...where(hasRegistry, 'address of a registry'),
  ]
}

const complaints = sourceFiles().flatMap(complaintsAbout)
if (complaints.length > 0) {
  console.error(complaints.join('\n'))
  process.exit(1)
}
