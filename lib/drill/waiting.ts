// SPDX-License-Identifier: GPL-2.0-only
//
// The interleaved commands that wait. Each stands in the queue of what it waits for, and is resumed when that may be
// free: to resume all of them again and again would take time that grows with the square of their number.

import type { PageRef, Task } from '../api'
import type { Interleaved } from './ast'
import type { Execution } from './execution'

/** An interleaved command that was begun. */
export interface Begun {
  readonly line: Interleaved
  /** Its place in the order in which commands were begun. */
  readonly number: number
  readonly execution: Execution
  readonly tasks: readonly Task[]
}

/** Pages of a huge page. Who waits for one of them waits for the first. */
const HUGE_PAGES = 512

export class Waiting {
  readonly #resume: (begun: Begun) => void
  /** Waiting commands by the object they wait for, in the order in which they began to wait. */
  readonly #queues = new Map<string, Begun[]>()

  /** @param resume lets a command go on */
  constructor(resume: (begun: Begun) => void) {
    this.#resume = resume
  }

  add(begun: Begun): void {
    const awaited = awaitedBy(begun)
    const queue = this.#queues.get(awaited)
    if (queue === undefined) this.#queues.set(awaited, [begun])
    else queue.push(begun)
  }

  /** Anything may be free. */
  resumeAll(): void {
    this.#resumeFrom([...this.#queues.keys()].filter((awaited) => awaited !== MEMCG))
  }

  /** The locks of pages were given up, and any command may have given memory up. */
  resumeFor(refs: readonly PageRef[]): void {
    const locks = refs.flatMap(({ pfn }) => [pageLock(pfn), pageLock(pfn - (pfn % HUGE_PAGES))])
    this.#resumeFrom(locks)
  }

  /** Those that wait for memory are behind those that wait for a lock, and who began to wait last is the first. */
  #resumeFrom(freed: readonly string[]): void {
    this.#resumeRounds(this.#takeReady(freed).sort(byNumber))
    for (let i = 0; i < MEMORY_ROUNDS; i++) this.#resumeRounds(this.#takeReady([MEMCG]).reverse())
  }

  /** Resume in the order in which the commands were begun, round after round, until none of them gets any further. */
  #resumeRounds(first: Begun[]): void {
    let round = first
    while (round.length > 0) {
      const later: Begun[] = []
      for (let i = 0; i < round.length; i++) {
        const begun = round[i] as Begun
        for (const woken of this.#resumeOne(begun)) {
          if (woken.number > begun.number) insert(round, i + 1, woken)
          else later.push(woken)
        }
      }
      round = later.sort(byNumber)
    }
  }

  /**
   * Resume a command, unless another command has taken the awaited object. Returns the commands that may go on after
   * it.
   */
  #resumeOne(begun: Begun): Begun[] {
    const before = awaitedBy(begun)
    const ready = isReady(begun)
    if (ready) this.#resume(begun)
    const ended = begun.execution.results !== undefined
    if (!ended) this.add(begun)
    // A command that waits again may have had and given up what it waited for. An exit that waits has done nothing.
    if (!ready || (!ended && waitingTask(begun) === undefined)) return []
    return this.#takeReady([before, readers(begun), writers(begun), vmaLock(begun), INODE_LOCK, exit(begun)])
  }

  /** Take the commands whose wait is over out of their queues. */
  #takeReady(freed: readonly string[]): Begun[] {
    return [...new Set(freed)].flatMap((awaited) => {
      const queue = this.#queues.get(awaited) ?? []
      const ready = queue.splice(0, readyCount(queue))
      if (queue.length === 0) this.#queues.delete(awaited)
      return ready
    })
  }
}

/**
 * How many at the head of a queue may go on. Whether a process can end shows when its end is tried, so only one does.
 */
function readyCount(queue: readonly Begun[]): number {
  if (waitingTask(queue[0]) === undefined) return Math.min(queue.length, 1)
  const first = queue.findIndex((begun) => !isReady(begun))
  return first < 0 ? queue.length : first
}

function isReady(begun: Begun): boolean {
  return waitingTask(begun)?.state().ready ?? true
}

function waitingTask(begun: Begun | undefined): Task | undefined {
  return begun?.tasks.find((task) => task.alive && task.state().wait !== 'nothing')
}

/** The object that a command waits for. */
function awaitedBy(begun: Begun): string {
  const task = waitingTask(begun)
  if (task === undefined) return exit(begun)
  const { wait, pfn } = task.state()
  if (wait === 'page_lock') return pageLock(pfn)
  if (wait === 'vma_lock') return vmaLock(begun)
  if (wait === 'inode_lock') return INODE_LOCK
  if (wait === 'memcg') return MEMCG
  return wait === 'mmap_sem_read' ? readers(begun) : writers(begun)
}

/** The end of a truncation. */
const INODE_LOCK = 'lock of an inode'

/** Two tasks that need two pages each can wake each other for ever. */
const MEMORY_ROUNDS = 8

/** A page of the memory cgroup. */
const MEMCG = 'memory cgroup'

function pageLock(pfn: number): string {
  return `lock of page ${pfn}`
}

/** mmap_sem of the command's process, for reading. Linux 6.12 may give it to readers that wait behind a writer. */
function readers({ line: { command } }: Begun): string {
  return `readers of ${'process' in command ? command.process : ''}`
}

/** mmap_sem of the command's process, for writing. */
function writers({ line: { command } }: Begun): string {
  return `writers of ${'process' in command ? command.process : ''}`
}

/** The lock of a mapping of the command's process. Only one task waits for such a lock, as it has mmap_sem. */
function vmaLock({ line: { command } }: Begun): string {
  return `mapping of ${'process' in command ? command.process : ''}`
}

/** The end of all calls of the command's process. */
function exit({ line: { command } }: Begun): string {
  return `exit of ${'process' in command ? command.process : ''}`
}

function byNumber(a: Begun, b: Begun): number {
  return a.number - b.number
}

/** Insert a command into those that are sorted from an index on. */
function insert(sorted: Begun[], from: number, begun: Begun): void {
  let [low, high] = [from, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (byNumber(sorted[middle] as Begun, begun) < 0) low = middle + 1
    else high = middle
  }
  sorted.splice(low, 0, begun)
}
