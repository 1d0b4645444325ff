// SPDX-License-Identifier: GPL-2.0-only
//
// A page that is no part of a drill. The program that runs drills on a real kernel notes the userfaultfd of a process in a
// page that the process shares with its parent until then. The process is in the memory cgroup at that time, so the page is
// charged like those of the drill. Here it belongs to a process that no command names.

import type { Process, Task } from '../api'
import type { Actor, World } from './world'

/** What a process of a drill with `memcg` has besides the drill's pages. */
interface RunnerPage {
  /** Its page is its own, so that a store to the page charges nothing. */
  own: boolean
  hasUserfault: boolean
  /** Who is charged for the page. */
  keeper?: Process
}

const pages = new WeakMap<Process, RunnerPage>()

function pageOf(process: Process): RunnerPage {
  const page = pages.get(process) ?? { own: false, hasUserfault: false }
  pages.set(process, page)
  return page
}

/** A process gets its userfaultfd. Stops where the group has no page for it. */
export function* noteUserfault(world: World, { process }: Actor): Generator<void> {
  const page = pageOf(process)
  if (!world.limited || page.hasUserfault) return
  page.hasUserfault = true
  if (page.own) return
  page.own = true
  page.keeper = world.machine.process()
  yield* storeOnce(page.keeper.mainTask)
}

function* storeOnce(task: Task): Generator<void> {
  const { start } = task.map({ pages: 1 })
  while (task.tryStore(start, 1) === 'blocked') yield
}

/** fork(): both have the page. A child whose parent has a userfaultfd stores to its page before it is in the group. */
export function shareRunnerPage(parent: Process, child: Process): void {
  const page = pageOf(parent)
  pageOf(child).own = page.hasUserfault
  page.own = false
}

/** The process has ended. */
export function dropRunnerPage(process: Process): void {
  pages.get(process)?.keeper?.exit()
}
