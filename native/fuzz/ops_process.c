/* SPDX-License-Identifier: GPL-2.0-only */
/* Processes and tasks, looking, failures on demand. */
#include "fuzz.h"

static void op_fork(struct world *w, const struct fuzz_record *r)
{
	uint32_t child = 0;

	trace(w, "hmmu_fork(m, %u, &child);", record_tid(w, r));
	if (check_result(w, hmmu_fork(w->m, record_tid(w, r), &child)))
		return;
	trace(w, "// child = %u, task %u\n", child, hmmu_process_task(w->m, child));
	add_process(w, child);
}

static void op_exit(struct world *w, const struct fuzz_record *r)
{
	trace(w, "hmmu_exit(m, %u);", record_pid(w, r));
	check_result(w, hmmu_exit(w->m, record_pid(w, r)));
}

/* The first process is made by an operation, too, so that all of them may have gone before. */
static void op_process_create(struct world *w)
{
	uint32_t pid = 0;

	if (hmmu_counter(w->m, HMMU_COUNT_PROCESSES) >= MAX_PIDS / 2)
		return;
	trace(w, "hmmu_process_create(m, &pid);");
	if (check_result(w, hmmu_process_create(w->m, &pid)))
		return;
	trace(w, "// pid = %u, task %u\n", pid, hmmu_process_task(w->m, pid));
	add_process(w, pid);
}

static void task_create(struct world *w, const struct fuzz_record *r)
{
	uint32_t tid = 0;

	trace(w, "hmmu_task_create(m, %u, &tid);", record_pid(w, r));
	if (check_result(w, hmmu_task_create(w->m, record_pid(w, r), &tid)))
		return;
	trace(w, "// tid = %u\n", tid);
	add_task(w, tid);
}

static void op_task(struct world *w, const struct fuzz_record *r)
{
	uint32_t tid = record_tid(w, r);

	switch (r->x % 4) {
	case 0:
		task_create(w, r);
		break;
	case 1:
		trace(w, "hmmu_task_destroy(m, %u);", tid);
		check_result(w, hmmu_task_destroy(w->m, tid));
		break;
	case 2:
		trace(w, "hmmu_task_cancel(m, %u);", tid);
		check_result(w, hmmu_task_cancel(w->m, tid));
		break;
	default:
		trace(w, "hmmu_task_set_cpu(m, %u, %u);", tid, r->y % 5);
		check_result(w, hmmu_task_set_cpu(w->m, tid, r->y % 5));
		break;
	}
}

/* Records have bytes between their members that mean nothing. */
static void trace_entries(const struct world *w, const struct hmmu_entry *entries, uint64_t pages)
{
	for (uint64_t i = 0; fuzz_journal && i < pages; i++)
		trace(w, "// raw %#llx kind %u bits %#x page %u (%u) ref %d map %d flags %#x swap %u\n",
		      (unsigned long long)entries[i].raw, entries[i].kind, entries[i].bits, entries[i].pfn,
		      entries[i].alloc_id, entries[i].ref, entries[i].map, entries[i].flags, entries[i].swap_users);
}

static void trace_counters(const struct world *w, const struct hmmu_mm_counters *of_process)
{
	uint64_t counters[HMMU_COUNTER_COUNT + 1];

	for (uint32_t i = 0; i <= HMMU_COUNTER_COUNT; i++)
		counters[i] = hmmu_counter(w->m, i);
	trace_bytes(w, "counters", counters, sizeof(counters));
	trace_bytes(w, "counters of the process", of_process, sizeof(*of_process));
}

/* Looking changes nothing, and works at any time. */
static void op_look(struct world *w, const struct fuzz_record *r)
{
	struct region range = record_range(w, r);
	struct hmmu_vma_info vmas[8];
	struct hmmu_entry entries[16];
	struct hmmu_mm_counters counters = { 0 };
	struct hmmu_page_info page;
	struct hmmu_task_state state;
	struct hmmu_leak leaks[8];
	uint64_t walk[5] = { 0 };
	uint32_t pid = record_pid(w, r);
	uint64_t pages = range.pages < 16 ? range.pages : 16;

	if (!hmmu_dump(w->m, pid, range.address, pages, entries)) {
		trace_entries(w, entries, pages);
		for (uint64_t i = 0; i < pages; i++)
			if (entries[i].pfn && hmmu_page_info(w->m, entries[i].pfn, &page))
				broken(w, "an entry maps page %u, which does not exist", entries[i].pfn);
	}
	hmmu_vmas(w->m, pid, vmas, r->x % 9);
	hmmu_walk(w->m, pid, range.address, walk);
	hmmu_mm_counters(w->m, pid, &counters);
	hmmu_task_state(w->m, record_tid(w, r), &state);
	trace_bytes(w, "walk", walk, sizeof(walk));
	trace_counters(w, &counters);
	hmmu_leaks(w->m, leaks, r->x % 9);
}

static void op_events(struct world *w, const struct fuzz_record *r)
{
	struct hmmu_event events[32];

	if (r->x % 3 == 0)
		check_result(w, hmmu_watch(w->m, record_pid(w, r)));
	else if (r->x % 3 == 1)
		check_result(w, hmmu_events_record(w->m, r->y | (uint32_t)r->count << 8));
	else
		check_result(w, hmmu_events_read(w->m, events, r->y % 33));
}

static void op_inject(struct world *w, const struct fuzz_record *r)
{
	uint32_t site = r->x % (HMMU_INJECTION_COUNT + 1);

	trace(w, "hmmu_inject(m, %u, %u, %d);", site, r->y & 127, r->y >> 7);
	check_result(w, hmmu_inject(w->m, site, r->y & 127, r->y >> 7));
	hmmu_inject_passes(w->m, site);
}

bool op_process(struct world *w, const struct fuzz_record *r)
{
	switch (r->op) {
	case FUZZ_OP_FORK:
		if (hmmu_counter(w->m, HMMU_COUNT_PROCESSES) < MAX_PIDS / 2)
			op_fork(w, r);
		return true;
	case FUZZ_OP_EXIT:
		op_exit(w, r);
		return true;
	case FUZZ_OP_REAP:
		trace(w, "hmmu_oom_reap(m, %u);", record_pid(w, r));
		check_result(w, hmmu_oom_reap(w->m, record_pid(w, r)));
		return true;
	case FUZZ_OP_NOTIFY:
		trace(w, "hmmu_notify(m, %u, %d);", record_pid(w, r), r->x & 1);
		check_result(w, hmmu_notify(w->m, record_pid(w, r), r->x & 1));
		return true;
	case FUZZ_OP_PROCESS:
		op_process_create(w);
		return true;
	case FUZZ_OP_TASK:
		op_task(w, r);
		return true;
	case FUZZ_OP_DRAIN:
		trace(w, "hmmu_lru_add_drain_all(m);\n");
		hmmu_lru_add_drain_all(w->m);
		return true;
	case FUZZ_OP_VERIFY:
		check_machine(w);
		return true;
	case FUZZ_OP_LOOK:
		op_look(w, r);
		return true;
	case FUZZ_OP_EVENTS:
		op_events(w, r);
		return true;
	case FUZZ_OP_INJECT:
		op_inject(w, r);
		return true;
	case FUZZ_OP_MEMCG:
		trace(w, "hmmu_memcg_set_limit(m, %u);", r->count);
		check_result(w, hmmu_memcg_set_limit(w->m, r->count));
		return true;
	default:
		return false;
	}
}
