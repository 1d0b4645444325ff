/* SPDX-License-Identifier: GPL-2.0-only */
/* Mutants of snapshots of Linux 6.12: mutants.h. */
#include "mutants.h"

/* Linux 6.12: shared pages and exclusive ones, pins for DMA, write protection by userfaultfd, markers, work for mlock. */
static struct rig *memory_of_6_12(void)
{
	struct rig *r = open_rig(.profile = HMMU_PROFILE_LINUX_6_12, .swap_pages = 8, .cpus = 2);
	uint64_t buf = map_anon(r, 8), huge = map_huge(r, 1536), file = map(r, HMMU_MAP_SHMEM, 8);
	uint32_t pfn;

	assert_ok(hmmu_watch(r->m, r->pid));
	assert_ok(hmmu_events_record(r->m, 0xff));
	write_pages(r, buf, 6, 1);
	for (uint64_t i = 0; i < 3; i++)
		write_pages(r, huge + MIB(2 * i), 1, 1);
	do_fork_of(r, r->tid);
	write_pages(r, buf, 2, 1);
	write_pages(r, huge, 1, 1);
	assert_ok(hmmu_uffd_register(r->m, r->tid, file, PAGES(8), HMMU_UFFD_WP));
	assert_ok(hmmu_uffd_writeprotect(r->m, r->tid, file, PAGES(8), true));
	assert_ok(hmmu_uffd_register(r->m, r->tid, buf + PAGES(6), PAGES(2), HMMU_UFFD_WP | HMMU_UFFD_MISSING));
	assert_ok(hmmu_pin(r->m, r->tid, buf, HMMU_PIN_WRITE | HMMU_PIN_DMA, &pfn));
	assert_ok(hmmu_pin(r->m, r->tid, huge + MIB(2) + PAGES(5), HMMU_PIN_DMA, &pfn));
	assert_ok(hmmu_pin(r->m, r->tid, huge + MIB(4) + PAGES(5), 0, &pfn));
	assert_ok(hmmu_mlock(r->m, r->tid, buf + PAGES(3), PAGES(2)));
	return r;
}

/* Linux 6.12: tasks that wait with the lock of a mapping, for one, for mmap_lock, and in the middle of MADV_COLLAPSE. */
static struct rig *blocked_tasks_of_6_12(void)
{
	struct rig *r = open_rig(.profile = HMMU_PROFILE_LINUX_6_12, .ram_pages = 8192);
	uint64_t buf = map_at(r, BASE, 1024, HMMU_MAP_ANON, 3), file = map(r, HMMU_MAP_SHMEM, 4);
	uint64_t other = map_anon(r, 4);
	uint32_t reader = new_task(r, r->pid), pinner = new_task(r, r->pid), writer = new_task(r, r->pid), pfn;

	write_pages(r, buf, 1, 1);
	write_pages(r, buf + MIB(2), 1, 1);
	write_pages(r, file, 2, 1);
	write_pages(r, other, 4, 1);
	do_fork_of(r, r->tid);
	write_pages(r, buf, 1, 1);
	write_pages(r, buf + MIB(2), 1, 1);
	assert_ok(hmmu_pin(r->m, r->tid, buf, HMMU_PIN_DMA, &pfn));
	assert_ok(hmmu_hold(r->m, r->pid, file, &pfn));
	assert_ok(hmmu_madvise(r->m, r->tid, file, PAGES(1), HMMU_MADV_DONTNEED));
	assert_int_equal(load(r, reader, file, NULL), -EAGAIN);
	assert_int_equal(hmmu_pin(r->m, pinner, file, 0, &pfn), -EAGAIN);
	assert_int_equal(hmmu_madvise(r->m, r->tid, buf, MIB(4), HMMU_MADV_COLLAPSE), -EAGAIN);
	assert_int_equal(hmmu_munmap(r->m, writer, other, PAGES(1)), -EAGAIN);
	return r;
}

/* Linux 6.12: the hugetlb pool, with markers of write protection and of used reservations. */
static struct rig *hugetlb_of_6_12(void)
{
	struct rig *r = open_rig(.profile = HMMU_PROFILE_LINUX_6_12, .hugetlb_pages = 6);
	uint64_t big = map(r, HMMU_MAP_HUGETLB, 2048);

	write_pages(r, big, 1, 1);
	write_pages(r, big + MIB(2), 1, 2);
	assert_ok(hmmu_uffd_register(r->m, r->tid, big, MIB(6), HMMU_UFFD_WP));
	assert_ok(hmmu_uffd_writeprotect(r->m, r->tid, big, MIB(6), true));
	assert_ok(hmmu_madvise(r->m, r->tid, big, MIB(2), HMMU_MADV_DONTNEED));
	/* The marker of the last page outlasts the protection. */
	assert_ok(hmmu_uffd_register(r->m, r->tid, big + MIB(4), MIB(2), HMMU_UFFD_MISSING));
	write_pages(r, big + MIB(6), 1, 3);
	do_fork_of(r, r->tid);
	return r;
}

static void test_mutants(void **state)
{
	struct source sources[] = { source_of(memory_of_6_12()), source_of(blocked_tasks_of_6_12()),
				    source_of(hugetlb_of_6_12()),
				    source_of(migrations_under_way(HMMU_PROFILE_LINUX_6_12, HMMU_STAGE_COLLECT)),
				    source_of(migrations_under_way(HMMU_PROFILE_LINUX_6_12, HMMU_STAGE_FINALIZE)) };
	const unsigned count = sizeof(sources) / sizeof(*sources);

	(void)state;
	accept_sources(sources, count);
	refuse_other_profile(sources, count, HMMU_PROFILE_LINUX_4_14);
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
