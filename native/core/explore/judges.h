/* SPDX-License-Identifier: GPL-2.0-only */
/** @file judges.h What makes findings: one file for each judge. */
#ifndef HMMU_JUDGES_H
#define HMMU_JUDGES_H

#include "explore/run.h"

/** @name Values (judge_values.c)
 * Each page of a process has a set of values that a load may read. A store leaves one; a call that empties the page adds 0 as
 * long as it runs; a load leaves what it has read. So no order of the calls is ruled out that a machine could have taken.
 * @{ */
/** The values that the pages have now. Changes the machine. -EINVAL: more than HMMU_PROGRAM_VALUES. */
int values_begin(struct run *run);
void values_loaded(struct run *run, uint32_t process, uint32_t page, uint8_t byte);
void values_stored(struct run *run, uint32_t process, uint32_t page, uint8_t byte);
/** An action that empties pages, or unmaps them, begins or ends. */
void values_zap(struct run *run, uint32_t process, const struct hmmu_action *action, bool ends);
/** fork() begins or ends. */
void values_fork(struct run *run, uint32_t parent, uint32_t child, bool ends);
/** A process has exited. */
void values_exit(struct run *run, uint32_t process);
/** At the end: all that a load reads must be there. */
void judge_values(struct run *run);
/** @} */

/** At the end an access is SIGBUS: is the page stuck on the device? (judge_stuck.c) */
void judge_stuck(struct run *run, uint32_t process, uint32_t page);
/** The handler of a fault on a device page begins: is the page still there? (judge_use_after_free.c) */
void judge_use_after_free(struct run *run, uint64_t address, uint32_t pfn);
/** The step has used a stale translation: is its page free? (judge_stale.c) */
void judge_stale(struct run *run);
/** No task can run, and not all have ended. (judge_deadlock.c) */
void judge_deadlock(struct run *run);
/** hmmu_verify() (judge_verify.c) */
void judge_verify(struct run *run);
/** Written pages of processes whose bits were cleared (judge_soft_dirty.c) */
void judge_soft_dirty(struct run *run);
/** Reaped address spaces; dead_space_reaped() looks what the reaper has left of one. (judge_dead_space.c)
 * @{ */
void dead_space_reaped(struct run *run, uint32_t process);
void judge_dead_space(struct run *run);
/** @} */
/** All processes exit: what is not free then? leak_begin() looks what should be, and changes the machine. (judge_leak.c)
 * @{ */
void leak_begin(struct run *run);
void judge_leak(struct run *run);
/** @} */

/** All tasks have ended: look at what is left, give back what the program holds, read all pages, and have all processes exit. The machine
 * is another one then; calls must not stop in their middle. (judge_verify.c) */
void judge_all_ended(struct run *run);

/** What is known of a page in a process. Of a shared page all processes know the same. */
static inline struct page_model *model_of(const struct run *run, uint32_t process, uint32_t page)
{
	uint32_t owner = run->program->pages[page].shared ? 0 : process;

	return &run->world->models[(size_t)owner * run->program->page_count + page];
}

/** The mapping of a page; false: none. (judge_soft_dirty.c) */
bool mapping_of(const struct run *run, uint32_t process, uint32_t page, struct hmmu_vma_info *mapping);
/** The page of the program at an address; NO_INDEX: none. */
uint32_t page_at(const struct run *run, uint64_t address);

#endif
