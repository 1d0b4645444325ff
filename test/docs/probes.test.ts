// SPDX-License-Identifier: GPL-2.0-only
//
// The addon has the probes and symbols that docs/profiling.md promises.

import { execFileSync, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { addonInfo } from '../../lib'

const ROOT = join(__dirname, '../..')
const DOCUMENT = readFileSync(join(ROOT, 'docs/profiling.md'), 'utf8')

const output = (command: string, args: string[]) =>
  execFileSync(command, args, { encoding: 'utf8', maxBuffer: 2 ** 26 })

/** Probes of the document's table: name and number of arguments. */
function documented(): string[] {
  const table = /<!-- table HMMU_PROBES -->([\s\S]*?)<!-- end -->/.exec(DOCUMENT)?.[1] ?? ''
  const rows = [...table.matchAll(/^\| `(\w+)` \| ([^|]*) \|/gm)]
  return rows.map(([, name, args = '']) => `${name} ${args.split(',').length}`).sort()
}

/** Probes of the addon: name and number of arguments. */
function built(): string[] {
  const notes = output('readelf', ['-n', addonInfo.path])
  const found = [...notes.matchAll(/Provider: hmmu\n\s*Name: (\w+)\n.*\n\s*Arguments: (.*)/g)]
  return [...new Set(found.map(([, name, args = '']) => `${name} ${args.trim().split(/\s+(?=-?\d+@)/).length}`))].sort()
}

/** WebAssembly has neither probes nor symbols. */
const native = addonInfo.backend === 'native'

/** Whether the compiler finds <sys/sdt.h>, without which there are no probes. */
function headerIsThere(): boolean {
  const input = '#include <sys/sdt.h>\n'
  return spawnSync(process.env.CC ?? 'cc', ['-E', '-x', 'c', '-'], { input, stdio: 'pipe' }).status === 0
}

describe('probes', () => {
  const withHeader = native && headerIsThere() ? test : test.skip

  withHeader('of the document are those in the addon, with as many arguments', () => {
    expect(documented().length).toBeGreaterThan(15)
    expect(built()).toEqual(documented())
  })

  test('of the document are those in the sources', () => {
    const core = join(ROOT, 'native/core')
    const sources = readdirSync(core, { encoding: 'utf8', recursive: true }).filter(
      (file) => /[.][ch]$/.test(file) && file !== 'host/probe.h',
    )
    const uses = sources.flatMap((file) => [...readFileSync(join(core, file), 'utf8').matchAll(/\bprobe\((\w+),/g)])
    const names = new Set(documented().map((line) => line.split(' ')[0]))
    expect(new Set(uses.map(([, name]) => name))).toEqual(names)
  })
})

const onNative = native ? test : test.skip
onNative('the addon has debugging information and frame pointers', () => {
  expect(output('readelf', ['-SW', addonInfo.path])).toContain('.debug_info')
  if (process.arch !== 'x64') return
  const code = output('objdump', ['-d', '--no-show-raw-insn', '--disassemble=migrate_vma_prepare', addonInfo.path])
  expect(code).toMatch(/push +%rbp[\s\S]*mov +%rsp,%rbp/)
})
