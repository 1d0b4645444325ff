/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every allocation fails once. Each scenario is a call that is made again and again, on a new machine each time: first
 * its first allocation fails, then its second, and so on until none fails. What it then returns must be an errno of the
 * kernel, everything must balance, the call must succeed when it is repeated, and nothing may be left at the end.
 */
#include "support.h"

struct scenario {
	const char *name;
	void (*prepare)(struct rig *r);
	int (*act)(struct rig *r);
	int other_err; /* allowed besides -ENOMEM */
};

/* Where the prepared mappings are. */
#define ANON BASE
#define HUGE (BASE + MIB(16))
#define SHMEM (BASE + MIB(32))
#define FILEMAP (BASE + MIB(48))
#define SPECIAL (BASE + MIB(64))
#define RW (HMMU_PROT_READ | HMMU_PROT_WRITE)

static int map_kind(struct rig *r, uint32_t kind)
{
	struct hmmu_map map = { .pages = 4, .kind = kind, .prot = RW };
	uint64_t at;

	return hmmu_mmap(r->m, r->tid, &map, &at);
}

static int act_mmap_anon(struct rig *r)
{
	return map_kind(r, HMMU_MAP_ANON);
}

static int act_mmap_shmem(struct rig *r)
{
	return map_kind(r, HMMU_MAP_SHMEM);
}

static int act_mmap_special(struct rig *r)
{
	return map_kind(r, HMMU_MAP_SPECIAL);
}

/* 8 pages of everything, none of them touched. */
static void prepare_maps(struct rig *r)
{
	map_at(r, ANON, 8, HMMU_MAP_ANON, RW);
	map_at(r, SHMEM, 8, HMMU_MAP_SHMEM, RW);
	map_at(r, FILEMAP, 8, HMMU_MAP_FILE, RW);
	map_at(r, SPECIAL, 4, HMMU_MAP_SPECIAL, RW);
	map_at(r, HUGE, 512, HMMU_MAP_ANON, RW);
	assert_ok(hmmu_madvise(r->m, r->tid, HUGE, PAGES(512), HMMU_MADV_HUGEPAGE));
}

/* Half of everything is there. */
static void prepare_pages(struct rig *r)
{
	prepare_maps(r);
	write_pages(r, ANON, 4, 1);
	write_pages(r, SHMEM, 4, 1);
	write_pages(r, FILEMAP, 4, 1);
	write_pages(r, HUGE, 1, 1);
}

static void prepare_shared(struct rig *r)
{
	prepare_pages(r);
	do_fork_of(r, r->tid);
}

static void prepare_zero(struct rig *r)
{
	prepare_maps(r);
	read_pages(r, ANON, 4);
	read_pages(r, FILEMAP, 4);
	read_pages(r, HUGE, 1);
}

static void prepare_device(struct rig *r)
{
	prepare_pages(r);
	assert_ok(migrate(r, ANON, 4, HMMU_TO_DEVICE));
}

static int act_store_anon(struct rig *r)
{
	return store(r, r->tid, ANON, 9);
}

static int act_load_anon(struct rig *r)
{
	return load(r, r->tid, ANON, NULL);
}

static int act_store_shmem(struct rig *r)
{
	return store(r, r->tid, SHMEM, 9);
}

static int act_store_file(struct rig *r)
{
	return store(r, r->tid, FILEMAP, 9);
}

static int act_load_file(struct rig *r)
{
	return load(r, r->tid, FILEMAP, NULL);
}

static int act_store_huge(struct rig *r)
{
	return store(r, r->tid, HUGE + PAGES(3), 9);
}

static int act_load_huge(struct rig *r)
{
	return load(r, r->tid, HUGE, NULL);
}

static int act_pin(struct rig *r)
{
	uint32_t pfn;
	int result = hmmu_pin(r->m, r->tid, ANON, HMMU_PIN_WRITE, &pfn);

	if (!result)
		assert_ok(hmmu_unpin(r->m, pfn, 0));
	return result;
}

static int act_munmap_middle(struct rig *r)
{
	return hmmu_munmap(r->m, r->tid, ANON + PAGES(2), PAGES(2));
}

static int act_munmap_part_of_huge(struct rig *r)
{
	return hmmu_munmap(r->m, r->tid, HUGE + PAGES(2), PAGES(2));
}

static int act_mprotect_middle(struct rig *r)
{
	return hmmu_mprotect(r->m, r->tid, ANON + PAGES(2), PAGES(2), HMMU_PROT_READ);
}

static int act_mprotect_file(struct rig *r)
{
	return hmmu_mprotect(r->m, r->tid, FILEMAP + PAGES(2), PAGES(2), HMMU_PROT_READ);
}

static int act_mlock(struct rig *r)
{
	return hmmu_mlock(r->m, r->tid, ANON + PAGES(2), PAGES(4));
}

