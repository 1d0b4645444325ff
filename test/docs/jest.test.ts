// SPDX-License-Identifier: GPL-2.0-only
//
// Runs the tests that documents show (```ts jest) as a user would, by a Jest of their own with the built package. A
// test that is followed by output fails with that message; all others pass.

import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { blocksIn, ROOT, shows } from './blocks'

/** A folder within the package, so that 'hmmu' is this package. */
const FOLDER = join(ROOT, 'build-docs-jest')

/** Where failing matchers write records; documents show it as that of the first user. */
const RECORDS = join(tmpdir(), `hmmu-jest-${process.getuid?.()}`)

const config = {
  rootDir: FOLDER,
  testEnvironment: 'node',
  setupFilesAfterEnv: ['hmmu/jest'],
  transform: { '^.+\\.ts$': ['ts-jest', { tsconfig: join(FOLDER, 'tsconfig.json') }] },
}

const tsconfig = {
  compilerOptions: {
    strict: true,
    target: 'ES2022',
    lib: ['ES2022', 'ESNext.Disposable'],
    module: 'CommonJS',
    moduleResolution: 'Bundler',
    types: ['node', 'jest'],
    esModuleInterop: true,
    isolatedModules: false,
  },
}

interface Report {
  readonly testResults: readonly {
    readonly name: string
    readonly message: string
    readonly assertionResults: readonly { readonly status: string; readonly failureMessages: readonly string[] }[]
  }[]
}

const blocks = blocksIn('ts jest')
const fileOf = (index: number) => join(FOLDER, `example-${index}.test.ts`)
let report: Report

beforeAll(() => {
  rmSync(FOLDER, { recursive: true, force: true })
  mkdirSync(FOLDER)
  writeFileSync(join(FOLDER, 'jest.config.json'), JSON.stringify(config))
  writeFileSync(join(FOLDER, 'tsconfig.json'), JSON.stringify(tsconfig))
  blocks.forEach(({ code }, i) => {
    writeFileSync(fileOf(i), code)
  })
  const jest = join(ROOT, 'node_modules/jest/bin/jest.js')
  const options = ['--config', join(FOLDER, 'jest.config.json'), '--json', '--no-color', '--runInBand']
  const { stdout, stderr } = spawnSync(process.execPath, [jest, ...options], { cwd: FOLDER, encoding: 'utf8' })
  if (!stdout.startsWith('{')) throw new Error(stderr)
  report = JSON.parse(stdout) as Report
}, 120_000)

test.each(blocks.map(({ place, output }, i) => ({ place, output, file: fileOf(i) })))('$place', ({ output, file }) => {
  const result = report.testResults.find(({ name }) => name === file)
  const tests = result?.assertionResults ?? []
  // A file that does not compile has a message and no tests.
  if (tests.length === 0) throw new Error(result?.message ?? 'it was not run')
  const messages = tests.flatMap(({ failureMessages }) => failureMessages).map(withoutStack)
  if (output === undefined) expect(messages).toEqual([])
  else if (!shows(output, messages.join('\n'))) expect(messages.join('\n')).toBe(output)
})

function withoutStack(message: string): string {
  const text = stripVTControlCharacters(message).replace(/^(\w*Error): /, '')
  return `${text
    .replace(/\n {4}at [\s\S]*$/, '')
    .replaceAll(RECORDS, '/tmp/hmmu-jest-1000')
    .trimEnd()}\n`
}
