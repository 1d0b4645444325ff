// SPDX-License-Identifier: GPL-2.0-only
//
// Builds the tests of native/kapi, with drivers and programs of Debian's kernel.
import { join, relative } from 'node:path'
import { compileCommand, missing } from '../../dist/kernel-driver/index.js'
import { needPackages } from '../lib/debian.mjs'
import { run } from '../lib/run.mjs'
import { unpackTree } from './tree.mjs'

const NOUVEAU = 'drivers/gpu/drm/nouveau'
/** Sources of drivers, as cmake/kapi-tests.cmake compiles them, and what belongs to them. */
const DRIVERS = [
  'lib/test_hmm.c',
  'mm/gup_test.c',
  `${NOUVEAU}/nouveau_dmem.c`,
  'drivers/gpu/drm/amd/amdkfd/kfd_migrate.c',
]
const BESIDES = [
  'lib/test_hmm_uapi.h',
  ...['drf', 'class/cl906f', 'class/cla0b5'].map((name) => `${NOUVEAU}/include/nvhw/${name}.h`),
  ...['class', 'if000a', 'if000c', 'if500b', 'if900b', 'push', 'push906f'].map(
    (name) => `${NOUVEAU}/include/nvif/${name}.h`,
  ),
]
/** Programs, and what belongs to them. */
const PROGRAMS = [
  'tools/testing/selftests/mm/hmm-tests.c',
  'tools/testing/selftests/kselftest_harness.h',
  'tools/testing/selftests/kselftest.h',
  'mm/gup_test.h',
]

/** Ends this process with a list if a driver needs what is not there. */
function checkDriver(build, tree, file) {
  const { compiler, flags, path } = compileCommand(build, file)
  const list = missing(path, compiler, flags)
  if (list.length === 0) return
  console.error(`${relative(tree, file)} needs what native/kapi does not have:`)
  for (const { line, text } of list) console.error(`${relative(tree, file)}:${line}: ${text}`)
  process.exit(1)
}

/** Builds all tests in a folder, which gets the part of the tree that they need. Ends this process if that fails. */
export function buildTests(build) {
  const tree = join(build, 'linux-6.12')
  needPackages(['cmake', 'gcc', 'make', 'libcmocka-dev'])
  unpackTree(tree, [...DRIVERS, ...BESIDES, ...PROGRAMS])
  run('cmake', ['-B', build, `-DHMMU_KERNEL_TREE=${tree}`, '-DHMMU_REQUIRE_CMOCKA=ON'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  for (const driver of DRIVERS) checkDriver(build, tree, join(tree, driver))
  run('cmake', ['--build', build, '--target', 'kapi_tests', '-j2'], { stdio: ['ignore', 'ignore', 'inherit'] })
}
