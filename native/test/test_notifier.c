/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mmu_notifier: each range that a call opens it closes, and secondary TLBs are told of an entry within an open range,
 * of the range when it is closed, and of what mmu_gather flushes. A driver that mirrors page tables relies on it.
 */
#include "support.h"

#define MOST_OPEN 8

static const uint32_t recorded = 1u << HMMU_EVENT_INVALIDATE_START | 1u << HMMU_EVENT_INVALIDATE_END |
				 1u << HMMU_EVENT_INVALIDATE_RANGE;

struct ranges {
	struct hmmu_event open[MOST_OPEN];
	int nr_open;
	int opened;
	int told;  /* within an open range: of entries that were replaced, and of the end of each range */
	int after; /* by the flush of what a call has gathered, when its range is closed */
};

static void close_range(struct ranges *ranges, const struct hmmu_event *end)
{
	for (int i = ranges->nr_open; i-- > 0;) {
		struct hmmu_event *open = &ranges->open[i];

		if (open->pid == end->pid && open->a == end->a && open->b == end->b) {
			*open = ranges->open[--ranges->nr_open];
			return;
		}
	}
	fail_msg("process %u: [%#llx, %#llx) is closed and was not open", end->pid, (unsigned long long)end->a,
		 (unsigned long long)end->b);
}

static bool within_open_range(const struct ranges *ranges, const struct hmmu_event *event)
{
	for (int i = 0; i < ranges->nr_open; i++)
		if (ranges->open[i].pid == event->pid && ranges->open[i].a <= event->a && event->b <= ranges->open[i].b)
			return true;
	return false;
}

/* Takes all events out of the ring; no range is open behind them. */
static struct ranges read_ranges(struct rig *r)
{
	struct ranges ranges = { .nr_open = 0 };
	struct hmmu_event event;

	while (hmmu_events_read(r->m, &event, 1) == 1) {
		if (event.type == HMMU_EVENT_INVALIDATE_START) {
			assert_true(ranges.nr_open < MOST_OPEN);
			ranges.open[ranges.nr_open++] = event;
			ranges.opened++;
		} else if (event.type == HMMU_EVENT_INVALIDATE_END) {
			close_range(&ranges, &event);
		} else if (ranges.nr_open) {
			assert_true(within_open_range(&ranges, &event));
			ranges.told++;
		} else {
			ranges.after++;
		}
	}
	assert_int_equal(ranges.nr_open, 0);
	return ranges;
}

/* The ranges that the last call opened, and how often it told secondary TLBs, within them and after. */
static void assert_ranges(struct rig *r, int opened, int told, int after)
{
	struct ranges ranges = read_ranges(r);

	assert_int_equal(ranges.opened, opened);
	assert_int_equal(ranges.told, told);
	assert_int_equal(ranges.after, after);
}

static struct rig *open_watched(void)
{
	struct rig *r = open_rig();

	assert_ok(hmmu_watch(r->m, r->pid));
	assert_ok(hmmu_events_record(r->m, recorded));
	return r;
}

static void test_system_calls(void **state)
{
	struct rig *r = open_watched();
	uint64_t buf = map_at(r, BEFORE_BORDER, 6, HMMU_MAP_ANON, 3), moved;

	(void)state;
	write_pages(r, buf, 6, 1);
	assert_ranges(r, 0, 0, 0);
	assert_ok(hmmu_mprotect(r->m, r->tid, buf, PAGES(6), HMMU_PROT_READ));
	assert_ranges(r, 1, 1, 0);
	assert_ok(hmmu_mprotect(r->m, r->tid, buf, PAGES(6), 3));
	assert_ranges(r, 1, 1, 0);
	assert_ok(hmmu_clear_soft_dirty(r->m, r->tid));
	assert_ranges(r, 1, 1, 1);
	assert_ok(hmmu_madvise(r->m, r->tid, buf, PAGES(1), HMMU_MADV_FREE));
	assert_ranges(r, 1, 1, 1);
	assert_ok(hmmu_madvise(r->m, r->tid, buf, PAGES(2), HMMU_MADV_DONTNEED));
	assert_ranges(r, 1, 1, 1);
	assert_ok(hmmu_mremap(r->m, r->tid, buf, PAGES(6), PAGES(6), HMMU_MREMAP_MAYMOVE | HMMU_MREMAP_FIXED,
			      BASE + MIB(8), &moved));
	assert_ranges(r, 2, 2, 1);
	assert_ok(hmmu_munmap(r->m, r->tid, moved, PAGES(6)));
	assert_ranges(r, 1, 1, 1);
	rig_close(r);
}

/* A store to a page of parent and child; both hear of their own entries only. */
static void test_fork_and_copy(void **state)
{
	struct rig *r = open_watched();
	uint64_t buf = map_anon(r, 2);
	uint32_t child;

	(void)state;
	write_pages(r, buf, 2, 1);
	child = do_fork_of(r, r->tid);
	assert_ranges(r, 1, 1, 0);
	assert_ok(store(r, hmmu_process_task(r->m, child), buf, 2));
	assert_ranges(r, 0, 0, 0);
	assert_ok(hmmu_watch(r->m, child));
	assert_ok(store(r, hmmu_process_task(r->m, child), buf + PAGES(1), 2));
	assert_ranges(r, 1, 2, 0);
	rig_close(r);
}

