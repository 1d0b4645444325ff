// SPDX-License-Identifier: GPL-2.0-only
//
// `npx hmmu` in a checkout: npm prepares it first and shows nothing of that, so that it must neither build nor fail.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const ROOT = join(__dirname, '../..')
const OF_A_CHECKOUT = ['package.json', '.npmrc', 'scripts/hmmu.mjs', 'scripts/prepare.mjs', 'scripts/lib/run.mjs']

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hmmu-checkout-'))
  for (const name of OF_A_CHECKOUT) cpSync(join(ROOT, name), join(folder, 'checkout', name))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

/** What a terminal shows. A cache of its own: npm prepares each checkout only once. */
function npx() {
  const { stdout, stderr, status } = spawnSync('npx', ['--offline', '--cache', join(folder, 'cache'), 'hmmu', 'demo'], {
    cwd: join(folder, 'checkout'),
    encoding: 'utf8',
  })
  return { stdout, stderr, status }
}

test('without a build it says what to do', () => {
  expect(npx()).toEqual({
    stdout: '',
    stderr: 'error: this checkout of hmmu is not built ("npm ci" builds it)\n',
    status: 1,
  })
})

test('it runs what was built last, with its arguments', () => {
  mkdirSync(join(folder, 'checkout/dist/cli'), { recursive: true })
  writeFileSync(join(folder, 'checkout/dist/cli/main.js'), 'console.log(process.argv[2])\nprocess.exitCode = 3\n')
  expect(npx()).toEqual({ stdout: 'demo\n', stderr: '', status: 3 })
})

test('other commands of npm build', () => {
  const file = join(folder, 'checkout/package.json')
  const manifest = JSON.parse(readFileSync(file, 'utf8'))
  manifest.scripts.build = 'echo built'
  writeFileSync(file, JSON.stringify(manifest))
  const { stdout } = spawnSync('npm', ['run', 'prepare'], { cwd: join(folder, 'checkout'), encoding: 'utf8' })
  expect(stdout).toMatch(/^built$/m)
})
