/* SPDX-License-Identifier: GPL-2.0-only */
/* Statistics: spans as a tree, counts, and that they leave the machine alone. */
#include <string.h>

#include "support.h"

_Static_assert((int)HMMU_SPAN_COLLECT == (int)HMMU_STAGE_COLLECT && (int)HMMU_SPAN_PREPARE == (int)HMMU_STAGE_PREPARE &&
		       (int)HMMU_SPAN_UNMAP == (int)HMMU_STAGE_UNMAP &&
		       (int)HMMU_SPAN_ALLOC_AND_COPY == (int)HMMU_STAGE_ALLOC_AND_COPY &&
		       (int)HMMU_SPAN_PAGES == (int)HMMU_STAGE_PAGES &&
		       (int)HMMU_SPAN_FINALIZE_AND_MAP == (int)HMMU_STAGE_FINALIZE_AND_MAP &&
		       (int)HMMU_SPAN_FINALIZE == (int)HMMU_STAGE_FINALIZE,
	       "stages have the numbers of their spans");

static void test_no_state(void **state)
{
	struct rig *a = open_rig(.ram_pages = 4096, .device_pages = 64);
	struct rig *b = open_rig(.ram_pages = 4096, .device_pages = 64);
	struct rig *rigs[] = { a, b };
	struct hmmu_stats stats;
	struct hmmu *copy;

	(void)state;
	assert_ok(hmmu_stats_enable(a->m, true));
	for (int i = 0; i < 2; i++) {
		uint64_t buf = map_anon(rigs[i], 8);

		write_pages(rigs[i], buf, 8, 1);
		assert_ok(migrate(rigs[i], buf, 8, HMMU_TO_DEVICE));
		write_pages(rigs[i], buf, 2, 1);
	}
	assert_true(hmmu_hash(a->m) == hmmu_hash(b->m));
	hmmu_stats(b->m, &stats);
	assert_true(stats.spans[HMMU_SPAN_MIGRATE].runs == 0 && !stats.enabled);
	assert_int_equal(hmmu_stats_tree(b->m, NULL, 0), 0);
	hmmu_stats(a->m, &stats);
	assert_true(stats.spans[HMMU_SPAN_MIGRATE].runs == 3);
	assert_ok(hmmu_clone(a->m, &copy));
	hmmu_stats(copy, &stats);
	assert_false(stats.enabled);
	assert_true(stats.spans[HMMU_SPAN_MIGRATE].runs == 0);
	hmmu_destroy(copy);
	rig_close(a);
	rig_close(b);
}

/* A range of several tables: collect is one run of many pieces. */
static void test_entries_across_tables(void **state)
{
	struct rig *r = open_rig(.ram_pages = 8192, .device_pages = 2048);
	uint64_t buf = map_anon(r, 1300);
	struct hmmu_stats stats;

	(void)state;
	write_pages(r, buf, 1300, 1);
	assert_ok(hmmu_stats_enable(r->m, true));
	assert_ok(migrate(r, buf, 1300, HMMU_TO_DEVICE));
	hmmu_stats(r->m, &stats);
	for (int span = HMMU_SPAN_COLLECT; span <= HMMU_SPAN_MIGRATE; span++) {
		assert_true(stats.spans[span].runs == 1);
		assert_true(stats.spans[span].entries == 1300);
	}
	rig_close(r);
}

/* A driver whose callback makes faults that migrate other pages, which make ... until there is no room in the tree. */
struct nesting {
	struct rig *r;
	uint64_t buf;
	int depth;
};

static int nest(struct hmmu_migration *mig, void *data)
{
	struct nesting *n = data;
	const struct hmmu_migrate_ops ops = { nest, NULL };
	uint64_t src = 0, dst = 0;
	struct hmmu_migrate_request request = {
		.tid = n->r->tid,
		.start = n->buf + PAGES(1),
		.end = n->buf + PAGES(2),
		.src = &src,
		.dst = &dst,
		.ops = &ops,
		.data = n,
	};

	(void)mig;
	if (n->depth == 0)
		return 0;
	n->depth--;
	n->buf += PAGES(1);
	return hmmu_migrate_vma(n->r->m, &request);
}

