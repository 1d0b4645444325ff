// SPDX-License-Identifier: GPL-2.0-only
//
// Puts faults into lib/test_hmm.c, one at a time, and looks which check or test notices each:
// node scripts/kapi/mutants.mjs [BUILD_FOLDER] [--only TEXT]
//
// The faults name functions and calls, and no text of the kernel. What the tests need is built if need be.
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { program } from 'commander'
import { compileCommand } from '../../dist/kernel-driver/index.js'
import { root } from '../lib/run.mjs'
import { buildTests } from './build.mjs'

program
  .argument('[folder]', 'the folder of the build (default: build-kapi)')
  .option('--only <text>', 'only those with this text in their names')
  .parse()
const { only } = program.opts()
const build = resolve(program.args[0] ?? join(root, 'build-kapi'))
buildTests(build)
const source = join(build, 'linux-6.12/lib/test_hmm.c')
const original = readFileSync(source, 'utf8')

/** Where a function's body begins and ends. Its name is first on a line, or behind its type. */
function bodyOf(name) {
  const head = new RegExp(`^(?:[a-z_][\\w ]*[ *])?${name}\\([^;]*?\\)\\n\\n?\\{$`, 'm').exec(original)
  if (!head) throw new Error(`there is no function ${name}`)
  const begin = head.index + head[0].length
  return [begin, original.indexOf('\n}', begin)]
}

/** The place of a call in a function: from its name to behind its last bracket. */
function callIn(name, callee, nth) {
  const [begin, end] = bodyOf(name)
  const pattern = new RegExp(`\\b${callee}\\(`, 'g')
  pattern.lastIndex = begin
  let match
  for (let i = 0; i < nth; i++) match = pattern.exec(original)
  if (!match || match.index > end) throw new Error(`${name}() has no call ${nth} of ${callee}()`)
  let depth = 1
  let at = match.index + match[0].length
  for (; depth > 0; at++) depth += original[at] === '(' ? 1 : original[at] === ')' ? -1 : 0
  return [match.index, at]
}

const replaced = (begin, end, text) => original.slice(0, begin) + text + original.slice(end)

/** The call is left out; its value, if anybody wants it, is 0. */
const drop = (name, callee, nth = 1) => ({
  name: `${name}: no ${callee}${nth > 1 ? ` (${nth})` : ''}`,
  text: () => replaced(...callIn(name, callee, nth), '(void)0'),
})
/** Its value is given instead. */
const value = (name, callee, result, nth = 1) => ({
  name: `${name}: ${callee} is ${result}`,
  text: () => replaced(...callIn(name, callee, nth), result),
})
/** The call is made twice. */
const twice = (name, callee, nth = 1) => ({
  name: `${name}: ${callee} twice`,
  text: () => {
    const [begin, end] = callIn(name, callee, nth)
    return replaced(begin, end, `${original.slice(begin, end)}; ${original.slice(begin, end)}`)
  },
})
/** A word becomes another one. */
const word = (name, from, to, nth = 1) => ({
  name: `${name}: ${from} is ${to}`,
  text: () => {
    const [begin, end] = bodyOf(name)
    const pattern = new RegExp(`\\b${from}\\b`, 'g')
    pattern.lastIndex = begin
    let match
    for (let i = 0; i < nth; i++) match = pattern.exec(original)
    if (!match || match.index > end) throw new Error(`${name}() has no word ${from}`)
    return replaced(match.index, match.index + from.length, to)
  },
})

