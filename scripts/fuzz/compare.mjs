// SPDX-License-Identifier: GPL-2.0-only
//
// Compares the core of the working tree with another one, call by call, in random programs of native/fuzz:
//
//   node scripts/fuzz/compare.mjs --base REV | --plain [--stops] [--programs N] [--seed S]
//
// The other one is that of a git revision, or the same without its shortcuts (HMMU_PLAIN). Results, errors' texts, all that
// calls fill in, events and the machine's hash must be equal. The first difference is printed with the program that makes it,
// as short as it can be, and the exit code is 1. Both are built with the fuzz target of the working
// tree, so that the revision must have the calls that this one makes. With --stops the programs are those of calls that stop in
// their middle.
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { program } from 'commander'
import { minimize } from '../../native/fuzz/minimize.mjs'
import { wholeNumber } from '../lib/options.mjs'
import { root, run } from '../lib/run.mjs'
import { randomProgram } from './programs.mjs'

/** Programs of one run of compare_machine or compare_stops. */
const BLOCK = 100
const BLOCK_MS = 600_000
/** Common lines that are shown in front of the first difference. */
const BEFORE = 6
const MINIMIZE_MS = 60_000
const MIB = 2 ** 20

const {
  base,
  plain,
  stops,
  programs: total,
  seed,
} = program
  .name('npm run fuzz:compare --')
  .description('compare two cores in random programs, call by call')
  .option('--base <revision>', 'the other core is that of this revision')
  .option('--plain', 'the other core is this one without its shortcuts')
  .option('--stops', 'programs of calls that stop in their middle')
  .option('--programs <n>', 'how many programs', wholeNumber(1), 1000)
  .option('--seed <n>', 'equal programs for equal seeds', wholeNumber(0), 1)
  .parse()
  .opts()
if ((base !== undefined) === (plain === true)) program.error('error: either --base or --plain is needed')
if (
  base !== undefined &&
  spawnSync('git', ['rev-parse', '--quiet', '--verify', '--end-of-options', `${base}^{commit}`], { cwd: root })
    .status !== 0
)
  program.error(`error: --base ${base} is no commit of this repository`)

/** Programs leave out what the core of an older revision may not have. */
const COMMON_CALLS = plain ? '' : '-DFUZZ_OLD_CORE=1'

/** compare_machine or compare_stops with the core of a checkout. */
function build(checkout, folder, defines = COMMON_CALLS) {
  const settings = [`-DHMMU_CORE=${checkout}`, `-DCMAKE_C_FLAGS=${defines}`, '-DHMMU_SANITIZE=', '--log-level=WARNING']
  run('cmake', ['-S', `${root}/native/fuzz`, '-B', folder, ...settings], { stdio: ['ignore', 'ignore', 'inherit'] })
  const targets = stops ? ['compare_stops', 'seeds_stops'] : ['compare_machine']
  run('cmake', ['--build', folder, '--parallel', '2', '--target', ...targets], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  return `${folder}/${targets[0]}`
}

/** What these read. */
function packed(programs) {
  return Buffer.concat(
    programs.flatMap((bytes) => {
      const length = Buffer.alloc(4)
      length.writeUInt32LE(bytes.length)
      return [length, bytes]
    }),
  )
}

function start(binary, programs) {
  const child = spawn(binary, [], { timeout: BLOCK_MS })
  const texts = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr']) child[name].setEncoding('utf8').on('data', (text) => (texts[name] += text))
  // A program that dies leaves the others unread.
  child.stdin.on('error', () => undefined)
  child.stdin.end(packed(programs))
  return new Promise((resolve) => child.on('close', (code, signal) => resolve({ ...texts, end: signal ?? code })))
}

/** A line for each program. One that dies ends with what it says, and the others go on without it. */
async function outcomes(binary, programs) {
  const lines = []
  while (lines.length < programs.length) {
    const { stdout, stderr, end } = await start(binary, programs.slice(lines.length))
    lines.push(...stdout.split('\n').filter((line) => line !== ''))
    if (lines.length < programs.length) lines.push(`dies (${end}): ${stderr.trim()}`)
  }
  return lines
}

/** The journal of one program, line by line. */
function journal(binary, bytes) {
  const { stdout, stderr } = spawnSync(binary, ['--calls'], {
    input: packed([bytes]),
    encoding: 'utf8',
    maxBuffer: 1024 * MIB,
  })
  return `${stdout}${stderr}`.trimEnd().split('\n')
}

function firstDifference(one, other) {
  const at = one.findIndex((line, i) => line !== other[i])
  return at >= 0 ? at : one.length < other.length ? one.length : -1
}

function explain(binaries, nth, bytes) {
  const journals = (some) => binaries.map((binary) => journal(binary, some))
  const end = Date.now() + MINIMIZE_MS
  const differ = (some) => Date.now() < end && firstDifference(...journals(some)) >= 0
  const shortest = minimize(bytes, differ) ?? bytes
  const [old, young] = journals(shortest)
  const at = firstDifference(old, young)
  mkdirSync(`${root}/build-fuzz`, { recursive: true })
  const file = `${root}/build-fuzz/differs-${seed}-${nth}`
  writeFileSync(file, shortest)
  console.log(`program ${nth} of seed ${seed} differs in line ${at + 1} of its calls (${file}):`)
  for (const line of young.slice(Math.max(0, at - BEFORE), at)) console.log(`  ${line}`)
  console.log(`- ${old[at] ?? 'nothing'}\n+ ${young[at] ?? 'nothing'}`)
}

/** Each seed has a million programs of its own. */
function programsOfStops(from, count) {
  const first = seed * 1_000_000 + from
  run(`${scratch}/here/seeds_stops`, [String(first), String(count), '--to', scratch], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  return Array.from({ length: count }, (_, i) => readFileSync(`${scratch}/stops-${first + i}`))
}

function programsFrom(from) {
  const count = Math.min(BLOCK, total - from)
  return stops ? programsOfStops(from, count) : Array.from({ length: count }, (_, i) => randomProgram(seed, from + i))
}

async function compare(binaries) {
  let calls = 0
  const dead = []
  for (let from = 0; from < total; from += BLOCK) {
    const programs = programsFrom(from)
    const [old, young] = await Promise.all(binaries.map((binary) => outcomes(binary, programs)))
    const at = firstDifference(old, young)
    if (at >= 0) {
      explain(binaries, from + at, programs[at])
      return 1
    }
    for (const line of young) calls += Number.parseInt(line, 10) || 0
    dead.push(...young.filter((line) => line.startsWith('dies')))
    if ((from / BLOCK) % 10 === 9) console.log(`${from + BLOCK} of ${total} programs`)
  }
  for (const line of new Set(dead)) console.log(`in both cores, a program ${line}`)
  console.log(`${total} programs of seed ${seed}, ${calls} lines about their calls: no difference`)
  return 0
}

function buildOther() {
  if (plain) return build(root, `${scratch}/other`, '-DHMMU_PLAIN=1')
  run('git', ['worktree', 'add', '--quiet', '--detach', `${scratch}/checkout`, base])
  return build(`${scratch}/checkout`, `${scratch}/other`)
}

const scratch = mkdtempSync(`${tmpdir()}/hmmu-compare-`)
try {
  process.exitCode = await compare([buildOther(), build(root, `${scratch}/here`)])
} finally {
  if (base) spawnSync('git', ['worktree', 'remove', '--force', `${scratch}/checkout`], { cwd: root })
  rmSync(scratch, { recursive: true, force: true })
}
