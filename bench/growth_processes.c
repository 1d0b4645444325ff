/* SPDX-License-Identifier: GPL-2.0-only */
/* --growth: n processes that share nothing, n that share pages, n tasks, n tasks that wait. */
#include <errno.h>

#include "growth.h"

/* How many pages all sharers share. */
#define SHARED 4u

/* Each with a page of its own. */
static void create_processes(struct world *w)
{
	const struct hmmu_map map = { .pages = 1, .kind = HMMU_MAP_ANON, .prot = HMMU_PROT_READ | HMMU_PROT_WRITE };

	for (uint64_t i = 0; i < w->pages; i++) {
		uint32_t *pid = &crowd_of(w)->numbers[i];
		uint64_t *address = &crowd_of(w)->places[i];
		uint32_t tid;

		must(w->m, hmmu_process_create(w->m, pid), "hmmu_process_create");
		tid = hmmu_process_task(w->m, *pid);
		must(w->m, hmmu_mmap(w->m, tid, &map, address), "hmmu_mmap");
		must(w->m, hmmu_store(w->m, tid, *address, "\1", 1, NULL), "hmmu_store");
	}
}

static void exit_processes(struct world *w)
{
	for (uint64_t i = 0; i < w->pages; i++)
		must(w->m, hmmu_exit(w->m, crowd_of(w)->numbers[i]), "hmmu_exit");
}

void grow_processes(struct bench *bench, uint64_t n)
{
	struct crowd *c = crowd_create(bench, "processes", n, n);
	struct world *w = &c->world;

	measure(w, "create", create_processes);
	measure_whole(w);
	measure(w, "exit each", exit_processes);
	crowd_destroy(c);
}

static void fork_sharers(struct world *w)
{
	for (uint64_t i = 0; i < w->pages; i++)
		must(w->m, hmmu_fork(w->m, w->tid, &crowd_of(w)->numbers[i]), "hmmu_fork");
}

/* Each page has n entries. */
static void migrate_shared(struct world *w)
{
	migrate_range(w, HMMU_TO_DEVICE, w->address, SHARED);
	migrate_range(w, HMMU_TO_SYSTEM, w->address, SHARED);
}

static uint32_t task_among(const struct world *w, uint32_t i)
{
	return hmmu_process_task(w->m, ((const struct crowd *)w)->numbers[place_among(w, i)]);
}

static void copy_one(struct world *w)
{
	for (uint32_t i = 0; i < PLACES; i++)
		must(w->m, hmmu_store(w->m, task_among(w, i), w->address, "\1", 1, NULL), "hmmu_store");
}

static void unmap_one(struct world *w)
{
	for (uint32_t i = 0; i < PLACES; i++)
		must(w->m, hmmu_munmap(w->m, task_among(w, i), w->address + HMMU_PAGE_SIZE, HMMU_PAGE_SIZE),
		     "hmmu_munmap");
}

/* As Linux 6.12 has it. */
static void truncate(struct world *w)
{
	must(w->m, hmmu_truncate(w->m, w->tid, w->address, 0), "hmmu_truncate");
}

static void grow_sharers_of_file(struct world *w)
{
	map_pages(w, SHARED, HMMU_MAP_SHAREDFILE);
	touch_pages(w, SHARED);
	measure(w, "fork, file", fork_sharers);
	measure(w, "unmap one, file one", unmap_one);
	if (w->bench->profile >= HMMU_PROFILE_LINUX_6_12)
		measure(w, "truncate", truncate);
	measure(w, "exit each, file", exit_processes);
}

void grow_sharers(struct bench *bench, uint64_t n)
{
	struct crowd *c = crowd_create(bench, "sharers of a page", n, 2 * n);
	struct world *w = &c->world;

	map_pages(w, SHARED, HMMU_MAP_ANON);
	touch_pages(w, SHARED);
	measure(w, "fork", fork_sharers);
	measure_whole(w);
	measure(w, "migrate", migrate_shared);
	measure(w, "copy on write one", copy_one);
	measure(w, "munmap one", unmap_one);
	measure(w, "exit each", exit_processes);
	grow_sharers_of_file(w);
	crowd_destroy(c);
}

static void create_tasks(struct world *w)
{
	for (uint64_t i = 0; i < w->pages; i++)
		must(w->m, hmmu_task_create(w->m, w->pid, &crowd_of(w)->numbers[i]), "hmmu_task_create");
}