const MUTANTS = [
  drop('dmirror_range_fault', 'mutex_lock'),
  drop('dmirror_range_fault', 'mutex_unlock', 2),
  twice('dmirror_range_fault', 'mmap_read_lock'),
  drop('dmirror_range_fault', 'mmap_read_unlock'),
  drop('dmirror_range_fault', 'mmap_read_lock'),
  word('dmirror_range_fault', 'mutex_lock', 'mutex_trylock'),
  value('dmirror_range_fault', 'mmu_interval_read_begin', '0'),
  word('dmirror_do_fault', 'GFP_ATOMIC', 'GFP_KERNEL'),
  drop('dmirror_fault', 'mmput'),
  drop('dmirror_migrate_to_device', 'mmput'),
  drop('dmirror_migrate_to_device', 'mmap_read_unlock'),
  drop('dmirror_migrate_to_device', 'migrate_vma_pages'),
  drop('dmirror_migrate_to_device', 'migrate_vma_finalize'),
  drop('dmirror_migrate_to_device', 'dmirror_migrate_finalize_and_map'),
  drop('dmirror_migrate_to_device', 'dmirror_bounce_fini'),
  drop('dmirror_migrate_to_system', 'mmput'),
  twice('dmirror_migrate_to_system', 'mmput'),
  drop('dmirror_migrate_to_system', 'migrate_vma_finalize'),
  drop('dmirror_migrate_to_system', 'migrate_vma_pages'),
  word('dmirror_migrate_to_device', 'MIGRATE_VMA_SELECT_SYSTEM', 'MIGRATE_VMA_SELECT_DEVICE_PRIVATE'),
  drop('dmirror_migrate_alloc_and_copy', 'copy_highpage'),
  drop('dmirror_migrate_alloc_and_copy', 'clear_highpage'),
  drop('dmirror_devmem_alloc_page', 'zone_device_page_init'),
  drop('dmirror_devmem_alloc_page', 'spin_lock'),
  drop('dmirror_devmem_alloc_page', 'spin_unlock'),
  drop('dmirror_devmem_alloc_page', 'spin_unlock', 2),
  drop('dmirror_devmem_free', '__free_page'),
  twice('dmirror_devmem_free', '__free_page'),
  drop('dmirror_devmem_free', 'spin_unlock'),
  word('dmirror_devmem_free', 'spin_lock', 'spin_unlock'),
  drop('dmirror_devmem_fault_alloc_and_copy', 'lock_page'),
  drop('dmirror_devmem_fault_alloc_and_copy', 'xa_erase'),
  drop('dmirror_devmem_fault_alloc_and_copy', 'copy_highpage'),
  word('dmirror_devmem_fault_alloc_and_copy', 'BACKING_PAGE', ''),
  drop('dmirror_devmem_fault', 'migrate_vma_finalize'),
  drop('dmirror_devmem_fault', 'migrate_vma_pages'),
  value('dmirror_devmem_fault', 'dmirror_devmem_fault_alloc_and_copy', '0'),
  drop('dmirror_device_evict_chunk', 'lock_page'),
  word('dmirror_device_evict_chunk', 'kvcalloc', 'kvmalloc_array', 2),
  drop('dmirror_device_evict_chunk', 'copy_highpage'),
  drop('dmirror_device_evict_chunk', 'migrate_device_finalize'),
  drop('dmirror_device_evict_chunk', 'migrate_device_pages'),
  drop('dmirror_device_evict_chunk', 'kvfree'),
  word('dmirror_device_evict_chunk', 'kvfree', 'kfree'),
  drop('dmirror_exclusive', 'unlock_page'),
  drop('dmirror_exclusive', 'put_page'),
  twice('dmirror_exclusive', 'put_page'),
  drop('dmirror_exclusive', 'mmap_read_unlock', 2),
  drop('dmirror_do_update', 'xa_erase'),
  drop('dmirror_interval_invalidate', 'mutex_lock'),
  drop('dmirror_interval_invalidate', 'mmu_interval_set_seq'),
  drop('dmirror_interval_invalidate', 'dmirror_do_update'),
  drop('dmirror_interval_invalidate', 'mutex_unlock'),
  value('dmirror_interval_invalidate', 'mmu_notifier_range_blockable', '1'),
  drop('dmirror_range_snapshot', 'mmu_interval_notifier_remove'),
  value('dmirror_range_snapshot', 'mmu_interval_read_retry', '0'),
  drop('dmirror_range_snapshot', 'mutex_lock'),
  value('dmirror_range_fault', 'mmu_interval_read_retry', '0'),
  drop('dmirror_fops_release', 'mmu_interval_notifier_remove'),
  drop('dmirror_fops_release', 'xa_destroy'),
  drop('dmirror_fops_release', 'kfree'),
  drop('dmirror_fops_release', 'dmirror_device_evict_chunk'),
  drop('dmirror_fops_open', 'mutex_init'),
  drop('dmirror_device_remove_chunks', 'memunmap_pages'),
  drop('dmirror_device_remove_chunks', 'release_mem_region'),
  drop('dmirror_device_remove_chunks', 'dmirror_device_evict_chunk'),
  drop('dmirror_device_remove_chunks', 'dmirror_remove_free_pages'),
  drop('dmirror_device_remove_chunks', 'kfree'),
  drop('dmirror_device_remove', 'cdev_device_del'),
  drop('hmm_dmirror_exit', 'unregister_chrdev_region'),
  drop('dmirror_allocate_chunk', 'mutex_unlock'),
  drop('dmirror_allocate_chunk', 'spin_unlock'),
  drop('dmirror_bounce_fini', 'vfree'),
  drop('dmirror_atomic_map', 'mutex_unlock', 2),
]

