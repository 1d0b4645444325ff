/* SPDX-License-Identifier: GPL-2.0-only */
/* Why a range is invalidated: the kinds of Linux 6.12. Linux 4.14 has none, and other calls for secondary TLBs. */
#include "support.h"

#define RW (HMMU_PROT_READ | HMMU_PROT_WRITE)
#define RANGES (1u << HMMU_EVENT_INVALIDATE_START | 1u << HMMU_EVENT_INVALIDATE_END)
#define FLUSHES (1u << HMMU_EVENT_INVALIDATE_RANGE | 1u << HMMU_EVENT_TLB_FLUSH)

/* All ranges since the last look were begun and ended, at least one, and with this kind. */
static void assert_kind_of_ranges(struct rig *r, uint32_t kind)
{
	uint32_t begun = 0, ended = 0;
	struct hmmu_event event;

	while (hmmu_events_read(r->m, &event, 1)) {
		assert_int_equal(event.kind, kind);
		begun += event.type == HMMU_EVENT_INVALIDATE_START;
		ended += event.type == HMMU_EVENT_INVALIDATE_END;
	}
	assert_int_equal(begun, ended);
	assert_true(begun > 0);
}

static struct rig *watched_rig(uint32_t profile)
{
	struct rig *r = open_rig(.profile = profile);

	assert_ok(hmmu_watch(r->m, r->pid));
	assert_ok(hmmu_events_record(r->m, RANGES));
	return r;
}

/* @kinds: whether the kernel has them. */
static void go_through_calls(uint32_t profile, bool kinds)
{
	struct rig *r = watched_rig(profile);
	uint64_t buf = map_anon(r, 8), huge = map_huge(r, 512), tlbfs = map_at(r, 0, 512, HMMU_MAP_HUGETLB, RW), moved;
	struct hmmu *copy;

	write_pages(r, buf, 8, 1);
	write_pages(r, huge, 1, 1);
	write_pages(r, tlbfs, 1, 1);
	assert_int_equal(drain_events(r, HMMU_EVENT_INVALIDATE_START, NULL), 0);
	assert_ok(hmmu_mprotect(r->m, r->tid, buf, PAGES(8), HMMU_PROT_READ));
	assert_kind_of_ranges(r, kinds ? HMMU_NOTIFY_PROTECTION_VMA : 0);
	assert_ok(hmmu_mprotect(r->m, r->tid, tlbfs, MIB(2), HMMU_PROT_READ));
	assert_kind_of_ranges(r, kinds ? HMMU_NOTIFY_PROTECTION_VMA : 0);
	assert_ok(hmmu_mprotect(r->m, r->tid, buf, PAGES(8), RW));
	drain_events(r, HMMU_EVENT_INVALIDATE_START, NULL);
	assert_ok(hmmu_clear_soft_dirty(r->m, r->tid));
	assert_kind_of_ranges(r, kinds ? HMMU_NOTIFY_SOFT_DIRTY : 0);
	assert_ok(hmmu_madvise(r->m, r->tid, buf + PAGES(6), PAGES(1), HMMU_MADV_FREE));
	assert_kind_of_ranges(r, kinds ? HMMU_NOTIFY_CLEAR : 0);
	assert_ok(hmmu_madvise(r->m, r->tid, buf + PAGES(7), PAGES(1), HMMU_MADV_DONTNEED));
	assert_kind_of_ranges(r, kinds ? HMMU_NOTIFY_CLEAR : 0);
	assert_ok(hmmu_munmap(r->m, r->tid, tlbfs, MIB(2)));
	assert_kind_of_ranges(r, kinds ? HMMU_NOTIFY_UNMAP : 0);
	assert_ok(hmmu_munmap(r->m, r->tid, huge, MIB(2)));
	assert_kind_of_ranges(r, kinds ? HMMU_NOTIFY_UNMAP : 0);
	do_fork_of(r, r->tid);
	assert_kind_of_ranges(r, kinds ? HMMU_NOTIFY_PROTECTION_PAGE : 0);
	write_pages(r, buf, 1, 3);
	assert_kind_of_ranges(r, kinds ? HMMU_NOTIFY_CLEAR : 0);
	assert_ok(hmmu_mremap(r->m, r->tid, buf, PAGES(4), PAGES(4), HMMU_MREMAP_MAYMOVE | HMMU_MREMAP_FIXED, BASE,
			      &moved));
	/* The events are a part of a snapshot, with their kinds. */
	assert_ok(hmmu_clone(r->m, &copy));
	assert_true(hmmu_hash(copy) == hmmu_hash(r->m));
	hmmu_destroy(copy);
	assert_kind_of_ranges(r, kinds ? HMMU_NOTIFY_UNMAP : 0);
	rig_close(r);
}

