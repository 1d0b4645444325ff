// SPDX-License-Identifier: GPL-2.0-only
//
// Runs Jest against the addon that cmake-js built: node scripts/jest-cmake.mjs [JEST-OPTION…]
import { existsSync } from 'node:fs'
import { root, run } from './run.mjs'

const binding = `${root}/build-cmake/Release/hmmu.node`
if (!existsSync(binding)) {
  console.error(`${binding} is not there: run \`npm run build:cmake\` first`)
  process.exit(1)
}
run('npx', ['jest', ...process.argv.slice(2)], { env: { ...process.env, HMMU_BINDING: binding } })
