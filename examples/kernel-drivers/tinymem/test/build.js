// SPDX-License-Identifier: GPL-2.0-only
//
// Before all tests Jest builds the driver, or what has changed of it. For a driver of a kernel's tree, add `--kernel TREE`.
const { execFileSync } = require('node:child_process')
const { join } = require('node:path')

module.exports = () => {
  const folder = join(__dirname, '..')
  const command = ['hmmu', 'driver', 'build', 'driver/tinymem.c', '--out', 'build']
  execFileSync('npx', command, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
}