static void destroy_tasks(struct world *w)
{
	for (uint64_t i = 0; i < w->pages; i++)
		must(w->m, hmmu_task_destroy(w->m, crowd_of(w)->numbers[i]), "hmmu_task_destroy");
}

static void exit_process(struct world *w)
{
	must(w->m, hmmu_exit(w->m, w->pid), "hmmu_exit");
}

void grow_tasks(struct bench *bench, uint64_t n)
{
	struct crowd *c = crowd_create(bench, "tasks", n, 1);
	struct world *w = &c->world;

	measure(w, "create", create_tasks);
	measure_whole(w);
	measure(w, "destroy each", destroy_tasks);
	create_tasks(w);
	measure(w, "exit", exit_process);
	crowd_destroy(c);
}

static void load_in_each(struct world *w, int expected)
{
	uint8_t byte;

	for (uint64_t i = 0; i < w->pages; i++) {
		int err = hmmu_load(w->m, crowd_of(w)->numbers[i], w->address, &byte, 1, NULL);

		must(w->m, err == expected ? 0 : -1, "hmmu_load");
	}
}

static void wait_for_page(struct world *w)
{
	load_in_each(w, -EAGAIN);
}

static void read_page(struct world *w)
{
	load_in_each(w, 0);
}

static void advise_in_each(struct world *w, int expected)
{
	for (uint64_t i = 0; i < w->pages; i++) {
		int err = hmmu_madvise(w->m, crowd_of(w)->numbers[i], w->address, HMMU_PAGE_SIZE, HMMU_MADV_NOHUGEPAGE);

		must(w->m, err == expected ? 0 : -1, "hmmu_madvise");
	}
}

/* mmap_sem, for writing. */
static void wait_for_mmap_sem(struct world *w)
{
	advise_in_each(w, -EAGAIN);
}

static void advise(struct world *w)
{
	advise_in_each(w, 0);
}

static void grow_queue(struct world *w, const char *wait, bench_op begin, const char *go_on, bench_op end)
{
	begin_migration(w, HMMU_TO_DEVICE, w->address, 1);
	must(w->m, hmmu_migrate_run(w->migration, HMMU_STAGE_ALLOC_AND_COPY), "hmmu_migrate_run");
	measure(w, wait, begin);
	measure(w, "state hash", op_state_hash);
	measure(w, "verify", op_verify);
	must(w->m, hmmu_migrate_end(w->migration), "hmmu_migrate_end");
	measure(w, go_on, end);
}

/* They wait for a page that migrates, and for the migration's mmap_sem. */
void grow_waiters(struct bench *bench, uint64_t n)
{
	struct crowd *c = crowd_create(bench, "tasks that wait for a page", n, 1);
	struct world *w = &c->world;

	create_tasks(w);
	map_pages(w, 1, HMMU_MAP_ANON);
	touch_pages(w, 1);
	grow_queue(w, "wait", wait_for_page, "go on", read_page);
	w->state = "tasks that wait for mmap_sem";
	grow_queue(w, "wait", wait_for_mmap_sem, "go on", advise);
	crowd_destroy(c);
}

/* In a process of its own, each migrates its page. */
static void begin_migrations(struct world *w)
{
	struct crowd *c = crowd_of(w);
	uint32_t tid = w->tid;

	for (uint64_t i = 0; i < w->pages; i++, w->src++, w->dst++) {
		w->tid = hmmu_process_task(w->m, c->numbers[i]);
		begin_migration(w, HMMU_TO_DEVICE, c->places[i], 1);
		must(w->m, hmmu_migrate_run(w->migration, HMMU_STAGE_ALLOC_AND_COPY), "hmmu_migrate_run");
		c->migrations[i] = w->migration;
	}
	w->tid = tid;
	w->src -= w->pages;
	w->dst -= w->pages;
}

static void end_migrations(struct world *w)
{
	for (uint64_t i = 0; i < w->pages; i++)
		must(w->m, hmmu_migrate_end(crowd_of(w)->migrations[i]), "hmmu_migrate_end");
}

void grow_migrations(struct bench *bench, uint64_t n)
{
	struct crowd *c = crowd_create(bench, "migrations under way", n, n);
	struct world *w = &c->world;

	create_processes(w);
	measure(w, "begin", begin_migrations);
	measure_whole(w);
	measure(w, "end", end_migrations);
	crowd_destroy(c);
}
