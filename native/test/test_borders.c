/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mappings on both sides of the borders that tables have, and at both ends of user space: whatever is unmapped, moved,
 * forked or ended, neighbours keep their pages, and the tables are those that the remaining pages need.
 */
#include "support.h"

#include "mm/mm.h"

#define SIDES 6
/** Each border has pages from SIDES / 2 below it; the lowest address that can be named is 0x1000. */
static const uint64_t borders[] = {
	0x4000, 0x10000, MIB(2), 1ull << PUD_SHIFT, 1ull << PGD_SHIFT, HMMU_TASK_SIZE - PAGES(SIDES / 2),
};
#define BORDERS (sizeof(borders) / sizeof(borders[0]))

struct place {
	struct rig *r;
	bool mapped[BORDERS][SIDES];
};

static uint64_t side(size_t border, size_t i)
{
	return borders[border] - PAGES(SIDES / 2) + PAGES(i);
}

static uint8_t value(size_t border, size_t i)
{
	return (uint8_t)(1 + border * SIDES + i);
}

/* Mappings of one page each, with alternating protections so that they do not merge. */
static void map_side(struct place *p, size_t border, size_t i)
{
	map_at(p->r, side(border, i), 1, i % 2 ? HMMU_MAP_SHMEM : HMMU_MAP_ANON, HMMU_PROT_READ | HMMU_PROT_WRITE);
	write_pages(p->r, side(border, i), 1, value(border, i));
	p->mapped[border][i] = true;
}

static void open_place(struct place *p)
{
	memset(p, 0, sizeof(*p));
	p->r = open_rig();
	for (size_t border = 0; border < BORDERS; border++)
		for (size_t i = 0; i < SIDES; i++)
			map_side(p, border, i);
}

/* How many tables of a level the mapped pages need: one for each part of 1 << shift that has pages. */
static u64 tables_needed(const struct place *p, u32 shift)
{
	u64 needed = 0, last = ~0ull;

	for (size_t border = 0; border < BORDERS; border++)
		for (size_t i = 0; i < SIDES; i++)
			if (p->mapped[border][i] && side(border, i) >> shift != last) {
				last = side(border, i) >> shift;
				needed++;
			}
	return needed;
}

static void assert_pages(const struct place *p, uint32_t tid)
{
	for (size_t border = 0; border < BORDERS; border++)
		for (size_t i = 0; i < SIDES; i++)
			if (p->mapped[border][i])
				assert_bytes(p->r, tid, side(border, i), 1, value(border, i));
	assert_clean(p->r->m);
}

static void assert_place(const struct place *p)
{
	assert_pages(p, p->r->tid);
	assert_int_equal(mm_of(p->r->m, p->r->pid)->tables,
			 1 + tables_needed(p, PGD_SHIFT) + tables_needed(p, PUD_SHIFT) + tables_needed(p, PMD_SHIFT));
}

static void unmap_side(struct place *p, size_t border, size_t i)
{
	assert_ok(hmmu_munmap(p->r->m, p->r->tid, side(border, i), PAGES(1)));
	p->mapped[border][i] = false;
}

/* Steps that have no common divisor with the number of mappings go through all of them, each in another order. */
static void test_unmap_in_any_order(void **state)
{
	static const size_t steps[] = { 1, 5, 7, 11, 13, 17, 19, 23, 25, 29, 31, 35 };

	(void)state;
	for (size_t s = 0; s < sizeof(steps) / sizeof(steps[0]); s++) {
		struct place p;

		open_place(&p);
		for (size_t n = 0, at = s; n < BORDERS * SIDES; n++, at += steps[s]) {
			size_t i = at % (BORDERS * SIDES);

			unmap_side(&p, i / SIDES, i % SIDES);
			assert_place(&p);
		}
		rig_close(p.r);
	}
}

/* A range over a border, from any of its pages to any other. */
static void test_unmap_ranges(void **state)
{
	struct place p;

	(void)state;
	open_place(&p);
	for (size_t border = 0; border < BORDERS; border++)
		for (size_t first = 0; first < SIDES; first++)
			for (size_t last = first; last < SIDES; last++) {
				assert_ok(hmmu_munmap(p.r->m, p.r->tid, side(border, first), PAGES(last - first + 1)));
				memset(&p.mapped[border][first], false, last - first + 1);
				assert_place(&p);
				for (size_t i = first; i <= last; i++)
					map_side(&p, border, i);
			}
	rig_close(p.r);
}

static void move(struct place *p, uint64_t from, uint64_t to)
{
	uint64_t at;

	assert_ok(hmmu_mremap(p->r->m, p->r->tid, from, PAGES(1), PAGES(1), HMMU_MREMAP_MAYMOVE | HMMU_MREMAP_FIXED, to,
			      &at));
	assert_int_equal(at, to);
}

/* Each page goes to a place that another one has left at each border, and comes back. */
static void test_move(void **state)
{
	struct place p;

	(void)state;
	open_place(&p);
	for (size_t n = 0; n < BORDERS * SIDES; n++) {
		size_t from = n / SIDES, i = n % SIDES;

		for (size_t to = 0; to < BORDERS; to++) {
			size_t j = (i + 1) % SIDES;

			unmap_side(&p, to, j);
			if (to == from && j == i)
				continue;
			move(&p, side(from, i), side(to, j));
			p.mapped[from][i] = false;
			assert_bytes(p.r, p.r->tid, side(to, j), 1, value(from, i));
			move(&p, side(to, j), side(from, i));
			p.mapped[from][i] = true;
			assert_place(&p);
			map_side(&p, to, j);
		}
	}
	rig_close(p.r);
}

/* Unmapping in a child, and the child's end, leave the parent's pages alone. */
static void fork_and_unmap(size_t border, size_t i)
{
	struct place parent, child;
	uint32_t pid, tid;

	open_place(&parent);
	child = parent;
	pid = do_fork_of(parent.r, parent.r->tid);
	tid = hmmu_process_task(parent.r->m, pid);
	assert_ok(hmmu_munmap(parent.r->m, tid, side(border, i), PAGES(1)));
	child.mapped[border][i] = false;
	assert_pages(&child, tid);
	assert_place(&parent);
	unmap_side(&parent, border, (i + 1) % SIDES);
	assert_pages(&child, tid);
	assert_ok(hmmu_exit(parent.r->m, pid));
	assert_place(&parent);
	rig_close(parent.r);
}

static void test_fork_and_exit(void **state)
{
	(void)state;
	for (size_t border = 0; border < BORDERS; border++)
		for (size_t i = 0; i < SIDES; i++)
			fork_and_unmap(border, i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unmap_in_any_order),
		cmocka_unit_test(test_unmap_ranges),
		cmocka_unit_test(test_move),
		cmocka_unit_test(test_fork_and_exit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
