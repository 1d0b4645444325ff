// SPDX-License-Identifier: GPL-2.0-only
//
// Builds a driver from its own source, with cmake, as users of the CMake functions do.

import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { cacheFolder, PACKAGE, used } from './cache'
import { compileCommand } from './command'
import { KernelDriverError } from './errors'
import { withFolder } from './lock'
import { type Missing, missing, once, undefinedIn } from './missing'
import { needTools, runTool } from './tools'
import { kernelTree, safePath, shownPath, sourcePath } from './tree'

/** What is built, and how. Paths are relative to the current folder. */
export interface DriverOptions {
  /**
   * Sources of drivers: paths in the tree, or in the current folder. Each further source with a module_init() begins another
   * module. A module has the name of its first source.
   */
  readonly sources: readonly string[]
  /** The tree of Linux, or a part of it. */
  readonly kernel?: string
  /** Sources of a user program that runs unmodified in emulated memory. */
  readonly program?: readonly string[]
  /** The folder of the build; by default one in the user's cache for each driver. */
  readonly out?: string
  /** Folders of headers of the driver's own, or that stand for its surroundings: they come before those beside a source. */
  readonly include?: readonly string[]
  /** Flags for the compiler of the driver: words, separated by spaces. */
  readonly cflags?: readonly string[]
  /** Sanitizers, such as `address,undefined`. */
  readonly sanitize?: string
  /** Count executed lines. */
  readonly coverage?: boolean
  /** Hears what takes long. */
  readonly onProgress?: (text: string) => void
}

/** A driver that was built. */
export interface BuiltDriver {
  readonly folder: string
  /** The program that runs scripts. */
  readonly runner: string
  /** The user program with the driver; undefined without one. */
  readonly program: string | undefined
  /** The shared library for `machine.loadDriver()`; undefined with sanitizers. */
  readonly module: string | undefined
  /** Absolute paths. */
  readonly sources: readonly string[]
  readonly tree: string | undefined
  /** What the compiler has warned of. */
  readonly warnings: string
}

/** Builds a driver, or what has changed of it. @throws KernelDriverError */
export function buildDriver(options: DriverOptions): BuiltDriver {
  const tree = options.kernel === undefined ? undefined : kernelTree(options.kernel)
  const sources = options.sources.map((file) => sourcePath(file, tree))
  const program = (options.program ?? []).map((file) => sourcePath(file, tree))
  checkOptions(options, program)
  needTools()
  const variables = variablesOf(options, tree, sources, program)
  const folder = safePath(options.out ?? cacheFolder('driver', JSON.stringify(variables)))
  const prefix = buildRuntime(options.onProgress ?? (() => {}))
  const warnings = withFolder(folder, () => buildIn(folder, prefix, variables, sources, tree))
  if (options.out === undefined) used(folder)
  used(dirname(prefix))
  const at = (name: string) => join(folder, name)
  return {
    folder,
    runner: at('run_driver'),
    program: program.length > 0 ? at('program') : undefined,
    module: options.sanitize === undefined ? at(`${moduleName(sources)}.so`) : undefined,
    sources,
    tree,
    warnings,
  }
}

