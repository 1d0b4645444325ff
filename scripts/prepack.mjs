// SPDX-License-Identifier: GPL-2.0-only
//
// What the npm package contains beside sources, built afresh: dist, prebuilds/PLATFORM-ARCHITECTURE/hmmu.node. npm runs
// this at `npm pack` and `npm publish`. Prebuilt addons of other platforms that lie there already go along.
import { mkdirSync, rmSync } from 'node:fs'
import { root, run } from './run.mjs'

const folder = `${root}/prebuilds/${process.platform}-${process.arch}`

rmSync(`${root}/dist`, { recursive: true, force: true })
run('npm', ['run', 'build'])
run('npm', ['run', 'build:wasm'])

// The symbols stay, for profilers; what debuggers need is twelve times as large, and there after a build from source.
mkdirSync(folder, { recursive: true })
run('strip', ['--strip-debug', '-o', `${folder}/hmmu.node`, `${root}/build/Release/hmmu.node`])
