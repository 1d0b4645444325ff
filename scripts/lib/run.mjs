// SPDX-License-Identifier: GPL-2.0-only
//
// Functions that several scripts use.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The repository's top folder. */
export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')

const conformance = `${root}/test/conformance`
/** The drills that the emulator has to pass, folders and files. */
export const emulatorDrills = [
  'linux-4.14',
  'derived',
  'linux-6.12',
  'linux-6.12-userfaultfd',
  'linux-6.12-calls',
  'linux-6.12-exclusive',
  'linux-6.12-memory',
  'linux-6.12-more',
].map((name) => `${conformance}/${name}`)

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
