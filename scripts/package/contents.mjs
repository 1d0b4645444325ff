// SPDX-License-Identifier: GPL-2.0-only
//
// What belongs into the npm package, and what must not be in it.
import { existsSync, readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { root } from '../lib/run.mjs'

/** What each file has to be one of. */
const ALLOWED = [
  /^(package\.json|README\.md|LICENSE|ARCHITECTURE\.md|CONTRIBUTING\.md|CHANGELOG\.md|CMakeLists\.txt|native\/binding\.gyp)$/,
  /^docs\/[\w-]+\.(md|svg|webp)$/,
  /^examples\/([\w-]+\/)*[\w.-]+\.(md|drill|expected|ioctl|ts|js|json|c|h|py|rs|toml|txt|lock)$/,
  /^examples\/c\/Makefile$/,
  /^cmake\/(driver\/)?[\w.-]+$/,
  /^native\/include\/hmmu\/\w+\.h$/,
  /^native\/core\/\w+\/\w+\.[ch]$/,
  /^native\/addon\/\w+\.(cc|h)$/,
  /^native\/kapi\/(?!test\/)(\w+\/)*\w+(-\w+)*\.[ch]$/,
  /^prebuilds\/\w+-\w+\/hmmu\.node$/,
  /^dist\/([\w-]+\/)*[\w.-]+\.(js|mjs|d\.ts|d\.mts|wasm)$/,
  /^dist\/([\w-]+\/)*[\w.-]+\.(js|mjs)\.map$/,
  /^dist\/site\/([\w-]+\/)*[\w.-]+\.(html|css)$/,
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
  'dist/site/index.html',
  'dist/web/hmmu.mjs',
  'native/include/hmmu/hmmu.h',
  'native/include/hmmu/hmmu_driver.h',
  'native/include/hmmu/hmmu_explore.h',
  'native/include/hmmu/hmmu_look.h',
  'native/include/hmmu/hmmu_mirror.h',
  'native/core/migrate/migrate.c',
  'native/kapi/kapi.h',
  'native/kapi/include/linux/migrate.h',
  'cmake/hmmuDrivers.cmake',
  'native/binding.gyp',
  'prebuilds/linux-x64/hmmu.node',
  'prebuilds/linux-arm64/hmmu.node',
]

const MOST_BYTES = 12.25 * 2 ** 20

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
    ...files.flatMap((file) => deadLinks(folder, file)),
    ...superfluousFields(folder),
    ...(size > MOST_BYTES ? [`${size} bytes unpacked, at most ${MOST_BYTES} are allowed`] : []),
  ]
}

/** Compiled from something that is gone. */
function isStale(file) {
  // Bundles: all of hmmu/web in one file, and the page.
  if (file === 'dist/web/hmmu.mjs' || file.startsWith('dist/site/')) return false
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

/** Relative links of a document to files that are not in the package. */
function deadLinks(folder, file) {
  if (!file.endsWith('.md')) return []
  const links = [...readFileSync(join(folder, file), 'utf8').matchAll(/\]\(([^)\s#]+)/g)].map(([, link]) => link)
  return links
    .filter((link) => !/^[a-z]+:/.test(link) && !existsSync(join(folder, dirname(file), link)))
    .map((link) => `${file} has a dead link: ${link}`)
}

/** Fields of package.json that are of the repository, and scripts that a client could want to run. */
function superfluousFields(folder) {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const fields = ['devDependencies', 'overrides', 'gypfile', 'os'].filter((field) => field in manifest)
  const scripts = Object.keys(manifest.scripts).filter((script) => script !== 'build:addon')
  return [...fields, ...scripts].map((name) => `package.json has ${name}`)
}
