// SPDX-License-Identifier: GPL-2.0-only
//
// Trees for building mutants: copies of the repository in build-mutants, one for each parallel job. The sources
// themselves never change. A tree keeps its objects, so that the next mutant costs one compilation and linking.
import { spawn, spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { root, sourceFiles } from '../lib/run.mjs'

// A mutant may leave a variable unused. A build without a type uses only CMAKE_C_FLAGS: debug information would take
// time to link. Each mutant is compiled anew, and tested once: what the compiler optimizes, takes longer than it saves.
const NINJA = spawnSync('ninja', ['--version']).status === 0 ? ['-G', 'Ninja'] : []
const OPTIONS = [
  ...NINJA,
  '-DHMMU_WERROR=OFF',
  '-DHMMU_REQUIRE_CMOCKA=ON',
  '-DCMAKE_BUILD_TYPE=None',
  '-DCMAKE_C_FLAGS=-O0',
]

/** Running commands. Each has a process group of its own, which gets no signal of the terminal. */
const running = new Set()

function killGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if (error.code !== 'ESRCH') throw error
  }
}

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    for (const pid of running) killGroup(pid)
    process.exit(1)
  })
}

/**
 * Runs a command to its end, or to a time limit in seconds. Then it kills the whole process group.
 * @returns {Promise<{ code: number | undefined, signal: string | undefined, timedOut: boolean, output: string }>}
 */
export function execute(command, args, { cwd, env, limit = 600 }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    running.add(child.pid)
    let output = ''
    let timedOut = false
    const collect = (data) => {
      output = (output + data).slice(-200_000)
    }
    const timer = setTimeout(() => {
      timedOut = true
      killGroup(child.pid)
    }, limit * 1000)
    child.stdout.on('data', collect)
    child.stderr.on('data', collect)
    child.on('error', reject)
    child.on('close', (code, signal) => {
      running.delete(child.pid)
      clearTimeout(timer)
      resolve({ code: code ?? undefined, signal: signal ?? undefined, timedOut, output })
    })
  })
}

export class Tree {
  constructor(number) {
    this.folder = `${root}/build-mutants/${number}`
    this.env = { ...process.env, CI: '', HMMU_BINDING: `${this.folder}/build-addon/Release/hmmu.node` }
  }

  /** Makes the tree, or updates it. Unchanged files keep their time, for make. */
  async prepare() {
    const files = sourceFiles().filter((file) => !file.startsWith('bench/'))
    this.#forgetOthers(files)
    for (const file of files) this.write(file, readFileSync(`${root}/${file}`))
    if (!existsSync(`${this.folder}/node_modules`)) symlinkSync(`${root}/node_modules`, `${this.folder}/node_modules`)
    await this.#configure()
    for (const part of ['javascript', 'tests']) await this.build(part)
  }

  /** Removes deleted sources from the tree; otherwise they would still be compiled or tested. */
  #forgetOthers(files) {
    const list = `${this.folder}/files.json`
    const before = existsSync(list) ? JSON.parse(readFileSync(list, 'utf8')) : []
    for (const file of before) if (!files.includes(file)) rmSync(`${this.folder}/${file}`, { force: true })
    mkdirSync(this.folder, { recursive: true })
    writeFileSync(list, JSON.stringify(files))
  }

  /** After cmake-js has configured, cmake alone can build. */
  async #configure() {
    await this.#run('npx', [
      'cmake-js',
      'compile',
      '--out',
      'build-addon',
      '--CDHMMU_WERROR=OFF',
      '--CDCMAKE_C_FLAGS_RELEASE=-O1',
    ])
    await this.#run('cmake', ['-S', '.', '-B', 'build-c', ...OPTIONS])
  }

  async #run(command, args) {
    const result = await execute(command, args, { cwd: this.folder, env: this.env })
    if (result.code !== 0) throw new Error(`${command} ${args.join(' ')}:\n${result.output.slice(-3000)}`)
    return result
  }

  /** Builds the addon, the compiled JavaScript or the C tests; throws if that fails. */
  async build(part) {
    if (part === 'javascript') await this.#run('npx', ['tsc', '-p', 'tsconfig.build.json'])
    else await this.#run('cmake', ['--build', part === 'addon' ? 'build-addon' : 'build-c'])
  }

  write(file, content) {
    const path = `${this.folder}/${file}`
    if (existsSync(path) && readFileSync(path).equals(Buffer.from(content))) return
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
  }

  /** Restores a file from the repository. */
  restore(file) {
    copyFileSync(`${root}/${file}`, `${this.folder}/${file}`)
  }
}
