// SPDX-License-Identifier: GPL-2.0-only
//
// Debian packages that some scripts need.
import { spawnSync } from 'node:child_process'

const installed = (name) => spawnSync('dpkg', ['-s', name], { stdio: 'ignore' }).status === 0

/** Ends this process, and names the packages that are missing, unless all are installed. Only .ci installs packages. */
export function needPackages(names) {
  const missing = names.filter((name) => !installed(name))
  if (missing.length === 0) return
  console.error(`Debian packages are missing: apt-get install ${missing.join(' ')}`)
  process.exit(1)
}
