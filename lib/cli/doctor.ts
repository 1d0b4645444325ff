// SPDX-License-Identifier: GPL-2.0-only
//
// Prints which core was loaded, from where, and whether it works.

import { Command } from 'commander'
import { addonInfo, Machine, type Profile } from '../index'
import { ExitCode } from './exit-codes'
import { profileOption } from './options'
import { colorsFor, print } from './output'
import { plainTable } from './tables'
import { packageVersion } from './version'

interface Finding {
  readonly what: string
  readonly text: string | readonly string[]
  /** Undefined if the row is neither good nor bad. */
  readonly ok?: boolean
}

/** `hmmu doctor` */
export function doctorCommand(exit: (code: number) => void): Command {
  return new Command('doctor')
    .description('tell what was loaded from where, versions, profile and quirks, and check quickly that it works')
    .addOption(profileOption())
    .option('--json', 'print the findings as JSON')
    .action((options: { profile: Profile; json?: true }) => {
      const findings = [...versions(), ...machineFindings(options.profile)]
      show(findings, options.json === true)
      exit(findings.some((finding) => finding.ok === false) ? ExitCode.FAILED : ExitCode.OK)
    })
}

function show(findings: readonly Finding[], json: boolean): void {
  if (json) {
    print(`${JSON.stringify(findings, null, 2)}\n`)
    return
  }
  const colors = colorsFor(process.stdout)
  const mark = (ok: boolean | undefined) => (ok === undefined ? '' : ok ? colors.green('ok') : colors.red('FAILED'))
  const rows = findings.map(({ what, text, ok }) => {
    const lines = typeof text === 'string' ? text : text.join('\n')
    return [what, ok === undefined ? lines : `${mark(ok)}  ${lines}`]
  })
  print(`${plainTable(['what', 'found'], rows, colors)}\n`)
}

function versions(): Finding[] {
  const version = packageVersion()
  const matches = addonInfo.version === version
  const hint = matches ? '' : `, but the package is ${version}: rebuild the addon`
  return [
    { what: 'hmmu', text: version },
    { what: 'core', text: `${addonInfo.version}${hint}`, ok: matches },
    { what: 'addon', text: addonLines() },
    { what: 'node', text: `${process.version}, ${nodeApi()}${process.platform}-${process.arch}` },
  ]
}

/** The loaded backend; and if it is not the native addon, the reason. */
function addonLines(): string[] {
  const { backend, path, failures } = addonInfo
  if (backend === 'native') return [path, nativeOrigin(path)]
  const why = failures.length === 0 ? 'HMMU_BACKEND asks for it' : 'no native addon could be loaded:'
  return [path, `WebAssembly, slower than native; ${why}`, ...failures]
}

/** The origin of a native addon: prebuilt for one kind of machine, or built on this one. */
function nativeOrigin(path: string): string {
  const machine = /[\\/]prebuilds[\\/]([\w-]+)[\\/]hmmu\.node$/.exec(path)?.[1]
  if (machine !== undefined) return `prebuilt for ${machine}`
  return process.env.HMMU_BINDING ? 'HMMU_BINDING names it' : 'built from source'
}

function nodeApi(): string {
  if (addonInfo.napiVersion === undefined) return ''
  return `Node-API ${process.versions.napi} (the addon asks for ${addonInfo.napiVersion}), `
}

function machineFindings(profile: Profile): Finding[] {
  try {
    using machine = new Machine({ ramPages: 4096, devicePages: 16, profile })
    const { profile: name, quirks } = machine
    const texts = quirks.length === 0 ? ['none'] : quirks
    return [{ what: 'profile', text: name }, { what: 'quirks', text: texts }, ...selfChecks(machine)]
  } catch (error) {
    return [{ what: 'machine', text: (error as Error).message, ok: false }]
  }
}

/** A page to the device and back, and the balance afterwards. */
function selfChecks(machine: Machine): Finding[] {
  const process_ = machine.process()
  const page = process_.map({ pages: 1 })
  page.write(0, Uint8Array.of(0x5a))
  const { moved } = process_.migrate(page, { to: 'device' })
  const there = page.dump()[0]?.kind === 'dev'
  const [byte] = page.read(0, 1)
  const back = page.dump()[0]?.kind === 'sys'
  const complaints = machine.verify()
  return [
    { what: 'to the device', text: `${moved} of 1 page moved`, ok: moved === 1 && there },
    { what: 'and back', text: `by a fault, with its contents`, ok: back && byte === 0x5a },
    {
      what: 'balance',
      text: complaints.length === 0 ? 'no complaints' : complaints.join('; '),
      ok: complaints.length === 0,
    },
  ]
}