static int act_mlock_huge(struct rig *r)
{
	return hmmu_mlock(r->m, r->tid, HUGE, PAGES(512));
}

static int act_dontfork(struct rig *r)
{
	return hmmu_madvise(r->m, r->tid, SHMEM + PAGES(1), PAGES(2), HMMU_MADV_DONTFORK);
}

static int act_uffd(struct rig *r)
{
	return hmmu_uffd_register(r->m, r->tid, ANON + PAGES(2), PAGES(2), HMMU_UFFD_MISSING);
}

static int act_fork(struct rig *r)
{
	uint32_t child;
	int result = hmmu_fork(r->m, r->tid, &child);

	if (!result) {
		assert_clean(r->m);
		assert_ok(hmmu_exit(r->m, child));
	}
	return result;
}

static int act_process(struct rig *r)
{
	uint32_t pid;
	int result = hmmu_process_create(r->m, &pid);

	return result ? result : hmmu_exit(r->m, pid);
}

static int act_migrate_anon(struct rig *r)
{
	return migrate(r, ANON, 8, HMMU_TO_DEVICE);
}

static int act_migrate_to_system(struct rig *r)
{
	return migrate(r, ANON, 8, HMMU_TO_SYSTEM);
}

static int act_migrate_huge(struct rig *r)
{
	return migrate(r, HUGE, 8, HMMU_TO_DEVICE);
}

static void prepare_nothing(struct rig *r)
{
	(void)r;
}

/* (4.14 turns ENOMEM of mlock() and madvise() into EAGAIN; that is not the EAGAIN of a call that waits.) */
static const struct scenario scenarios[] = {
	{ "mmap anon", prepare_nothing, act_mmap_anon, 0 },
	{ "mmap shmem", prepare_nothing, act_mmap_shmem, 0 },
	{ "mmap special", prepare_nothing, act_mmap_special, 0 },
	{ "process", prepare_nothing, act_process, 0 },
	{ "store anon", prepare_maps, act_store_anon, 0 },
	{ "load anon", prepare_maps, act_load_anon, 0 },
	{ "store shmem", prepare_maps, act_store_shmem, 0 },
	{ "store file", prepare_maps, act_store_file, 0 },
	{ "load file", prepare_maps, act_load_file, 0 },
	{ "store huge", prepare_maps, act_store_huge, 0 },
	{ "load huge", prepare_maps, act_load_huge, 0 },
	{ "pin", prepare_maps, act_pin, 0 },
	{ "fork of nothing", prepare_maps, act_fork, 0 },
	{ "store over zero", prepare_zero, act_store_anon, 0 },
	{ "store over cache", prepare_zero, act_store_file, 0 },
	{ "store over huge zero", prepare_zero, act_store_huge, 0 },
	{ "fork of zero", prepare_zero, act_fork, 0 },
	{ "migrate zero", prepare_zero, act_migrate_anon, 0 },
	{ "migrate huge zero", prepare_zero, act_migrate_huge, 0 },
	{ "store to shared", prepare_shared, act_store_anon, 0 },
	{ "store to shared file", prepare_shared, act_store_file, 0 },
	{ "store to shared huge", prepare_shared, act_store_huge, 0 },
	{ "second fork", prepare_shared, act_fork, 0 },
	{ "migrate shared", prepare_shared, act_migrate_anon, 0 },
	{ "migrate shared huge", prepare_shared, act_migrate_huge, 0 },
	{ "mlock shared", prepare_shared, act_mlock, -EAGAIN },
	{ "mlock shared huge", prepare_shared, act_mlock_huge, -EAGAIN },
	{ "munmap middle", prepare_pages, act_munmap_middle, 0 },
	{ "munmap part of huge", prepare_pages, act_munmap_part_of_huge, 0 },
	{ "mprotect middle", prepare_pages, act_mprotect_middle, 0 },
	{ "mprotect file", prepare_pages, act_mprotect_file, 0 },
	{ "mlock", prepare_pages, act_mlock, -EAGAIN },
	{ "dontfork", prepare_pages, act_dontfork, -EAGAIN },
	{ "uffd", prepare_pages, act_uffd, 0 },
	{ "fork", prepare_pages, act_fork, 0 },
	{ "migrate", prepare_pages, act_migrate_anon, 0 },
	{ "migrate huge", prepare_pages, act_migrate_huge, 0 },
	{ "migrate holes", prepare_maps, act_migrate_anon, 0 },
	{ "migrate holes to system", prepare_maps, act_migrate_to_system, 0 },
	/* The fault handler has no page to move to. */
	{ "load from device", prepare_device, act_load_anon, -EFAULT },
	{ "store to device", prepare_device, act_store_anon, -EFAULT },
	{ "migrate back", prepare_device, act_migrate_to_system, 0 },
	{ "fork of device", prepare_device, act_fork, 0 },
};