/* mprotect() opens one range for each GiB in which it finds a table. */
static void test_two_gib(void **state)
{
	struct rig *r = open_watched();
	uint64_t buf = map_at(r, 4 * MIB(1024) - PAGES(2), 4, HMMU_MAP_ANON, 3);

	(void)state;
	write_pages(r, buf, 4, 1);
	assert_ok(hmmu_mprotect(r->m, r->tid, buf, PAGES(4), HMMU_PROT_READ));
	assert_ranges(r, 2, 2, 0);
	rig_close(r);
}

static void test_huge_pages(void **state)
{
	struct rig *r = open_watched();
	uint64_t buf = map_huge(r, 512);

	(void)state;
	write_pages(r, buf, 1, 1);
	assert_ranges(r, 0, 0, 0);
	do_fork_of(r, r->tid);
	assert_ranges(r, 1, 1, 0);
	/* The copy of the whole page, then a split by the border of what is unmapped, and the unmapping. */
	write_pages(r, buf, 1, 2);
	assert_ranges(r, 1, 2, 0);
	assert_ok(hmmu_munmap(r->m, r->tid, buf, PAGES(1)));
	assert_ranges(r, 2, 2, 1);
	rig_close(r);
}

/* Collect opens one range, each other mapping has its own, and insertions share one. */
static void test_migration(void **state)
{
	struct rig *r = open_watched();
	uint64_t buf = map_anon(r, 4);
	uint32_t child;

	(void)state;
	write_pages(r, buf, 2, 1);
	assert_ok(migrate(r, buf, 4, HMMU_TO_DEVICE));
	assert_all_moved(r, 4);
	assert_ranges(r, 2, 2, 0);
	assert_ok(migrate(r, buf, 4, HMMU_TO_SYSTEM));
	assert_all_moved(r, 4);
	assert_ranges(r, 1, 1, 0);
	child = do_fork_of(r, r->tid);
	assert_ok(hmmu_watch(r->m, child));
	assert_ranges(r, 1, 1, 0);
	assert_ok(migrate(r, buf, 4, HMMU_TO_DEVICE));
	assert_all_moved(r, 4);
	assert_ranges(r, 9, 13, 0);
	rig_close(r);
}

/* Mappings of a file's page are unmapped in the order of their coming. */
static void test_order_of_mappings(void **state)
{
	struct rig *r = open_watched();
	uint64_t first = map_at(r, BASE + MIB(4), 1, HMMU_MAP_SHMEM, 3), second;
	struct hmmu_event events[8];

	(void)state;
	write_pages(r, first, 1, 1);
	assert_ok(
		hmmu_mremap(r->m, r->tid, first, 0, PAGES(1), HMMU_MREMAP_MAYMOVE | HMMU_MREMAP_FIXED, BASE, &second));
	read_pages(r, second, 1);
	assert_ok(hmmu_events_record(r->m, 0));
	drain_events(r, HMMU_EVENT_INVALIDATE_START, NULL);
	assert_ok(migrate(r, first, 1, HMMU_TO_SYSTEM));
	assert_int_equal(hmmu_events_read(r->m, events, 8), 3);
	assert_true(events[0].a == first); /* collect */
	assert_true(events[1].a == first);
	assert_true(events[2].a == second);
	rig_close(r);
}

/* Who watches is told of the end by mmu_notifier_release(), and hears of no range any more. */
static void test_end_of_process(void **state)
{
	struct rig *r = open_watched();
	uint32_t child;

	(void)state;
	write_pages(r, map_anon(r, 3), 3, 1);
	child = do_fork_of(r, r->tid);
	assert_ok(hmmu_watch(r->m, child));
	assert_ranges(r, 1, 1, 0);
	assert_ok(hmmu_exit(r->m, child));
	assert_ranges(r, 0, 0, 0);
	rig_close(r);
}

/* Events for which there is no room are lost and counted; those before them stay. */
static void test_full_ring(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	int written = 0;

	(void)state;
	assert_ok(hmmu_events_record(r->m, 1u << HMMU_EVENT_PAGE_FAULT));
	for (; !counter(r, HMMU_COUNT_EVENTS_LOST); written++) {
		assert_true(written < 1 << 20);
		write_pages(r, buf, 1, 1);
		assert_ok(hmmu_madvise(r->m, r->tid, buf, PAGES(1), HMMU_MADV_DONTNEED));
	}
	assert_int_equal(counter(r, HMMU_COUNT_EVENTS_LOST), 1);
	assert_int_equal(drain_events(r, HMMU_EVENT_PAGE_FAULT, NULL), written - 1);
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_full_ring),         cmocka_unit_test(test_end_of_process),
		cmocka_unit_test(test_order_of_mappings), cmocka_unit_test(test_system_calls),
		cmocka_unit_test(test_fork_and_copy),     cmocka_unit_test(test_two_gib),
		cmocka_unit_test(test_huge_pages),        cmocka_unit_test(test_migration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
