// SPDX-License-Identifier: GPL-2.0-only
//
// What belongs into the npm package, and what must not be in it.
import { existsSync, readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname } from 'node:path'
import { root } from './run.mjs'

/** What each file has to be one of. */
const ALLOWED = [
  /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|CMakeLists\.txt|binding\.gyp)$/,
  /^docs\/[\w-]+\.(md|svg)$/,
  /^cmake\/[\w.-]+$/,
  /^native\/include\/hmmu\/\w+\.h$/,
  /^native\/core\/\w+\.[ch]$/,
  /^native\/addon\/\w+\.(cc|h)$/,
  /^prebuilds\/\w+-\w+\/hmmu\.node$/,
  /^dist\/([\w-]+\/)*[\w.-]+\.(js|mjs|d\.ts|d\.mts|wasm)$/,
  /^dist\/([\w-]+\/)*[\w.-]+\.(js|mjs)\.map$/,
]

const REQUIRED = [
  'LICENSE',
  'README.md',
  'dist/index.js',
  'dist/index.mjs',
  'dist/index.d.ts',
  'dist/index.d.mts',
  'dist/jest/index.js',
  'dist/cli/main.js',
  'dist/hmmu.wasm',
  'native/include/hmmu/hmmu.h',
  'native/core/migrate.c',
  `prebuilds/${process.platform}-${process.arch}/hmmu.node`,
]

const MOST_BYTES = 8 * 2 ** 20

/**
 * All that is wrong with the contents of a package.
 * @param folder the package, unpacked
 * @param files its files, relative to the folder
 */
export function complaintsAbout(folder, files) {
  const size = files.reduce((sum, file) => sum + statSync(`${folder}/${file}`).size, 0)
  return [
    ...REQUIRED.filter((file) => !files.includes(file)).map((file) => `${file} is missing`),
    ...files
      .filter((file) => !ALLOWED.some((pattern) => pattern.test(file)))
      .map((file) => `${file} has no place there`),
    ...files.filter(isStale).map((file) => `${file} has no source`),
    ...files.flatMap((file) => pathsIn(folder, file)),
    ...(size > MOST_BYTES ? [`${size} bytes unpacked, at most ${MOST_BYTES} are allowed`] : []),
  ]
}

/** Compiled from something that is gone. */
function isStale(file) {
  const source = /^dist\/(.*?)(?:\.d)?\.(m?)[jt]s(?:\.map)?$/.exec(file)
  return source !== null && !existsSync(`${root}/lib/${source[1]}.${source[2]}ts`)
}

/** Paths of the machine at hand in a file, be it text or not. */
function pathsIn(folder, file) {
  const text = readFileSync(`${folder}/${file}`, 'latin1')
  const own = [root, dirname(root), homedir()].filter((path) => path !== '/' && path !== '/tmp')
  const found = own.find((path) => text.includes(`${path}/`)) ?? /\/(?:home|root|Users)\/[\w.-]+/.exec(text)?.[0]
  return found === undefined ? [] : [`${file} has a path of a machine: ${found}`]
}
