/* SPDX-License-Identifier: GPL-2.0-only */
/* The machine as a whole: options, errors, processes, and that equal calls make equal machines. */
#include "support.h"

#include "host/machine.h"

#include <stdio.h>

static void test_defaults(void **state)
{
	struct hmmu *m;

	(void)state;
	assert_ok(hmmu_create(NULL, &m));
	assert_int_equal(hmmu_counter(m, HMMU_COUNT_RAM_PAGES), 65536);
	assert_int_equal(hmmu_counter(m, HMMU_COUNT_DEVICE_PAGES), 0);
	/* Frame 0 is never used and the zero page always. */
	assert_int_equal(hmmu_counter(m, HMMU_COUNT_RAM_FREE), 65534);
	assert_int_equal(hmmu_counter(m, HMMU_COUNT_PROCESSES), 0);
	assert_int_equal(hmmu_counter(m, HMMU_COUNTER_COUNT), 0);
	assert_clean(m);
	hmmu_destroy(m);
}

static void test_bad_options(void **state)
{
	static const struct hmmu_options bad[] = {
		{ .ram_pages = 63 },
		{ .ram_pages = (1u << 28) + 1 },
		{ .device_pages = (1u << 28) + 1 },
		{ .coherent_pages = 1 },
		{ .cpus = 65 },
		{ .profile = HMMU_PROFILE_COUNT },
	};
	struct hmmu *m = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(hmmu_create(&bad[i], &m), -EINVAL);
		assert_null(m);
	}
}

static uint32_t quirks_of(const struct hmmu_options *options)
{
	struct hmmu *m;
	uint32_t quirks;

	assert_ok(hmmu_create(options, &m));
	quirks = hmmu_quirks(m);
	hmmu_destroy(m);
	return quirks;
}

/* A profile is a set of quirks, and each quirk can be switched alone. */
static void test_profiles(void **state)
{
	uint32_t all = 0, linux_4_14 = 0, hmm_v25 = 0;
	struct hmmu *m;

	(void)state;
#define X(name, bit, profiles, word, commit) \
	all |= 1u << (bit); \
	linux_4_14 |= (profiles)&HMMU_IN_LINUX_4_14 ? 1u << (bit) : 0; \
	hmm_v25 |= (profiles)&HMMU_IN_HMM_V25 ? 1u << (bit) : 0;
	HMMU_QUIRKS(X)
#undef X
	assert_int_equal(quirks_of(NULL), linux_4_14);
	assert_int_equal(quirks_of(&(struct hmmu_options){ .profile = HMMU_PROFILE_HMM_V25 }), hmm_v25);
	assert_int_equal(quirks_of(&(struct hmmu_options){ .profile = HMMU_PROFILE_LINUX_4_14_FIXED }), 0);
	/* What tells the series from 4.14: section 4 of the specification. */
	assert_int_equal(linux_4_14 & (HMMU_QUIRK_HOLE_DST_INDEX | HMMU_QUIRK_INSERT_UNKNOWN_DEVICE),
			 HMMU_QUIRK_INSERT_UNKNOWN_DEVICE);
	assert_int_equal(hmm_v25 & (HMMU_QUIRK_HOLE_DST_INDEX | HMMU_QUIRK_INSERT_UNKNOWN_DEVICE),
			 HMMU_QUIRK_HOLE_DST_INDEX);
	for (uint32_t bit = 1; bit & all; bit <<= 1) {
		if (!((linux_4_14 | hmm_v25) & bit)) { /* a quirk of another kernel */
			assert_int_equal(hmmu_create(&(struct hmmu_options){ .quirks_on = bit }, &m), -EINVAL);
			continue;
		}
		assert_int_equal(quirks_of(&(struct hmmu_options){ .quirks_on = bit }), linux_4_14 | bit);
		assert_int_equal(quirks_of(&(struct hmmu_options){ .quirks_off = bit }), linux_4_14 & ~bit);
	}
	/* A machine that no snapshot could be restored of is not made. */
	assert_int_equal(hmmu_create(&(struct hmmu_options){ .quirks_on = all + 1 }, &m), -EINVAL);
	assert_int_equal(quirks_of(&(struct hmmu_options){ .quirks_off = ~0u }), 0);
}

static void test_version(void **state)
{
	int major, minor, patch;

	(void)state;
	assert_int_equal(sscanf(hmmu_version(), "%d.%d.%d", &major, &minor, &patch), 3);
	assert_int_equal(hmmu_abi(), HMMU_ABI);
}

