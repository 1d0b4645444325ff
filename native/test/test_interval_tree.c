/* SPDX-License-Identifier: GPL-2.0-only */
/* Interval trees against a plain list: the order of equal starts, a node behind its parent, walks over what meets a range. */
#include "support.h"

#include "machine/check_interval_tree.h"

enum { NODES = 200, PLACES = 40 };

struct fixture {
	struct avc records[NODES + 1];
	struct interval_nodes nodes;
	struct interval_root root;
	u32 list[NODES], count; /* the same nodes in their order */
	u32 random;
};

static u32 pick(struct fixture *f, u32 below)
{
	f->random = f->random * 1664525 + 1013904223;
	return (f->random >> 8) % below;
}

static void list_insert(struct fixture *f, u32 at, u32 slot)
{
	memmove(&f->list[at + 1], &f->list[at], (f->count++ - at) * sizeof(*f->list));
	f->list[at] = slot;
}

static void insert_at_random(struct fixture *f, u32 slot)
{
	struct interval_node *node = node_of(f->nodes, slot);
	u32 at = 0;

	node->start = pick(f, PLACES);
	node->last = node->start + pick(f, 5) * pick(f, 5);
	while (at < f->count && node_of(f->nodes, f->list[at])->start <= node->start)
		at++;
	list_insert(f, at, slot);
	interval_tree_insert(f->nodes, &f->root, slot);
}

static void insert_behind_another(struct fixture *f, u32 slot)
{
	u32 at = pick(f, f->count), prev = f->list[at];
	struct interval_node *node = node_of(f->nodes, slot);

	node->start = node_of(f->nodes, prev)->start;
	node->last = node->start + pick(f, 9);
	list_insert(f, at + 1, slot);
	interval_tree_insert_after(f->nodes, &f->root, slot, prev);
}

static void remove_node(struct fixture *f, u32 slot)
{
	u32 at = 0;

	while (f->list[at] != slot)
		at++;
	memmove(&f->list[at], &f->list[at + 1], (--f->count - at) * sizeof(*f->list));
	interval_tree_remove(f->nodes, &f->root, slot);
}

static void compare_walks(struct fixture *f, u64 start, u64 last)
{
	u32 slot = interval_tree_first(f->nodes, f->root, start, last);

	for (u32 i = 0; i < f->count; i++) {
		const struct interval_node *node = node_of(f->nodes, f->list[i]);

		if (node->start > last || node->last < start)
			continue;
		assert_int_equal(slot, f->list[i]);
		assert_int_equal(interval_tree_step(f->nodes, slot, start, last),
				 interval_tree_next(f->nodes, slot, start, last));
		slot = interval_tree_next(f->nodes, slot, start, last);
	}
	assert_int_equal(slot, 0);
}

static bool is_any(const void *data, u32 owner, u32 slot)
{
	(void)data;
	return slot && !owner;
}

static void assert_whole(struct fixture *f)
{
	struct tree_check tree = { .nodes = f->nodes, .root = f->root, .high = NODES + 1, .is_member = is_any };

	assert_int_equal(check_interval_tree(&tree), TREE_IS_GOOD);
	assert_int_equal(tree.count, f->count);
}

static void test_against_a_list(void **state)
{
	static struct fixture f = { .random = 1 };
	bool in[NODES + 1] = { false };

	(void)state;
	f.nodes = INTERVAL_NODES(f.records);
	for (u32 round = 0; round < 20000; round++) {
		u32 slot = 1 + pick(&f, NODES);

		if (in[slot])
			remove_node(&f, slot);
		else if (f.count && !pick(&f, 3))
			insert_behind_another(&f, slot);
		else
			insert_at_random(&f, slot);
		in[slot] = !in[slot];
		if (round % 16 == 0) {
			u64 start = pick(&f, PLACES);

			compare_walks(&f, start, start + pick(&f, 4));
			compare_walks(&f, 0, UINT64_MAX);
			assert_whole(&f);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_a_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
