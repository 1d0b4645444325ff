// SPDX-License-Identifier: GPL-2.0-only
//
// The command as users start it: the built one, in a process of its own, in a folder of its own.

import { type SpawnSyncOptions, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const MAIN = join(__dirname, '../../dist/cli/main.js')

let folder: string

/** Gives every test of a file a folder that is empty. */
export function useFolder(): void {
  beforeAll(() => {
    if (!existsSync(MAIN)) throw new Error('the command is not built: npm run build:ts')
  })
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'hmmu-cli-'))
  })
  afterEach(() => {
    rmSync(folder, { recursive: true })
  })
}

/** The path of a file in the folder. */
export function at(name: string): string {
  return join(folder, name)
}

export function put(name: string, content: string | Buffer): string {
  writeFileSync(at(name), content)
  return name
}

/** Run the command in the folder. */
export function hmmu(...args: string[]) {
  return hmmuWith({}, ...args)
}

/** As {@link hmmu}, with an input, an environment or a user. */
export function hmmuWith({ env, ...options }: SpawnSyncOptions, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    ...options,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    cwd: folder,
  })
  return { status, stdout, stderr }
}

/** Run a line of the shell in the folder; $HMMU is the command. */
export function shell(line: string) {
  const env = { ...process.env, HMMU: `${process.execPath} ${MAIN}` }
  const { status, stdout, stderr } = spawnSync('bash', ['-c', line], { encoding: 'utf8', cwd: folder, env })
  return { status, stdout, stderr }
}
