// SPDX-License-Identifier: GPL-2.0-only

const wasm = process.env.HMMU_BACKEND === 'wasm'
// Tests of the WebAssembly module want it built: `npm run test:wasm`.
const leftOut = wasm ? [] : ['<rootDir>/test/wasm/']
// Tests of hmmu/web want it built, and a browser: `npm run test:web`.
if (!process.env.HMMU_WEB) leftOut.push('<rootDir>/test/web/')
// The models and the lists of mutants do not run the core, so they need no other build of it.
if (wasm || process.env.HMMU_BINDING) leftOut.push('<rootDir>/test/model/', '<rootDir>/test/mutants/')
// It plays each drill up to four times, and the module makes machines slowly; drills.test.ts plays each once.
if (wasm) leftOut.push('<rootDir>/test/conformance/quirks.test.ts')

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', ...leftOut],
  transform: { '^.+\\.ts$': ['ts-jest', { tsconfig: '<rootDir>/tsconfig.test.json' }] },
  testTimeout: 30_000,
  // Jest itself does little while its workers run; by default one CPU would be left to it.
  maxWorkers: '100%',
}
