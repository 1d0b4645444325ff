// SPDX-License-Identifier: GPL-2.0-only
//
// The folders of builds in the user's cache. The newest are kept.

import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'

/** The top folder of the package, or of a checkout. */
export const PACKAGE = join(__dirname, '../..')

/** A driver takes some MB, a runtime 20. */
const MOST = { driver: 20, runtime: 4 } as const

type Kind = keyof typeof MOST

/** The folder for what is built once: of the user. The XDG specification ignores relative paths. */
function cache(): string {
  const home = process.env.XDG_CACHE_HOME ?? ''
  return join(isAbsolute(home) ? home : join(homedir(), '.cache'), 'hmmu')
}

const hash = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 16)

/** The folder of a build of this installation of hmmu. @param key tells it from others */
export function cacheFolder(kind: Kind, key = ''): string {
  const installation = kind === 'driver' ? readFileSync(join(PACKAGE, 'package.json'), 'utf8') : ''
  return join(cache(), `${kind}-${hash(JSON.stringify([PACKAGE, installation, key]))}`)
}

/** Notes that a folder of {@link cacheFolder} is used, and removes those that were not for the longest time. */
export function used(folder: string): void {
  const now = new Date()
  utimesSync(folder, now, now)
  for (const kind of Object.keys(MOST) as Kind[]) removeOldest(kind)
}

function removeOldest(kind: Kind): void {
  const folders = readdirSync(cache())
    .filter((name) => name.startsWith(`${kind}-`))
    .map((name) => join(cache(), name))
    .map((folder) => ({ folder, time: statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((a, b) => b.time - a.time)
  for (const { folder } of folders.slice(MOST[kind])) if (!existsSync(join(folder, 'lock'))) remove(folder)
}

function remove(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true })
  } catch {
    // What can't be removed stays: the build is there.
  }
}
