// SPDX-License-Identifier: GPL-2.0-only
//
// Projects in a temporary folder that use the npm package, and the versions of Node.js that they run with.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { output } from '../lib/output.mjs'
import { root } from '../lib/run.mjs'

/** The packed package, which test.mjs made. */
export const tarball = process.env.HMMU_TARBALL
if (tarball === undefined) throw new Error('npm run test:package makes the package, and runs these tests')

/** Each file of tests has a folder of its own, because they run at the same time. */
export const temporary = mkdtempSync(join(dirname(tarball), 'projects-'))

/** What the projects in test/package print when all is well. */
export const ROUND_TRIP = '{"moved":1,"there":"dev","byte":90,"complaints":[]}'

/** The supported versions of Node.js. */
export const NODES = ['20.20.2', '22.23.3', '24.21.0', '26.12.1']

/** The version of a package that this repository uses: npm has it in its cache. */
export function withVersion(name) {
  const { version } = JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8'))
  return `${name}@${version}`
}

/** Installs packages by the npm at hand, without their scripts. */
export const install = (cwd, packages, options = []) =>
  output(
    'npm',
    ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', ...options, ...packages],
    {
      cwd,
    },
  )

/** An empty project. */
export function emptyProject(name) {
  const folder = join(temporary, name)
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true }))
  return folder
}

/** A copy of a folder of test/package as a project of its own, without packages yet. */
export function copiedProject(source, name = source) {
  const folder = emptyProject(name)
  cpSync(join(root, 'test/package', source), folder, { recursive: true })
  return folder
}

/** The folder of a package that is installed by itself, from npm. */
export function tool(name, version, options = []) {
  const id = `${name}-${version}`
  const folder = join(temporary, id, 'node_modules', name)
  if (!existsSync(folder)) install(emptyProject(id), [`${name}@${version}`], options)
  return folder
}

/** The executable of a version of Node.js, which comes from npm unless it runs this. */
export function nodeOf(version) {
  if (process.versions.node === version) return process.execPath
  return join(tool(`node-${process.platform}-${process.arch}`, version), 'bin/node')
}
