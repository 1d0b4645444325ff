// SPDX-License-Identifier: GPL-2.0-only
//
// Builds the addon so that each call is rolled back and made again (HMMU_SELFCHECK), and runs all drills: a rollback leaves a
// machine as it was, byte for byte, and the same call leads to the same state. What is wrong is a complaint of verify().
// Paths of drills choose some of them.
import { emulatorDrills, root, run } from '../lib/run.mjs'

const chosen = process.argv.slice(2)
run('npx', ['cmake-js', 'compile', '--out', 'build-selfcheck-addon', '--CDHMMU_SELFCHECK=ON', '--silent'])
run('node', ['dist/cli/main.js', 'drill', 'check', ...(chosen.length > 0 ? chosen : emulatorDrills), '--verify'], {
  env: { ...process.env, HMMU_BINDING: `${root}/build-selfcheck-addon/Release/hmmu.node` },
})
