/* SPDX-License-Identifier: GPL-2.0-only */
/* Mutants of snapshots of Linux 4.14: mutants.h. */
#include "mutants.h"

/* Device pages, a huge page whole and one in ptes, shared memory, swap, TLB entries and events. */
static struct rig *memory_of_all_kinds(void)
{
	struct rig *r = open_rig(.swap_pages = 16, .other_device_pages = 2, .cpus = 2, .memcg_limit = 4000);
	uint64_t buf = map_anon(r, 8), huge = map_huge(r, 1024), swapped = map_anon(r, 2);

	assert_ok(hmmu_watch(r->m, r->pid));
	assert_ok(hmmu_events_record(r->m, 0xff));
	write_pages(r, buf, 6, 1);
	assert_ok(migrate(r, buf, 3, HMMU_TO_DEVICE));
	read_pages(r, buf + PAGES(6), 2);
	write_pages(r, huge, 1, 1);
	write_pages(r, huge + PAGES(512), 1, 1);
	assert_ok(hmmu_mprotect(r->m, r->tid, huge + PAGES(520), PAGES(3), HMMU_PROT_READ));
	write_pages(r, map(r, HMMU_MAP_SHMEM, 4), 3, 1);
	read_pages(r, map(r, HMMU_MAP_FILE, 4), 2);
	write_pages(r, swapped, 2, 3);
	do_fork_of(r, r->tid);
	assert_ok(hmmu_reclaim(r->m, r->pid, swapped));
	assert_ok(hmmu_mlock(r->m, r->tid, buf + PAGES(4), PAGES(2)));
	assert_ok(store(r, r->tid, buf + PAGES(5), 9));
	return r;
}

/* Tasks that wait for a page and for mmap_sem; a page that is pinned, one that is held, and one that is isolated. */
static struct rig *blocked_tasks(void)
{
	struct rig *r = open_rig(.swap_pages = 8);
	uint64_t buf = map_anon(r, 7);
	uint32_t waiter = new_task(r, r->pid), writer = new_task(r, r->pid), reader = new_task(r, r->pid), pfn;

	write_pages(r, buf, 6, 1);
	do_fork_of(r, r->tid);
	assert_ok(hmmu_pin(r->m, r->tid, buf + PAGES(1), 0, &pfn));
	assert_ok(hmmu_isolate(r->m, r->pid, buf + PAGES(2), &pfn));
	assert_ok(hmmu_hold(r->m, r->pid, buf, &pfn));
	assert_blocked(r->m, store(r, waiter, buf, 4), waiter, HMMU_WAIT_PAGE_LOCK);
	assert_int_equal(hmmu_munmap(r->m, writer, buf + PAGES(3), PAGES(1)), -EAGAIN);
	assert_int_equal(load(r, reader, buf + PAGES(6), NULL), -EAGAIN);
	return r;
}

/* hugetlb, special mappings, several processes and what they leave when they end. */
static struct rig *pools_and_processes(bool no_contents)
{
	struct rig *r = open_rig(.hugetlb_pages = 4, .no_contents = no_contents, .swap_pages = 4);
	uint64_t big = map(r, HMMU_MAP_HUGETLB, 1024), shared = map(r, HMMU_MAP_SHAREDFILE, 8), child_pid;
	uint32_t child;

	write_pages(r, big, 1, 1);
	map(r, HMMU_MAP_SPECIAL, 3);
	map(r, HMMU_MAP_MIXED, 3);
	write_pages(r, shared, 5, 1);
	write_pages(r, map_anon(r, 20), 20, 1);
	child = do_fork_of(r, r->tid);
	child_pid = child;
	write_pages(r, big, 1, 2);
	assert_ok(hmmu_munmap(r->m, r->tid, shared + PAGES(2), PAGES(2)));
	assert_ok(hmmu_fork(r->m, hmmu_process_task(r->m, child), &child));
	assert_ok(hmmu_exit(r->m, (uint32_t)child_pid));
	return r;
}

static void test_mutants(void **state)
{
	struct source sources[] = { source_of(memory_of_all_kinds()),
				    source_of(blocked_tasks()),
				    source_of(pools_and_processes(false)),
				    source_of(pools_and_processes(true)),
				    source_of(migrations_under_way(HMMU_PROFILE_LINUX_4_14, HMMU_STAGE_PREPARE)),
				    source_of(migrations_under_way(HMMU_PROFILE_LINUX_4_14, HMMU_STAGE_FINALIZE)) };
	const unsigned count = sizeof(sources) / sizeof(*sources);

	(void)state;
	accept_sources(sources, count);
	/* The others have nothing that 6.12 could not have. */
	refuse_other_profile(sources, 1, HMMU_PROFILE_LINUX_6_12);
	try_mutants(sources, count);
	free_sources(sources, count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mutants),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