struct empty {
	uint64_t frames, device, processes, tables;
};

static struct empty count(struct rig *r)
{
	return (struct empty){
		.frames = counter(r, HMMU_COUNT_RAM_FREE),
		.device = counter(r, HMMU_COUNT_DEVICE_FREE),
		.processes = counter(r, HMMU_COUNT_PROCESSES),
		.tables = counter(r, HMMU_COUNT_TABLE_PAGES),
	};
}

/* All processes end: what they had is free again. The huge zero page stays for ever once it is made. */
static void assert_nothing_left(struct rig *r, const struct empty *before)
{
	struct empty after;

	for (uint32_t pid = 1; pid < 10; pid++)
		if (hmmu_process_alive(r->m, pid))
			assert_ok(hmmu_exit(r->m, pid));
	hmmu_lru_add_drain_all(r->m);
	after = count(r);
	if (after.frames != before->frames + 1)
		assert_int_equal(after.frames, before->frames + 1 - HMMU_HUGE_PAGES);
	assert_int_equal(after.device, before->device);
	assert_int_equal(after.processes, 0);
	assert_int_equal(after.tables, 0);
	assert_int_equal(counter(r, HMMU_COUNT_MAPPINGS), 0);
	assert_int_equal(counter(r, HMMU_COUNT_ANON_VMAS), 0);
	assert_int_equal(hmmu_memcg_charged(r->m), 0);
}

/* One run with the nth allocation failing, or all from there on; false if there is no nth one. */
static bool run(const struct scenario *s, uint32_t site, uint64_t nth, bool forever)
{
	struct rig *r = open_rig();
	struct empty before = count(r);
	uint64_t passes;
	bool fired;
	int result;

	s->prepare(r);
	passes = hmmu_inject_passes(r->m, site);
	assert_ok(hmmu_inject(r->m, site, nth, forever));
	result = s->act(r);
	fired = hmmu_inject_passes(r->m, site) - passes >= nth;
	assert_ok(hmmu_inject(r->m, site, 0, false));
	if (result && (!fired || (result != -ENOMEM && result != s->other_err)))
		print_error("%s, site %u, allocation %u: %s\n", s->name, site, (unsigned)nth, hmmu_error(r->m)->text);
	if (result) {
		assert_true(fired);
		assert_true(result == -ENOMEM || result == s->other_err);
		assert_int_equal(hmmu_error(r->m)->err, result);
		assert_int_not_equal(hmmu_error(r->m)->code, HMMU_ERR_BLOCKED);
		assert_clean(r->m);
		assert_ok(s->act(r));
	}
	assert_clean(r->m);
	assert_nothing_left(r, &before);
	rig_close(r);
	return fired;
}

/* Returns how many allocations of the site there were over all scenarios. */
static uint64_t fail_each(uint32_t site, bool forever)
{
	uint64_t total = 0;

	for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
		/* Copying a huge page page by page is 512 times the same. */
		for (uint64_t nth = 1; run(&scenarios[i], site, nth, forever); nth += nth > 20 && nth < 500 ? 97 : 1)
			total++;
	}
	return total;
}

static void test_frame(void **state)
{
	(void)state;
	assert_in_range(fail_each(HMMU_INJECT_FRAME, false), 20, 2000);
}

static void test_table(void **state)
{
	(void)state;
	assert_in_range(fail_each(HMMU_INJECT_TABLE, false), 20, 2000);
}

static void test_anon_vma(void **state)
{
	(void)state;
	assert_in_range(fail_each(HMMU_INJECT_ANON_VMA, false), 20, 2000);
}

static void test_vma(void **state)
{
	(void)state;
	assert_in_range(fail_each(HMMU_INJECT_VMA, false), 15, 2000);
}

static void test_memcg(void **state)
{
	(void)state;
	assert_in_range(fail_each(HMMU_INJECT_MEMCG, false), 15, 2000);
}

static void test_huge(void **state)
{
	(void)state;
	assert_in_range(fail_each(HMMU_INJECT_HUGE, false), 3, 2000);
}

static void test_unstable_pmd(void **state)
{
	(void)state;
	assert_in_range(fail_each(HMMU_INJECT_PMD_UNSTABLE, false), 10, 2000);
}

/* From some allocation on there is no memory any more. */
static void test_for_ever(void **state)
{
	(void)state;
	for (uint32_t site = 0; site < HMMU_INJECTION_COUNT; site++)
		fail_each(site, true);
}

