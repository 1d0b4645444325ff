// SPDX-License-Identifier: GPL-2.0-only
//
// Runs Jest with the core in WebAssembly: node scripts/jest-wasm.mjs [JEST-OPTION…]
import { run } from './run.mjs'

run('npx', ['jest', ...process.argv.slice(2)], { env: { ...process.env, HMMU_BACKEND: 'wasm' } })