function checkOptions({ sanitize, cflags = [] }: DriverOptions, program: readonly string[]): void {
  if (sanitize !== undefined && program.length > 0)
    throw new KernelDriverError('HMMU_DRIVER_TOOL', 'a program in emulated memory does not run with sanitizers')
  if (sanitize !== undefined && !/^[a-z-]+(,[a-z-]+)*$/.test(sanitize))
    throw new KernelDriverError('HMMU_DRIVER_FILE', `'${sanitize}' is no list of sanitizers, such as address,undefined`)
  const unsafe = cflags.find((flags) => /[;"'`$\\\n]/.test(flags))
  if (unsafe !== undefined)
    throw new KernelDriverError('HMMU_DRIVER_FILE', `'${unsafe}': flags with quotes or semicolons are not allowed`)
}

const moduleName = ([first = '']: readonly string[]) => basename(first).replace(/\.c$/, '').replace(/\W/g, '_')

/** A source with this begins a module. */
const MODULE = /^\s*(?:module_init|\w+_initcall|module_\w+_driver|module_misc_device)\s*\(/m

/** The sources of each module. */
function modulesOf(sources: readonly string[]): string[][] {
  const modules: { files: string[]; begun: boolean }[] = []
  for (const file of sources) {
    const begins = MODULE.test(readFileSync(file, 'utf8'))
    const last = modules.at(-1)
    if (last === undefined || (begins && last.begun)) modules.push({ files: [file], begun: begins })
    else Object.assign(last, { files: [...last.files, file], begun: last.begun || begins })
  }
  return modules.map(({ files }) => files)
}

/** Folders of headers in a word -I are relative to the current folder, not to the build's. */
const absoluteFlag = (word: string) => (/^-I./.test(word) ? `-I${safePath(word.slice(2))}` : word)

function variablesOf(
  { include = [], cflags = [], sanitize, coverage }: DriverOptions,
  tree: string | undefined,
  sources: readonly string[],
  program: readonly string[],
): Record<string, string> {
  const modules = modulesOf(sources)
  const words = cflags.map((flags) => `SHELL:${flags.trim().split(/\s+/).map(absoluteFlag).join(' ')}`)
  return {
    HMMU_KERNEL_TREE: tree ?? '',
    HMMU_DRIVER_FOLDER: process.cwd(),
    HMMU_DRIVER_MODULES: modules.map(moduleName).join(';'),
    ...Object.fromEntries(modules.map((files) => [`HMMU_DRIVER_SOURCES_${moduleName(files)}`, files.join(';')])),
    HMMU_DRIVER_HEADERS: include.map((folder) => safePath(folder)).join(';'),
    HMMU_DRIVER_FLAGS: words.join(';'),
    HMMU_DRIVER_PROGRAM: program.join(';'),
    HMMU_DRIVER_SANITIZE: sanitize ?? '',
    HMMU_DRIVER_COVERAGE: coverage ? 'ON' : 'OFF',
  }
}

/** Builds the emulator and the runtime of drivers, once for all drivers. Returns where they are installed. */
function buildRuntime(onProgress: (text: string) => void): string {
  const folder = cacheFolder('runtime')
  const [build, prefix] = [join(folder, 'build'), join(folder, 'prefix')]
  const version = readFileSync(join(PACKAGE, 'package.json'), 'utf8')
  const stamp = join(folder, 'version')
  // The sources of a checkout change; those of a package do not.
  const isNew = () => !existsSync(stamp) || readFileSync(stamp, 'utf8') !== version
  if (!isNew() && !existsSync(join(PACKAGE, '.git'))) return prefix
  return withFolder(folder, () => {
    if (isNew()) {
      onProgress('building the emulator for drivers: once, this takes half a minute of CPU time')
      cmake([
        '-S',
        PACKAGE,
        '-B',
        build,
        '-G',
        'Unix Makefiles',
        '-DHMMU_WERROR=OFF',
        `-DCMAKE_INSTALL_PREFIX=${prefix}`,
      ])
    }
    const targets = ['hmmu_static', 'hmmu_shared', 'hmmu_drivers']
    cmake(['--build', build, '--parallel', `${availableParallelism()}`, '--target', ...targets])
    cmake(['--install', build])
    cmake(['--install', build, '--component', 'drivers'])
    writeFileSync(stamp, version)
    return prefix
  })
}

/** What cmake prints for people; the output of the compiler itself stays. */
const MAKE_LINE = /^(?:\[|--|g?make(?:\[\d+\])?:|Consolidate|Scanning|Dependencies file).*\n?/gm

/** Runs cmake. Returns what it prints on stderr. */
function cmake(args: readonly string[]): string {
  const { status, stderr } = runTool('cmake', args)
  if (status === 0) return stderr
  const step = args[0]?.startsWith('--') ? args[0].slice(2) : 'configure'
  throw new KernelDriverError('HMMU_DRIVER_BUILD', `cmake can't ${step} this`, stderr.replace(MAKE_LINE, ''))
}

function buildIn(
  folder: string,
  prefix: string,
  variables: Readonly<Record<string, string>>,
  sources: readonly string[],
  tree: string | undefined,
): string {
  const stamp = join(folder, 'arguments.json')
  const definitions = Object.entries({ ...variables, CMAKE_PREFIX_PATH: prefix }).map(
    ([name, value]) => `-D${name}=${value}`,
  )
  const configured = JSON.stringify([PACKAGE, ...definitions])
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== configured) {
    // cmake refuses a folder that another installation of hmmu has made, and keeps variables that are no longer given.
    if (existsSync(stamp)) rmSync(join(folder, 'CMakeCache.txt'), { force: true })
    cmake(['-S', join(PACKAGE, 'cmake/driver'), '-B', folder, '-G', 'Unix Makefiles', ...definitions])
    writeFileSync(stamp, configured)
  }
  try {
    return cmake(['--build', folder, '--parallel', `${availableParallelism()}`]).replace(MAKE_LINE, '')
  } catch (error) {
    if (error instanceof KernelDriverError && error.code === 'HMMU_DRIVER_BUILD')
      throw explained(error, folder, sources, tree)
    throw error
  }
}

/** Why a driver can't be built: what is missing, or else what the compiler says. */
function explained(
  error: KernelDriverError,
  folder: string,
  sources: readonly string[],
  tree: string | undefined,
): KernelDriverError {
  const all = sources.flatMap((file) => {
    const { compiler, flags, path } = compileCommand(folder, file)
    return missing(path, compiler, flags).map((found) => (found.file === path ? { ...found, file } : found))
  })
  const list = once(all)
  const found = list.length > 0 ? list : undefinedIn(error.output)
  const lacking = found.filter(({ kind }) => kind === 'header' || kind === 'name')
  const includes = found.filter(({ kind }) => kind === 'include')
  if (lacking.length + includes.length === 0)
    return new KernelDriverError('HMMU_DRIVER_BUILD', 'the compiler refuses it', error.output)
  const reasons = [
    ...(lacking.length > 0 ? [`needs ${counted(lacking)} that hmmu does not have`] : []),
    ...(includes.length > 0 ? [`does not include what it needs for ${counted(includes)}`] : []),
  ]
  const hint = lacking.some(({ kind }) => kind === 'header') ? '; -I names folders of headers of its own' : ''
  const reason = `the driver ${reasons.join(', and ')}${hint}`
  return new KernelDriverError('HMMU_DRIVER_MISSING', reason, listText(found, tree))
}

/** Such as "1 header and 2 names". */
function counted(list: readonly Missing[]): string {
  const headers = list.filter(({ kind }) => kind === 'header').length
  const count = (number: number, what: string) => (number === 0 ? [] : [`${number} ${what}${number === 1 ? '' : 's'}`])
  return [...count(headers, 'header'), ...count(list.length - headers, 'name')].join(' and ')
}

function listText(found: readonly Missing[], tree: string | undefined): string {
  return found.map(({ file, line, text }) => `${shownPath(file, tree)}:${line}: ${text}\n`).join('')
}