/* No huge page, and then no small ones either: the huge page is not copied, its pmd is split and the fault fails. */
static void test_huge_copy_without_memory(void **state)
{
	(void)state;
	for (uint64_t nth = 1; nth <= 512; nth += 73) {
		struct rig *r = open_rig();

		prepare_shared(r);
		assert_ok(hmmu_inject(r->m, HMMU_INJECT_HUGE, 1, true));
		assert_ok(hmmu_inject(r->m, HMMU_INJECT_FRAME, nth, true));
		assert_failed(r->m, act_store_huge(r), -ENOMEM, HMMU_ERR_OUT_OF_FRAMES);
		assert_clean(r->m);
		assert_kind(r, HUGE, 512, HMMU_ENTRY_SYS);
		assert_ok(hmmu_inject(r->m, HMMU_INJECT_FRAME, 0, false));
		assert_ok(act_store_huge(r));
		rig_close(r);
	}
}

/* The nth pass fails, 1 being the next; passes are counted whether or not they fail; 0 disarms. */
static void test_counting(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 8), passes;

	(void)state;
	write_pages(r, buf, 1, 1);
	passes = hmmu_inject_passes(r->m, HMMU_INJECT_FRAME);
	assert_ok(hmmu_inject(r->m, HMMU_INJECT_FRAME, 3, false));
	for (uint64_t i = 1; i <= 4; i++)
		assert_int_equal(store(r, r->tid, buf + PAGES(i), 1), i == 3 ? -ENOMEM : 0);
	assert_int_equal(hmmu_inject_passes(r->m, HMMU_INJECT_FRAME), passes + 4);
	assert_ok(hmmu_inject(r->m, HMMU_INJECT_FRAME, 2, true));
	for (uint64_t i = 5; i <= 7; i++)
		assert_int_equal(store(r, r->tid, buf + PAGES(i), 1), i > 5 ? -ENOMEM : 0);
	assert_ok(hmmu_inject(r->m, HMMU_INJECT_FRAME, 0, false));
	assert_ok(store(r, r->tid, buf + PAGES(7), 1));
	rig_close(r);
}

/* get_user_pages() rather tells how many pages it got than why it got no more, so mlock() asks for the rest once
 * more. */
static void test_populating_tries_again(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 3);

	(void)state;
	assert_ok(store(r, r->tid, buf, 1));
	assert_ok(hmmu_inject(r->m, HMMU_INJECT_FRAME, 2, false));
	assert_ok(hmmu_mlock(r->m, r->tid, buf, PAGES(3)));
	assert_kind(r, buf, 3, HMMU_ENTRY_SYS);
	/* Nothing was had before the first page. */
	buf = map_anon(r, 3);
	assert_ok(hmmu_inject(r->m, HMMU_INJECT_FRAME, 1, false));
	assert_failed(r->m, hmmu_mlock(r->m, r->tid, buf, PAGES(3)), -EAGAIN, HMMU_ERR_SYSCALL);
	rig_close(r);
}

static void test_advice_says_try_again(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 3);

	(void)state;
	assert_ok(hmmu_inject(r->m, HMMU_INJECT_VMA, 1, false));
	assert_failed(r->m, hmmu_madvise(r->m, r->tid, buf + PAGES(1), PAGES(1), HMMU_MADV_DONTFORK), -EAGAIN,
		      HMMU_ERR_SYSCALL);
	assert_ok(hmmu_madvise(r->m, r->tid, buf + PAGES(1), PAGES(1), HMMU_MADV_DONTFORK));
	rig_close(r);
}

/* A special mapping is filled at once; where that fails nothing of it is left. */
static void test_special_mapping_fails(void **state)
{
	static const uint32_t injections[] = { HMMU_INJECT_TABLE, HMMU_INJECT_FRAME };
	struct rig *r = open_rig();
	struct hmmu_map map = { .address = BASE, .pages = 3, .kind = HMMU_MAP_SPECIAL, .prot = 3 };
	uint64_t free = counter(r, HMMU_COUNT_RAM_FREE), at;

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_ok(hmmu_inject(r->m, injections[i], 2, false));
		assert_failed(r->m, hmmu_mmap(r->m, r->tid, &map, &at), -ENOMEM, HMMU_ERR_SYSCALL);
		assert_int_equal(counter(r, HMMU_COUNT_MAPPINGS), 0);
		assert_int_equal(counter(r, HMMU_COUNT_RAM_FREE), free);
	}
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_special_mapping_fails),
		cmocka_unit_test(test_advice_says_try_again),
		cmocka_unit_test(test_populating_tries_again),
		cmocka_unit_test(test_frame),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_anon_vma),
		cmocka_unit_test(test_vma),
		cmocka_unit_test(test_memcg),
		cmocka_unit_test(test_unstable_pmd),
		cmocka_unit_test(test_for_ever),
		cmocka_unit_test(test_counting),
	};
	const struct CMUnitTest tests_of_4_14[] = {
		cmocka_unit_test(test_huge),
		cmocka_unit_test(test_huge_copy_without_memory),
	};

	return cmocka_run_group_tests(tests_of_4_14, NULL, NULL) + run_on_each_kernel(tests);
}