static void test_kinds(void **state)
{
	(void)state;
	go_through_calls(HMMU_PROFILE_LINUX_6_12, true);
}

static void test_no_kinds(void **state)
{
	(void)state;
	go_through_calls(HMMU_PROFILE_LINUX_4_14, false);
}

/* "hugetlb: remove duplicate mmu notifications" (6.2) */
static void test_hugetlb_once(void **state)
{
	static const uint32_t profiles[] = { HMMU_PROFILE_LINUX_4_14, HMMU_PROFILE_LINUX_6_12 };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct rig *r = watched_rig(profiles[i]);
		uint64_t buf = map_at(r, 0, 512, HMMU_MAP_HUGETLB, RW);

		write_pages(r, buf, 1, 1);
		assert_ok(hmmu_munmap(r->m, r->tid, buf, MIB(2)));
		assert_int_equal(drain_events(r, HMMU_EVENT_INVALIDATE_START, NULL), 2 - i);
		rig_close(r);
	}
}

/* 4.14 tells secondary TLBs at the end of each range; 6.12 in each flush, and only there. */
static void test_secondary_tlbs(void **state)
{
	struct rig *r = watched_rig(HMMU_PROFILE_LINUX_6_12);
	uint64_t buf = map_anon(r, 4), empty = map_anon(r, 4);
	struct hmmu_event events[4];

	(void)state;
	write_pages(r, buf, 4, 1);
	assert_ok(hmmu_events_record(r->m, FLUSHES));
	assert_ok(hmmu_munmap(r->m, r->tid, empty, PAGES(4)));
	assert_int_equal(drain_events(r, HMMU_EVENT_INVALIDATE_RANGE, NULL), 0);
	assert_ok(hmmu_munmap(r->m, r->tid, buf, PAGES(3)));
	assert_int_equal(hmmu_events_read(r->m, events, 4), 3);
	assert_int_equal(events[0].type, HMMU_EVENT_INVALIDATE_START);
	assert_int_equal(events[1].type, HMMU_EVENT_TLB_FLUSH);
	assert_int_equal(events[2].type, HMMU_EVENT_INVALIDATE_RANGE);
	assert_int_equal(events[2].kind, HMMU_NOTIFY_NONE);
	assert_true(events[2].a == buf && events[2].b == buf + PAGES(3));
	rig_close(r);
}

/* Interval notifiers came with "mm/mmu_notifier: add an interval tree notifier" (5.5). */
static void test_no_intervals_in_4_14(void **state)
{
	struct rig *r = open_rig(.profile = HMMU_PROFILE_LINUX_4_14);
	uint32_t interval;
	uint64_t seq;

	(void)state;
	assert_failed(r->m, hmmu_mmu_interval_notifier_insert(r->m, r->pid, BASE, 1, 0, &interval), -EINVAL,
		      HMMU_ERR_SYSCALL);
	assert_failed(r->m, hmmu_mmu_interval_notifier_remove(r->m, 1), -EINVAL, HMMU_ERR_SYSCALL);
	assert_failed(r->m, hmmu_mmu_interval_read_begin(r->m, 1, &seq), -EINVAL, HMMU_ERR_SYSCALL);
	assert_failed(r->m, hmmu_mmu_interval_read_retry(r->m, 1, 1), -EINVAL, HMMU_ERR_SYSCALL);
	assert_failed(r->m, hmmu_mmu_interval_set_seq(r->m, 1, 1), -EINVAL, HMMU_ERR_SYSCALL);
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_intervals_in_4_14),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_no_kinds),
		cmocka_unit_test(test_hugetlb_once),
		cmocka_unit_test(test_secondary_tlbs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
