// SPDX-License-Identifier: GPL-2.0-only
//
// Makes the npm package, hmmu-VERSION.tgz: node scripts/package/build.mjs [OPTION-OF-NPM-PACK…]
//
// The package is put together in build-package, and packed there. It differs from the repository in this:
// * package.json has only what users need. npm takes `prepare` for a script that is to run where the package is used.
// * The command is dist/cli/main.js itself, not scripts/hmmu.mjs.
// * binding.gyp is native/binding.gyp. npm compiles each package that has one at its top level.
// * dist is built afresh, and prebuilds has an addon for each architecture, compiled from the sources in the package.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { needPackages } from '../lib/debian.mjs'
import { root, run, sourceFiles } from '../lib/run.mjs'

const folder = join(root, 'build-package')

/** The architectures that have a prebuilt addon: Node's name, and what the names of the compilers begin with. */
const ARCHITECTURES = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' }

const { scripts, devDependencies, overrides, gypfile, ...manifest } = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
)

/** Copies what package.json lists. Ignored files in the folders that it names stay behind. */
function copySources() {
  const listed = ['README.md', 'LICENSE', ...manifest.files]
  const isListed = (file) => listed.some((name) => file === name || file.startsWith(`${name}/`))
  rmSync(folder, { recursive: true, force: true })
  for (const file of sourceFiles().filter(isListed)) cpSync(join(root, file), join(folder, file))
  cpSync(join(root, 'binding.gyp'), join(folder, 'native/binding.gyp'))
  const packed = {
    ...manifest,
    bin: { hmmu: 'dist/cli/main.js' },
    scripts: { 'build:addon': 'node-gyp configure build --directory native' },
  }
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(packed, null, 2)}\n`)
}

function buildJavaScript() {
  rmSync(join(root, 'dist'), { recursive: true, force: true })
  run('npm', ['run', 'build:ts'])
  run('npm', ['run', 'build:wasm'])
  run('npm', ['run', 'build:web'])
  run('npm', ['run', 'site'])
  cpSync(join(root, 'dist'), join(folder, 'dist'), { recursive: true })
}

/** Compiles the addon for an architecture, by the script that users have for it. */
function prebuild(arch) {
  const tool = (name) => `${ARCHITECTURES[arch]}-${name}`
  const addon = join(folder, `prebuilds/linux-${arch}/hmmu.node`)
  const env = { ...process.env, CC: tool('gcc'), CXX: tool('g++'), JOBS: '2' }
  run('npm', ['run', 'build:addon', '--', `--arch=${arch}`], { cwd: folder, env })
  // The symbols stay, for profilers. Debug information is twelve times as large, and a build from source has it.
  mkdirSync(dirname(addon), { recursive: true })
  run(tool('strip'), ['--strip-debug', '-o', addon, join(folder, 'native/build/Release/hmmu.node')])
  rmSync(join(folder, 'native/build'), { recursive: true })
}

/** The Debian package of a compiler. A cross compiler's has the architecture in its name. */
const packageOf = (compiler, arch) =>
  arch === process.arch ? compiler : `${compiler}-${ARCHITECTURES[arch].replace('_', '-')}`

needPackages(Object.keys(ARCHITECTURES).flatMap((arch) => [packageOf('gcc', arch), packageOf('g++', arch)]))
copySources()
buildJavaScript()
for (const arch of Object.keys(ARCHITECTURES)) prebuild(arch)
run('npm', ['pack', '--pack-destination', root, ...process.argv.slice(2)], { cwd: folder })
