// SPDX-License-Identifier: GPL-2.0-only
//
// Removes all build results.
import { readdirSync, rmSync } from 'node:fs'
import { root } from './lib/run.mjs'

for (const name of readdirSync(root)) {
  if (/^(build|build-.*|dist|prebuilds|coverage)$/.test(name)) rmSync(`${root}/${name}`, { recursive: true })
}
