// SPDX-License-Identifier: GPL-2.0-only
//
// Whether `npm run bench:growth` notices what grows faster than its input.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const SCRIPT = join(__dirname, '../../scripts/bench/growth.mjs')
const SIZES = [1000, 2000, 4000, 8000]

type Cost = (n: number) => number

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hmmu-growth-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

/** What the script says of operations with these costs. */
function judge(costs: Readonly<Record<string, Cost>>, sizes = SIZES) {
  const file = join(folder, 'records.json')
  const records = Object.entries(costs).flatMap(([op, cost]) =>
    sizes.map((n) => ({ what: 'pages', op, n, cost: Math.round(cost(n)) })),
  )
  writeFileSync(file, JSON.stringify(records))
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, '--records', file], { encoding: 'utf8' })
  const named = Object.keys(costs).filter((op) => stdout.includes(`pages: ${op} `))
  return { status, stdout, stderr, named }
}

test('what grows with its input passes: also with a fixed cost, with a logarithm, without any growth', () => {
  const { status, stdout } = judge({
    linear: (n) => 370 * n,
    'linear behind a fixed cost': (n) => 1_000_000 + 370 * n,
    'a tree': (n) => 1000 * n + 100 * n * Math.log2(n),
    'one call for all': () => 681,
    'shrinking for each': (n) => 5 * n + 300 * Math.sqrt(n),
    'a walk down a tree to one': (n) => 4000 + 40 * Math.log2(n),
  })
  expect(stdout).toBe('6 operations, 0 grow too fast\n')
  expect(status).toBe(0)
})

test('a square fails: alone, in the small beside linear and fixed costs, and as a search for one of n', () => {
  const squares: Record<string, Cost> = {
    'a plain square': (n) => (n * n) / 2,
    'square beside a linear cost': (n) => 2000 * n + n * n,
    'square behind a fixed cost': (n) => 1_000_000 + 370 * n + n * n,
    'a list is searched for one': (n) => 4000 + 2 * n,
  }
  const { status, stdout, named } = judge({ linear: (n) => 370 * n, ...squares })
  expect(named).toEqual(Object.keys(squares))
  expect(stdout).toMatch(/5 operations, 4 grow too fast\n$/)
  expect(status).toBe(1)
})

test('an operation with two sizes says nothing, and is an error', () => {
  const { status, stderr } = judge({ fork: (n) => n }, [1000, 2000])
  expect(stderr).toContain('pages, fork: 2 sizes do not say how it grows')
  expect(status).not.toBe(0)
})

test.each([
  ['nothing', undefined, /can't be read: ENOENT/],
  ['no JSON', 'x', /can't be read: Unexpected token/],
  ['no list', '{"a":1}', /has no list of counts/],
  ['an empty list', '[]', /there are no counts/],
])('a file with %s is an error', (_, text, what) => {
  const file = join(folder, 'records.json')
  if (text !== undefined) writeFileSync(file, text)
  const { status, stderr } = spawnSync(process.execPath, [SCRIPT, '--records', file], { encoding: 'utf8' })
  expect([status, stderr.trim().split('\n')]).toEqual([1, [expect.stringMatching(what)]])
})
