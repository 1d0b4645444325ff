/* SPDX-License-Identifier: GPL-2.0-only */
/* Sorted trees and interval trees, against what a look at everything finds. */
#include "thread_rig.h"

#include <linux/interval_tree.h>

#define COUNT 600u

/** A number in a tree. */
struct item {
	struct rb_node node;
	unsigned int number;
};

static u64 random_state = 1;

static unsigned int draw(unsigned int below)
{
	random_state = random_state * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned int)(random_state >> 33) % below;
}

static void insert(struct rb_root_cached *root, struct item *item)
{
	struct rb_node **link = &root->rb_root.rb_node, *parent = NULL;
	bool leftmost = true;

	while (*link) {
		parent = *link;
		if (item->number < rb_entry(parent, struct item, node)->number) {
			link = &parent->rb_left;
		} else {
			link = &parent->rb_right;
			leftmost = false;
		}
	}
	rb_link_node(&item->node, parent, link);
	rb_insert_color_cached(&item->node, root, leftmost);
}

/* All numbers in order, both ways. Returns how many. */
static unsigned int check_order(const struct rb_root_cached *root)
{
	unsigned int count = 0;
	struct rb_node *last = NULL;

	assert_ptr_equal(rb_first(&root->rb_root), rb_first_cached(root));
	for (struct rb_node *node = rb_first(&root->rb_root); node; node = rb_next(node)) {
		assert_ptr_equal(rb_prev(node), last);
		if (last)
			assert_true(rb_entry(last, struct item, node)->number <=
				    rb_entry(node, struct item, node)->number);
		last = node;
		count++;
	}
	assert_ptr_equal(rb_last(&root->rb_root), last);
	return count;
}

static unsigned int depth_of(const struct rb_node *node)
{
	unsigned int left = node ? depth_of(node->rb_left) : 0, right = node ? depth_of(node->rb_right) : 0;

	return node ? 1 + max(left, right) : 0;
}

static void test_order(void **state)
{
	static struct item items[COUNT];
	struct rb_root_cached root = RB_ROOT_CACHED;

	(void)state;
	for (unsigned int i = 0; i < COUNT; i++) {
		items[i].number = i; /* The worst order for a tree that is not balanced. */
		insert(&root, &items[i]);
	}
	assert_int_equal(check_order(&root), COUNT);
	assert_in_range(depth_of(root.rb_root.rb_node), 10, 40);
	for (unsigned int i = 0; i < COUNT; i += 3) {
		rb_erase_cached(&items[i].node, &root);
		RB_CLEAR_NODE(&items[i].node);
		assert_true(RB_EMPTY_NODE(&items[i].node));
	}
	assert_int_equal(check_order(&root), COUNT - COUNT / 3);
	for (unsigned int i = 0; i < COUNT; i++)
		if (i % 3)
			rb_erase_cached(&items[i].node, &root);
	assert_true(RB_EMPTY_ROOT(&root.rb_root));
	assert_null(rb_first(&root.rb_root));
}

static void test_replacement(void **state)
{
	struct item items[7], replacement = { .number = 3 };
	struct rb_root_cached root = RB_ROOT_CACHED;

	(void)state;
	for (unsigned int i = 0; i < 7; i++) {
		items[i].number = i;
		insert(&root, &items[i]);
	}
	rb_replace_node(&items[3].node, &replacement.node, &root.rb_root);
	assert_int_equal(check_order(&root), 7);
	assert_ptr_equal(rb_next(&items[2].node), &replacement.node);
}

/* --- intervals --- */

static struct interval_tree_node intervals[COUNT];
static bool is_there[COUNT];

static void check_search(struct rb_root_cached *root, unsigned long start, unsigned long last)
{
	unsigned int expected = 0, found = 0;
	unsigned long before = 0;

	for (unsigned int i = 0; i < COUNT; i++)
		expected += is_there[i] && intervals[i].start <= last && intervals[i].last >= start;
	for (struct interval_tree_node *node = interval_tree_iter_first(root, start, last); node;
	     node = interval_tree_iter_next(node, start, last)) {
		assert_true(node->start <= last && node->last >= start && node->start >= before);
		before = node->start;
		found++;
	}
	assert_int_equal(found, expected);
}

static void test_intervals(void **state)
{
	struct rb_root_cached root = RB_ROOT_CACHED;

	(void)state;
	assert_null(interval_tree_iter_first(&root, 0, ULONG_MAX));
	for (unsigned int step = 0; step < 4 * COUNT; step++) {
		unsigned int i = draw(COUNT);
		unsigned long start = draw(10000);

		if (is_there[i]) {
			interval_tree_remove(&intervals[i], &root);
		} else {
			intervals[i].start = start;
			intervals[i].last = start + draw(draw(10) ? 20 : 3000);
			interval_tree_insert(&intervals[i], &root);
		}
		is_there[i] = !is_there[i];
		start = draw(10000);
		check_search(&root, start, start + draw(200));
	}
	check_search(&root, 0, ULONG_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_replacement),
		cmocka_unit_test(test_intervals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
