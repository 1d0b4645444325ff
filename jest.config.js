// SPDX-License-Identifier: GPL-2.0-only

// Tests of the WebAssembly module want it built: `npm run test:wasm`.
const leftOut = process.env.HMMU_BACKEND === 'wasm' ? [] : ['<rootDir>/test/wasm/']

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