static void test_processes_come_and_go(void **state)
{
	struct rig *r = open_rig();
	uint64_t free_before = counter(r, HMMU_COUNT_RAM_FREE);
	uint32_t pid, tid;

	(void)state;
	assert_ok(hmmu_process_create(r->m, &pid));
	tid = hmmu_process_task(r->m, pid);
	assert_true(hmmu_process_alive(r->m, pid));
	assert_int_equal(counter(r, HMMU_COUNT_PROCESSES), 2);
	assert_int_equal(mm_counters(r, pid).tables, 1);
	assert_ok(hmmu_exit(r->m, pid));
	assert_false(hmmu_process_alive(r->m, pid));
	assert_int_equal(hmmu_process_task(r->m, pid), 0);
	assert_int_equal(counter(r, HMMU_COUNT_RAM_FREE), free_before);
	assert_failed(r->m, hmmu_exit(r->m, pid), -ESRCH, HMMU_ERR_NO_PROCESS);
	assert_failed(r->m, store(r, tid, BASE, 1), -ESRCH, HMMU_ERR_NO_TASK);
	rig_close(r);
}

static void test_exit_frees_everything(void **state)
{
	struct rig *r = open_rig();
	uint64_t free_before = counter(r, HMMU_COUNT_RAM_FREE), device = counter(r, HMMU_COUNT_DEVICE_FREE);
	uint64_t buf;

	(void)state;
	assert_ok(hmmu_process_create(r->m, &r->pid));
	r->tid = hmmu_process_task(r->m, r->pid);
	buf = map_anon(r, 40);
	write_pages(r, buf, 40, 1);
	assert_ok(migrate(r, buf, 20, HMMU_TO_DEVICE));
	map_at(r, 0, 8, HMMU_MAP_SPECIAL, HMMU_PROT_READ);
	write_pages(r, map_at(r, 0, 8, HMMU_MAP_SHMEM, HMMU_PROT_READ | HMMU_PROT_WRITE), 8, 1);
	write_pages(r, map_huge(r, 512), 1, 1);
	assert_ok(hmmu_exit(r->m, r->pid));
	assert_int_equal(counter(r, HMMU_COUNT_RAM_FREE), free_before);
	assert_int_equal(counter(r, HMMU_COUNT_DEVICE_FREE), device);
	assert_int_equal(counter(r, HMMU_COUNT_MAPPINGS), 0);
	assert_int_equal(counter(r, HMMU_COUNT_ANON_VMAS), 0);
	assert_int_equal(hmmu_memcg_charged(r->m), 0);
	rig_close(r);
}

/* A number that is used again starts from nothing, TLB included. */
static void test_process_number_used_again(void **state)
{
	struct rig *r = open_rig();

	(void)state;
	for (int round = 0; round < 4; round++) {
		write_pages(r, map_at(r, BASE, 60, HMMU_MAP_ANON, HMMU_PROT_WRITE), 60, (uint8_t)round);
		assert_ok(hmmu_exit(r->m, r->pid));
		assert_ok(hmmu_process_create(r->m, &r->pid));
		r->tid = hmmu_process_task(r->m, r->pid);
		assert_failed(r->m, load(r, r->tid, BASE, NULL), -EFAULT, HMMU_ERR_SIGSEGV);
		assert_clean(r->m);
	}
	assert_int_equal(counter(r, HMMU_COUNT_TLB_STALE), 0);
	rig_close(r);
}