static void test_tree_has_an_end(void **state)
{
	static struct hmmu_stats_node nodes[HMMU_STATS_NODES];
	struct rig *r = open_rig(.ram_pages = 4096, .device_pages = 4);
	struct nesting n = { .r = r, .depth = 100 };
	uint64_t src = 0, dst = 0;
	struct hmmu_migrate_ops ops = { nest, NULL };
	struct hmmu_migrate_request request = { .tid = r->tid, .src = &src, .dst = &dst, .ops = &ops, .data = &n };
	int count;

	(void)state;
	n.buf = map_anon(r, 128);
	write_pages(r, n.buf, 128, 1);
	request.start = n.buf;
	request.end = n.buf + PAGES(1);
	assert_ok(hmmu_stats_enable(r->m, true));
	assert_ok(hmmu_migrate_vma(r->m, &request));
	count = hmmu_stats_tree(r->m, nodes, HMMU_STATS_NODES);
	assert_int_equal(count, HMMU_STATS_NODES - 1);
	for (int i = 0; i < count; i++)
		assert_true(nodes[i].parent <= (uint32_t)i);
	assert_int_equal(nodes[0].span, HMMU_SPAN_MIGRATE);
	assert_int_equal(nodes[0].parent, 0);
	rig_close(r);
}

/* A node has at least the cycles of the nodes below it. */
static void test_cycles(void **state)
{
	struct hmmu_stats_node nodes[64];
	struct rig *r = open_rig(.ram_pages = 4096, .device_pages = 64);
	uint64_t buf = map_anon(r, 64), below = 0, own = 0;
	struct hmmu_stats stats;
	uint8_t byte;
	int count;

	(void)state;
	write_pages(r, buf, 64, 1);
	assert_ok(hmmu_stats_enable(r->m, true));
	assert_ok(migrate(r, buf, 64, HMMU_TO_DEVICE));
	assert_ok(hmmu_load(r->m, r->tid, buf, &byte, 1, NULL));
	assert_ok(hmmu_stats_enable(r->m, false));
	count = hmmu_stats_tree(r->m, nodes, 64);
	hmmu_stats(r->m, &stats);
	for (int i = 0; i < count; i++)
		below += nodes[i].parent == 1 ? nodes[i].cycles : 0;
	assert_true(nodes[0].cycles >= below);
	for (int i = 0; i < HMMU_SPAN_COUNT; i++)
		own += stats.spans[i].cycles;
	below = 0;
	for (int i = 0; i < count; i++)
		below += nodes[i].parent ? 0 : nodes[i].cycles;
	assert_true(own == below);
	rig_close(r);
}

/* Times of events are beside the ring, and come with the events they belong to. */
static void test_times_of_events(void **state)
{
	struct rig *a = open_rig(.ram_pages = 4096), *b = open_rig(.ram_pages = 4096);
	struct hmmu_event events[8];
	uint64_t cycles[8], buf = map_anon(a, 4);

	(void)state;
	assert_true(buf == map_anon(b, 4));
	assert_ok(hmmu_events_record(a->m, 1 << HMMU_EVENT_PAGE_FAULT));
	assert_ok(hmmu_events_record(b->m, 1 << HMMU_EVENT_PAGE_FAULT));
	assert_ok(hmmu_events_time(a->m, true));
	write_pages(a, buf, 4, 1);
	write_pages(b, buf, 4, 1);
	assert_true(hmmu_hash(a->m) == hmmu_hash(b->m));
	assert_int_equal(hmmu_events_read_timed(a->m, events, cycles, 3), 3);
	assert_int_equal(hmmu_events_read_timed(a->m, events + 3, cycles + 3, 5), 1);
	for (int i = 1; i < 4; i++) {
		assert_true(events[i].a == buf + PAGES(i));
		assert_true(cycles[i] >= cycles[i - 1]);
	}
	assert_int_equal(hmmu_events_read_timed(b->m, events, cycles, 8), 4);
	assert_true(cycles[0] == 0 && cycles[3] == 0);
	assert_ok(hmmu_events_time(a->m, false));
	rig_close(a);
	rig_close(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_state),        cmocka_unit_test(test_entries_across_tables),
		cmocka_unit_test(test_tree_has_an_end), cmocka_unit_test(test_cycles),
		cmocka_unit_test(test_times_of_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
