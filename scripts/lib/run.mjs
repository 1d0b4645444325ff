// SPDX-License-Identifier: GPL-2.0-only
//
// Functions that several scripts use.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The repository's top folder. */
export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')

/** The folders whose drills the emulator has to pass. */
export const drillFolders = ['linux-4.14', 'derived'].map((name) => `${root}/test/conformance/${name}`)

/** Runs a command in the repository's top folder and shows its output. Ends this process if the command fails. */
export function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options })
  if (error) console.error(`${command}: ${error.message}`)
  if (status !== 0) process.exit(status ?? 1)
}

/** The files under version control or about to be (not ignored), relative to the top folder. */
export function sourceFiles() {
  const output = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  })
  return output.split('\0').filter((file) => file !== '' && existsSync(`${root}/${file}`))
}