static void test_no_such_process(void **state)
{
	struct rig *r = open_rig();
	struct hmmu_mm_counters counters;
	struct hmmu_entry entry;
	uint64_t entries[5];
	uint32_t n;

	(void)state;
	for (int i = 0; i < 3; i++) {
		uint32_t pid = (const uint32_t[]){ 0, 77, UINT32_MAX }[i];

		assert_false(hmmu_process_alive(r->m, pid));
		assert_failed(r->m, hmmu_exit(r->m, pid), -ESRCH, HMMU_ERR_NO_PROCESS);
		assert_failed(r->m, hmmu_task_create(r->m, pid, &n), -ESRCH, HMMU_ERR_NO_PROCESS);
		assert_failed(r->m, hmmu_mm_counters(r->m, pid, &counters), -ESRCH, HMMU_ERR_NO_PROCESS);
		assert_failed(r->m, hmmu_watch(r->m, pid), -ESRCH, HMMU_ERR_NO_PROCESS);
		assert_failed(r->m, hmmu_dump(r->m, pid, BASE, 1, &entry), -ESRCH, HMMU_ERR_NO_PROCESS);
		assert_failed(r->m, hmmu_vmas(r->m, pid, NULL, 0), -ESRCH, HMMU_ERR_NO_PROCESS);
		assert_failed(r->m, hmmu_walk(r->m, pid, BASE, entries), -ESRCH, HMMU_ERR_NO_PROCESS);
		assert_failed(r->m, hmmu_hold(r->m, pid, BASE, &n), -ESRCH, HMMU_ERR_NO_PROCESS);
		assert_failed(r->m, hmmu_isolate(r->m, pid, BASE, &n), -ESRCH, HMMU_ERR_NO_PROCESS);
	}
	rig_close(r);
}

static void test_no_such_task(void **state)
{
	struct rig *r = open_rig();
	struct hmmu_map map = { .pages = 1 };
	struct hmmu_task_state task;
	uint64_t at;
	uint32_t n;

	(void)state;
	for (int i = 0; i < 3; i++) {
		uint32_t tid = (const uint32_t[]){ 0, 77, UINT32_MAX }[i];

		assert_failed(r->m, hmmu_mmap(r->m, tid, &map, &at), -ESRCH, HMMU_ERR_NO_TASK);
		assert_failed(r->m, hmmu_munmap(r->m, tid, BASE, 4096), -ESRCH, HMMU_ERR_NO_TASK);
		assert_failed(r->m, hmmu_mprotect(r->m, tid, BASE, 4096, 0), -ESRCH, HMMU_ERR_NO_TASK);
		assert_failed(r->m, hmmu_madvise(r->m, tid, BASE, 4096, 0), -ESRCH, HMMU_ERR_NO_TASK);
		assert_failed(r->m, hmmu_mlock(r->m, tid, BASE, 4096), -ESRCH, HMMU_ERR_NO_TASK);
		assert_failed(r->m, hmmu_munlock(r->m, tid, BASE, 4096), -ESRCH, HMMU_ERR_NO_TASK);
		assert_failed(r->m, hmmu_clear_soft_dirty(r->m, tid), -ESRCH, HMMU_ERR_NO_TASK);
		assert_failed(r->m, hmmu_uffd_register(r->m, tid, BASE, 4096, HMMU_UFFD_MISSING), -ESRCH,
			      HMMU_ERR_NO_TASK);
		assert_failed(r->m, hmmu_fork(r->m, tid, &n), -ESRCH, HMMU_ERR_NO_TASK);
		assert_failed(r->m, load(r, tid, BASE, NULL), -ESRCH, HMMU_ERR_NO_TASK);
		assert_failed(r->m, hmmu_pin(r->m, tid, BASE, 0, &n), -ESRCH, HMMU_ERR_NO_TASK);
		assert_failed(r->m, hmmu_task_destroy(r->m, tid), -ESRCH, HMMU_ERR_NO_TASK);
		assert_failed(r->m, hmmu_task_cancel(r->m, tid), -ESRCH, HMMU_ERR_NO_TASK);
		assert_failed(r->m, hmmu_task_set_cpu(r->m, tid, 0), -ESRCH, HMMU_ERR_NO_TASK);
		assert_failed(r->m, hmmu_task_state(r->m, tid, &task), -ESRCH, HMMU_ERR_NO_TASK);
	}
	rig_close(r);
}

