/* SPDX-License-Identifier: GPL-2.0-only */
/* The values that loads may read: wrong values while the tasks run, lost writes at the end. */
#include <errno.h>
#include <string.h>

#include "explore/judges.h"
#include "explore/run.h"
#include "host/machine.h"

#define ZERO 1ull /* the value 0 */

uint32_t page_at(const struct run *run, uint64_t address)
{
	uint32_t low = 0, high = run->program->page_count;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (run->program->pages[middle].address < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < run->program->page_count && run->program->pages[low].address == address ? low : NO_INDEX;
}

/* The bit of a byte; 0: it is no value of the program. */
static uint64_t value_bit(const struct run *run, uint8_t byte)
{
	for (uint32_t i = 0; i < run->value_count; i++)
		if (run->values[i] == byte)
			return 1ull << i;
	return 0;
}

static int add_value(struct run *run, uint8_t byte)
{
	if (value_bit(run, byte))
		return 0;
	if (run->value_count == HMMU_PROGRAM_VALUES)
		return hmmu_fail(run->m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT,
				 "pages and stores have more than %u values", HMMU_PROGRAM_VALUES);
	run->values[run->value_count++] = byte;
	return 0;
}

/* Whether a page was given to MADV_FREE before the program begins. */
static bool is_lazy(const struct run *run, uint32_t process, uint32_t page)
{
	struct hmmu_page_info info;
	struct hmmu_entry entry;

	return !hmmu_dump(run->m, run->world->pids[process], run->program->pages[page].address, 1, &entry) &&
	       entry.pfn && !hmmu_page_info(run->m, entry.pfn, &info) && info.anon &&
	       !(entry.flags & HMMU_PG_SWAPBACKED);
}

/* A load can't bring the page back from the device, so it is looked at there. false: the page is not on the device. */
static bool byte_on_device(const struct run *run, uint32_t process, uint32_t page, uint8_t *byte)
{
	struct hmmu_page_info info;
	struct hmmu_entry entry;

	if (hmmu_dump(run->m, run->world->pids[process], run->program->pages[page].address, 1, &entry) ||
	    entry.kind != HMMU_ENTRY_DEV || hmmu_page_info(run->m, entry.pfn, &info))
		return false;
	*byte = info.byte;
	return true;
}

/* What a process can load from a page. Behind the end of a file is nothing, and 0 when the file has grown. */
static int first_value(struct run *run, uint32_t process, uint32_t page)
{
	struct page_model *model = model_of(run, process, page);
	uint32_t tid = hmmu_process_task(run->m, run->world->pids[process]);
	uint8_t byte = 0;
	int err;

	if (hmmu_load(run->m, tid, run->program->pages[page].address, &byte, 1, NULL)) {
		if (hmmu_error(run->m)->code != HMMU_ERR_SIGBUS) {
			model->lazy = 0;
			return 0;
		}
		byte_on_device(run, process, page, &byte);
	}
	err = add_value(run, byte);
	model->mapped = 1;
	model->may = value_bit(run, byte) | (model->lazy ? ZERO : 0);
	return err;
}

int values_begin(struct run *run)
{
	const struct hmmu_program *program = run->program;
	int err = 0;

	run->value_count = 1;
	/* Loads may change anything, so entries are looked at before. */
	for (uint32_t process = 0; process < program->process_count; process++)
		for (uint32_t page = 0; page < program->page_count && run->world->pids[process]; page++)
			model_of(run, process, page)->lazy = is_lazy(run, process, page);
	for (uint32_t process = 0; process < program->process_count && !err; process++)
		for (uint32_t page = 0; page < program->page_count && run->world->pids[process] && !err; page++)
			err = first_value(run, process, page);
	for (uint32_t i = 0; i < program->action_count && !err; i++)
		if (program->actions[i].kind == HMMU_ACTION_WRITE)
			err = add_value(run, (uint8_t)program->actions[i].value);
	return err;
}

static void find_value(struct run *run, uint32_t judge, uint32_t process, uint32_t page, uint8_t byte)
{
	struct hmmu_finding finding = finding_here(run, judge);

	finding.page = page;
	finding.process = process;
	finding.found = byte;
	run->find(run, &finding);
}

void values_loaded(struct run *run, uint32_t process, uint32_t page, uint8_t byte)
{
	struct page_model *model = model_of(run, process, page);
	uint64_t bit = value_bit(run, byte);

	if (!model->mapped)
		return;
	if (!(model->may & bit))
		find_value(run, HMMU_JUDGE_WRONG_VALUE, process, page, byte);
	/* While a call empties the page, a CPU may use its old translation, and another one a new page. */
	if (!model->zaps)
		model->may = bit | (model->lazy ? ZERO : 0);
}

/* fork() copies the page before the store or behind it. */
static void stored_while_forking(struct run *run, uint32_t process, uint32_t page, uint64_t bit)
{
	for (uint32_t i = 0; i < run->program->task_count; i++) {
		const struct thread *thread = &run->world->threads[i];
		const struct hmmu_action *action;

		if (!thread->in_call || run->program->tasks[i].process != process)
			continue;
		action = &run->program->actions[run_action(run, i)];
		if (action->kind == HMMU_ACTION_FORK)
			model_of(run, (uint32_t)action->value, page)->may |= bit;
	}
}

void values_stored(struct run *run, uint32_t process, uint32_t page, uint8_t byte)
{
	struct page_model *model = model_of(run, process, page);
	uint64_t bit = value_bit(run, byte);

	model->may = bit | (model->zaps ? model->may : 0);
	model->lazy = 0;
	model->soft_dirty = !run->world->clears[process];
	stored_while_forking(run, process, page, bit);
}

static void zap_page(struct run *run, uint32_t process, uint32_t page, const struct hmmu_action *action, bool ends)
{
	struct page_model *model = model_of(run, process, page);

	if (run->program->pages[page].shared && action->kind != HMMU_ACTION_UNMAP)
		return;
	if (action->kind == HMMU_ACTION_ADVISE && action->value == HMMU_MADV_FREE)
		model->lazy = 1;
	model->zaps = (uint8_t)(ends ? model->zaps - 1 : model->zaps + 1);
	model->may |= ZERO;
	model->soft_dirty = 0;
	stored_while_forking(run, process, page, ZERO);
	/* Of a shared page another process may have a mapping, so loads go on to be judged as before. */
	if (ends && action->kind == HMMU_ACTION_UNMAP && !run->program->pages[page].shared)
		*model = (struct page_model){ 0 };
}

static bool empties(const struct hmmu_action *action)
{
	if (action->kind == HMMU_ACTION_ADVISE)
		return action->value == HMMU_MADV_DONTNEED || action->value == HMMU_MADV_FREE;
	return action->kind == HMMU_ACTION_UNMAP || action->kind == HMMU_ACTION_OOM_REAP;
}

/* Pages behind the new end of a file have no value, or 0 when it has grown again. That is so in all processes. */
static void truncate_page_of_all(struct run *run, uint32_t page)
{
	for (uint32_t process = 0; process < run->program->process_count; process++) {
		model_of(run, process, page)->may |= ZERO;
		model_of(run, process, page)->soft_dirty = 0;
	}
}

static void values_truncate(struct run *run, const struct hmmu_action *action)
{
	for (uint32_t page = 0; page < run->program->page_count; page++) {
		uint64_t address = run->program->pages[page].address;

		if (address >= action->at && address < action->at + action->pages * PAGE_BYTES &&
		    (address - action->at) / PAGE_BYTES >= action->value)
			truncate_page_of_all(run, page);
	}
}

void values_zap(struct run *run, uint32_t process, const struct hmmu_action *action, bool ends)
{
	uint64_t end = action->at + action->pages * PAGE_BYTES;

	if (action->kind == HMMU_ACTION_TRUNCATE)
		values_truncate(run, action);
	if (!empties(action))
		return;
	for (uint32_t page = 0; page < run->program->page_count; page++) {
		uint64_t address = run->program->pages[page].address;

		if (action->kind == HMMU_ACTION_OOM_REAP || (address >= action->at && address < end))
			zap_page(run, process, page, action, ends);
	}
}

void values_fork(struct run *run, uint32_t parent, uint32_t child, bool ends)
{
	for (uint32_t page = 0; page < run->program->page_count; page++) {
		const struct page_model *from = model_of(run, parent, page);
		struct page_model *to = model_of(run, child, page);
		uint64_t so_far = to->may;

		if (to == from)
			continue;
		*to = (struct page_model){ .may = from->may, .mapped = from->mapped, .lazy = from->lazy };
		if (ends)
			to->may |= so_far;
	}
}

void values_exit(struct run *run, uint32_t process)
{
	for (uint32_t page = 0; page < run->program->page_count; page++)
		if (!run->program->pages[page].shared)
			*model_of(run, process, page) = (struct page_model){ 0 };
}

static void judge_value_at_end(struct run *run, uint32_t process, uint32_t page)
{
	const struct page_model *model = model_of(run, process, page);
	uint32_t tid = hmmu_process_task(run->m, run->world->pids[process]);
	uint8_t byte;

	if (!model->mapped)
		return;
	if (!hmmu_load(run->m, tid, run->program->pages[page].address, &byte, 1, NULL)) {
		if (!(model->may & value_bit(run, byte)))
			find_value(run, HMMU_JUDGE_LOST_WRITE, process, page, byte);
	} else if (hmmu_error(run->m)->code == HMMU_ERR_SIGBUS) {
		judge_stuck(run, process, page);
	}
}

void judge_values(struct run *run)
{
	for (uint32_t process = 0; process < run->program->process_count; process++)
		for (uint32_t page = 0; page < run->program->page_count && run->world->pids[process]; page++)
			judge_value_at_end(run, process, page);
}
