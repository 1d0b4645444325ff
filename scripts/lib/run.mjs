// SPDX-License-Identifier: GPL-2.0-only
//
// Functions that several scripts use.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The repository's top folder. */
export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')

const conformance = `${root}/test/conformance`
/** Commands of a migration, and what only a migration shows. */
const MIGRATION = /^\s*(@\w+ )?(\w+ (migrate|mirror|exclusive)|evict) /m

/** The drills of Linux 6.12 that the emulator has to pass: those of its memory model, without a migration. */
function memoryDrills() {
  const folder = `${conformance}/linux-6.12`
  const drills = readdirSync(folder).filter((name) => name.endsWith('.drill'))
  return [
    ...drills.map((name) => `${folder}/${name}`).filter((file) => !MIGRATION.test(readFileSync(file, 'utf8'))),
    `${folder}/memory.drills.gz`,
  ]
}

/** The drills that the emulator has to pass, folders and files. */
export const emulatorDrills = [
  ...[
    'linux-4.14',
    'derived',
    'linux-6.12-userfaultfd',
    'linux-6.12-calls',
    'linux-6.12-exclusive',
    'linux-6.12-memory',
  ].map((name) => `${conformance}/${name}`),
  ...memoryDrills(),
]

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