static void test_bad_arguments(void **state)
{
	static const struct hmmu_map bad[] = {
		{ .pages = 0 },
		{ .pages = (HMMU_TASK_SIZE >> 12) + 1 },
		{ .pages = 1, .kind = HMMU_MAP_MIXED + 1 },
		{ .pages = 1, .prot = 4 },
		{ .pages = 1, .address = 1 },
		{ .pages = 511, .kind = HMMU_MAP_HUGETLB },
		{ .pages = 512, .kind = HMMU_MAP_HUGETLB, .address = BASE + 4096 },
	};
	struct rig *r = open_rig();
	uint32_t code = HMMU_ERR_INVALID_ARGUMENT;
	uint64_t at = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_failed(r->m, hmmu_mmap(r->m, r->tid, &bad[i], &at), -EINVAL, code);
	assert_int_equal(at, 7);
	assert_failed(r->m, hmmu_munmap(r->m, r->tid, 1, 4096), -EINVAL, code);
	assert_failed(r->m, hmmu_munmap(r->m, r->tid, HMMU_TASK_SIZE, 4096), -EINVAL, code);
	assert_failed(r->m, hmmu_munmap(r->m, r->tid, BASE, UINT64_MAX), -EINVAL, code);
	assert_failed(r->m, hmmu_munmap(r->m, r->tid, BASE, 0), -EINVAL, HMMU_ERR_SYSCALL);
	assert_failed(r->m, hmmu_mprotect(r->m, r->tid, BASE, 4096, 4), -EINVAL, code);
	assert_failed(r->m, hmmu_madvise(r->m, r->tid, BASE, 4096, HMMU_MADV_COLLAPSE + 1), -EINVAL, code);
	assert_failed(r->m, load(r, r->tid, HMMU_TASK_SIZE, NULL), -EINVAL, code);
	assert_failed(r->m, store(r, r->tid, UINT64_MAX, 0), -EINVAL, code);
	assert_failed(r->m, hmmu_task_set_cpu(r->m, r->tid, 1), -EINVAL, code);
	assert_failed(r->m, hmmu_inject(r->m, HMMU_INJECTION_COUNT, 1, false), -EINVAL, code);
	assert_int_equal(hmmu_inject_passes(r->m, HMMU_INJECTION_COUNT), 0);
	rig_close(r);
}

static void story(struct rig *r)
{
	uint64_t buf = map_anon(r, 32);
	uint32_t child;

	write_pages(r, buf, 20, 1);
	child = do_fork_of(r, r->tid);
	assert_ok(migrate(r, buf, 32, HMMU_TO_DEVICE));
	assert_ok(store(r, hmmu_process_task(r->m, child), buf + PAGES(30), 5));
	assert_ok(hmmu_exit(r->m, child));
	write_pages(r, map_huge(r, 1024), 1, 9);
	assert_ok(hmmu_munmap(r->m, r->tid, buf + PAGES(3), PAGES(2)));
}

/* No clock, no addresses of the host, no randomness: the same calls leave the same bytes behind. */
static void test_equal_calls_make_equal_machines(void **state)
{
	struct rig *a = open_rig(), *b = open_rig();

	(void)state;
	story(a);
	story(b);
	assert_int_equal(a->m->st->bytes, b->m->st->bytes);
	assert_memory_equal(a->m->st, b->m->st, sizeof(struct state));
	assert_memory_equal(a->m->pages, b->m->pages, a->m->pfn_end * sizeof(struct page));
	assert_memory_equal(a->m->frames, b->m->frames, PAGES(a->m->pfn_end));
	assert_memory_equal(a->m->vmas, b->m->vmas, 64 * sizeof(struct vma));
	rig_close(a);
	rig_close(b);
}

/* The records have to stay small: a machine has one struct page for each frame. */
static void test_record_sizes(void **state)
{
	(void)state;
	assert_in_range(sizeof(struct page), 1, 64);
}

/* Reserved memory costs nothing. Used memory stays used when the machine has freed it. */
static void test_memory_used(void **state)
{
	struct rig *r = open_rig(.ram_pages = 1u << 24, .device_pages = 1u << 20);
	uint64_t before = hmmu_memory_used(r->m), used, buf = map_anon(r, 1024);

	(void)state;
	assert_true(before < 4u << 20);
	write_pages(r, buf, 1024, 1);
	used = hmmu_memory_used(r->m);
	assert_true(used - before >= PAGES(1024) && used - before < PAGES(2048));
	assert_ok(hmmu_munmap(r->m, r->tid, buf, PAGES(1024)));
	assert_true(hmmu_memory_used(r->m) == used);
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_bad_options),
		cmocka_unit_test(test_profiles),
		cmocka_unit_test(test_version),
		cmocka_unit_test(test_processes_come_and_go),
		cmocka_unit_test(test_exit_frees_everything),
		cmocka_unit_test(test_process_number_used_again),
		cmocka_unit_test(test_no_such_process),
		cmocka_unit_test(test_no_such_task),
		cmocka_unit_test(test_bad_arguments),
		cmocka_unit_test(test_equal_calls_make_equal_machines),
		cmocka_unit_test(test_record_sizes),
		cmocka_unit_test(test_memory_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
