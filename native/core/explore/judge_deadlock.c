/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tasks that wait for each other. Somebody who holds a page (hold) stands for a user of the page who is not in the program, so who waits
 * for him is in no deadlock; unless a task is still to give the page back.
 */
#include "explore/judges.h"
#include "host/platform.h"

static bool drops_later(const struct run *run, uint32_t handle)
{
	for (uint32_t task = 0; task < run->program->task_count; task++) {
		const struct hmmu_program_task *t = &run->program->tasks[task];

		for (uint64_t i = run->world->threads[task].action; i < t->count && !run_has_ended(run, task); i++) {
			const struct hmmu_action *action = &run->program->actions[t->first + i];

			if (action->kind == HMMU_ACTION_DROP && action->handle == handle)
				return true;
		}
	}
	return false;
}

static bool is_given_back(const struct run *run, uint32_t pfn)
{
	for (uint32_t i = 0; i < HMMU_PROGRAM_HANDLES; i++)
		if (run->world->ref_kinds[i] == HMMU_ACTION_HOLD && run->world->refs[i] == pfn && drops_later(run, i))
			return true;
	return false;
}

static bool is_held_for_good(struct run *run, uint32_t pfn)
{
	int found = hmmu_holders(run->m, pfn, NULL, 0);
	uint32_t count = found > 0 ? (uint32_t)found : 0;
	struct hmmu_holder *holders = platform_alloc(count * sizeof(*holders));
	bool held = !holders;

	/* Parts of a huge page have hundreds of them. */
	if (holders)
		hmmu_holders(run->m, pfn, holders, count);
	for (uint32_t i = 0; i < count && !held; i++)
		held = holders[i].kind == HMMU_HOLDER_HOLD && !is_given_back(run, holders[i].pfn);
	platform_free(holders);
	return held;
}

/* A process that exits waits for mlocked pages, and does not say for which. */
static bool exit_waits_for_holder(struct run *run, uint32_t task)
{
	uint32_t pid = run->world->pids[run->program->actions[run_action(run, task)].value];
	struct hmmu_entry entry;

	for (uint32_t page = 0; page < run->program->page_count; page++)
		if (!hmmu_dump(run->m, pid, run->program->pages[page].address, 1, &entry) && entry.pfn &&
		    is_held_for_good(run, entry.pfn))
			return true;
	return false;
}

static bool waits_for_holder(struct run *run, uint32_t task)
{
	struct hmmu_task_state state;

	if (run_has_ended(run, task))
		return false;
	if (run->world->threads[task].polls)
		return exit_waits_for_holder(run, task);
	return !hmmu_task_state(run->m, run_waiting_task(run, task), &state) && state.wait == HMMU_WAIT_PAGE_LOCK &&
	       is_held_for_good(run, state.wait_pfn);
}

void judge_deadlock(struct run *run)
{
	struct hmmu_finding finding = finding_here(run, HMMU_JUDGE_DEADLOCK);

	for (uint32_t i = 0; i < run->program->task_count; i++)
		if (waits_for_holder(run, i))
			return;
	finding.found = run_alive(run);
	run->find(run, &finding);
}
