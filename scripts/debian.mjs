// SPDX-License-Identifier: GPL-2.0-only
//
// Debian packages that some scripts need.
import { spawnSync } from 'node:child_process'

const installed = (name) => spawnSync('dpkg', ['-s', name], { stdio: 'ignore' }).status === 0

/**
 * Sees to it that packages are there; installs them where that is allowed. Says what is missing, and returns false,
 * elsewhere.
 */
export function needPackages(names) {
  const missing = names.filter((name) => !installed(name))
  if (missing.length === 0) return true
  if (process.getuid?.() === 0) {
    console.log(`installing ${missing.join(' ')}`)
    const options = {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    }
    spawnSync('apt-get', ['update', '-qq'], options)
    const { status } = spawnSync('apt-get', ['install', '-qq', '-y', '--no-install-recommends', ...missing], options)
    if (status === 0) return true
  }
  console.error(`missing: apt-get install ${missing.join(' ')}`)
  return false
}