/** Links a test of the driver with its object replaced. */
function linked(test, object) {
  const link = readFileSync(join(build, `CMakeFiles/${test}.dir/link.txt`), 'utf8')
  const words = link
    .replaceAll('"', '')
    .split(/\s+/)
    .filter((part) => part)
    .map((part) => (part.endsWith('lib/test_hmm.c.o') ? object : part === test ? join(build, 'mutant') : part))
  const { status, stderr } = spawnSync(words[0], words.slice(1), { cwd: build, encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  return join(build, 'mutant')
}

/** Runs a test. Returns which checks, or what else, notice something. */
function noticedByTest(test, object) {
  const { status, signal, stdout, stderr } = spawnSync(linked(test, object), [], { encoding: 'utf8', timeout: 60000 })
  if (status === 0) return
  const lines = [...`${stdout}${stderr}`.matchAll(/^(?:report: )?\S+?:\d+: .*\[([\w-]+)\]$/gm)]
  const checks = new Set(lines.map(([, check]) => check))
  if (checks.size > 0) return [...checks].join(', ')
  if (!signal) return 'the test'
  return signal === 'SIGTERM' ? 'no end' : signal
}

/** Compiles the driver with a fault, and runs its tests until one notices it. Returns who does. */
function noticedBy(text) {
  const file = join(build, 'mutant.c')
  const object = join(build, 'mutant.o')
  const { compiler, flags } = compileCommand(build, source)
  writeFileSync(file, text)
  const args = [...flags, '-Wno-error', `-I${join(build, 'linux-6.12/lib')}`, '-o', object, '-c', file]
  const { status, stderr } = spawnSync(compiler, args, { encoding: 'utf8' })
  if (status !== 0) return 'the compiler'
  for (const test of ['test_driver_test_hmm', 'test_driver_test_hmm_failures']) {
    const by = noticedByTest(test, object)
    if (by) return by
  }
  return /\[(-Wunused-result)\]/.exec(stderr)?.[1]
}

const mutants = MUTANTS.filter(({ name }) => !only || name.includes(only))
const seen = mutants.filter(({ name, text }) => {
  const by = noticedBy(text())
  console.log(`${by ? 'noticed  ' : 'UNNOTICED'} ${name}${by ? `: ${by}` : ''}`)
  return by
})
console.log(`${seen.length} of ${mutants.length} are noticed`)
process.exitCode = seen.length * 10 >= mutants.length * 9 ? 0 : 1
