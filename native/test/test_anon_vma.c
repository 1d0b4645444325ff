/* SPDX-License-Identifier: GPL-2.0-only */
/* anon_vma objects and the chains that link them with mappings: prepare, clone, fork, unlink, and their order. */
#include "support.h"

#include "rmap/rmap.h"

static u32 vma_in(struct rig *r, uint32_t pid, uint64_t address)
{
	u32 vma = vma_at(r->m, pid, address);

	assert_int_not_equal(vma, 0);
	return vma;
}

static u32 anon_vma_in(struct rig *r, uint32_t pid, uint64_t address)
{
	return vma_of(r->m, vma_in(r, pid, address))->anon_vma;
}

static u32 chain_length(struct rig *r, u32 vma)
{
	u32 n = 0, prev = 0;

	for (u32 avc = vma_of(r->m, vma)->avc_head; avc; prev = avc, avc = r->m->avcs[avc].same_vma_next, n++) {
		assert_int_equal(r->m->avcs[avc].vma, vma);
		assert_int_equal(r->m->avcs[avc].same_vma_prev, prev);
	}
	return n;
}

/* The mappings of an anon_vma in its order; returns how many. */
static u32 mappings_of(struct rig *r, u32 anon_vma, u32 vmas[], u32 capacity)
{
	u32 n = 0;

	for (u32 avc = interval_tree_first(avc_nodes(r->m), r->m->anon_vmas[anon_vma].tree, 0, UINT64_MAX); avc;
	     avc = interval_tree_next(avc_nodes(r->m), avc, 0, UINT64_MAX)) {
		assert_true(n < capacity);
		vmas[n++] = r->m->avcs[avc].vma;
	}
	return n;
}

static int prepare(struct rig *r, u32 vma)
{
	struct ctx ctx = { .m = r->m };

	return anon_vma_prepare(&ctx, vma);
}

static void test_prepare(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 4);
	u32 vma = vma_in(r, r->pid, buf), anon_vma;

	(void)state;
	assert_int_equal(vma_of(r->m, vma)->anon_vma, 0);
	/* A load maps the zero page, which needs none. */
	read_pages(r, buf, 1);
	assert_int_equal(counter(r, HMMU_COUNT_ANON_VMAS), 0);
	assert_ok(prepare(r, vma));
	anon_vma = vma_of(r->m, vma)->anon_vma;
	assert_int_not_equal(anon_vma, 0);
	assert_int_equal(r->m->anon_vmas[anon_vma].root, anon_vma);
	assert_int_equal(r->m->anon_vmas[anon_vma].parent, anon_vma);
	assert_int_equal(chain_length(r, vma), 1);
	assert_ok(prepare(r, vma));
	assert_int_equal(vma_of(r->m, vma)->anon_vma, anon_vma);
	assert_int_equal(counter(r, HMMU_COUNT_ANON_VMAS), 1);
	assert_ok(hmmu_munmap(r->m, r->tid, buf, PAGES(4)));
	assert_int_equal(counter(r, HMMU_COUNT_ANON_VMAS), 0);
	rig_close(r);
}

static void test_prepare_fails(void **state)
{
	struct rig *r = open_rig();
	u32 vma = vma_in(r, r->pid, map_anon(r, 1));

	(void)state;
	for (uint64_t nth = 1; nth <= 2; nth++) {
		assert_ok(hmmu_inject(r->m, HMMU_INJECT_ANON_VMA, nth, false));
		assert_int_equal(prepare(r, vma), -ENOMEM);
		assert_int_equal(vma_of(r->m, vma)->anon_vma, 0);
		assert_int_equal(chain_length(r, vma), 0);
		assert_int_equal(counter(r, HMMU_COUNT_ANON_VMAS), 0);
		assert_int_equal(r->m->st->slabs[SLAB_AVC].used, 0);
	}
	assert_ok(prepare(r, vma));
	rig_close(r);
}

/*
 * |-rw A-|-r  B-|-rw C-|   neighbours that differ in their protection only, and so may be merged one day,
 *                          use one anon_vma
 */
static void test_neighbours_share(void **state)
{
	struct rig *r = open_rig();
	uint64_t a = map_at(r, BASE, 6, HMMU_MAP_ANON, HMMU_PROT_WRITE), b = a + PAGES(2), c = a + PAGES(4);

	(void)state;
	assert_ok(hmmu_mprotect(r->m, r->tid, b, PAGES(2), HMMU_PROT_READ));
	assert_int_equal(counter(r, HMMU_COUNT_MAPPINGS), 3);
	write_pages(r, a, 1, 1);
	assert_int_equal(anon_vma_in(r, r->pid, b), 0);
	assert_ok(prepare(r, vma_in(r, r->pid, b)));
	write_pages(r, c, 1, 1);
	assert_int_equal(anon_vma_in(r, r->pid, b), anon_vma_in(r, r->pid, a));
	assert_int_equal(anon_vma_in(r, r->pid, c), anon_vma_in(r, r->pid, a));
	assert_int_equal(counter(r, HMMU_COUNT_ANON_VMAS), 1);
	rig_close(r);
}

/* A gap, or another attribute, keeps them apart. */
static void test_others_do_not_share(void **state)
{
	struct rig *r = open_rig();
	uint64_t a = map_at(r, BASE, 2, HMMU_MAP_ANON, HMMU_PROT_WRITE);
	uint64_t gap = map_at(r, BASE + PAGES(3), 2, HMMU_MAP_ANON, HMMU_PROT_WRITE);
	uint64_t other = map_at(r, BASE + PAGES(5), 2, HMMU_MAP_FILE, HMMU_PROT_WRITE);

	(void)state;
	assert_ok(hmmu_madvise(r->m, r->tid, gap, PAGES(2), HMMU_MADV_DONTFORK));
	write_pages(r, a, 1, 1);
	write_pages(r, gap, 1, 1);
	write_pages(r, other, 1, 1);
	assert_int_equal(counter(r, HMMU_COUNT_ANON_VMAS), 3);
	rig_close(r);
}

/* A split copies the chain; both halves stay in the order of their first pages. */
static void test_split_clones(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 9);
	u32 vmas[4], n;

	(void)state;
	write_pages(r, buf, 9, 1);
	assert_ok(hmmu_mprotect(r->m, r->tid, buf + PAGES(3), PAGES(3), HMMU_PROT_READ));
	assert_int_equal(counter(r, HMMU_COUNT_ANON_VMAS), 1);
	n = mappings_of(r, anon_vma_in(r, r->pid, buf), vmas, 4);
	assert_int_equal(n, 3);
	for (u32 i = 0; i < n; i++)
		assert_true(vma_of(r->m, vmas[i])->start == buf + PAGES(3 * i));
	assert_ok(hmmu_munmap(r->m, r->tid, buf + PAGES(3), PAGES(3)));
	assert_int_equal(mappings_of(r, anon_vma_in(r, r->pid, buf), vmas, 4), 2);
	assert_bytes(r, r->tid, buf + PAGES(6), 3, 7);
	rig_close(r);
}

/* The child has an anon_vma of its own and is in its parent's, too; the root is the oldest. */
static void test_fork(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	uint32_t child, grandchild;
	u32 root, middle, leaf, vmas[4];

	(void)state;
	write_pages(r, buf, 1, 1);
	root = anon_vma_in(r, r->pid, buf);
	child = do_fork_of(r, r->tid);
	grandchild = do_fork_of(r, hmmu_process_task(r->m, child));
	middle = anon_vma_in(r, child, buf);
	leaf = anon_vma_in(r, grandchild, buf);
	assert_int_equal(chain_length(r, vma_in(r, child, buf)), 2);
	assert_int_equal(chain_length(r, vma_in(r, grandchild, buf)), 3);
	assert_int_equal(r->m->anon_vmas[leaf].parent, middle);
	assert_int_equal(r->m->anon_vmas[leaf].root, root);
	/* All of one first page: in the order of their coming. */
	assert_int_equal(mappings_of(r, root, vmas, 4), 3);
	assert_int_equal(vmas[0], vma_in(r, r->pid, buf));
	assert_int_equal(vmas[1], vma_in(r, child, buf));
	assert_int_equal(vmas[2], vma_in(r, grandchild, buf));
	assert_int_equal(mappings_of(r, middle, vmas, 4), 2);
	assert_int_equal(mappings_of(r, leaf, vmas, 4), 1);
	rig_close(r);
}

/* The root stays while a descendant is there; afterwards all is gone. */
static void test_parent_exits_first(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	uint32_t child, grandchild;

	(void)state;
	write_pages(r, buf, 1, 1);
	child = do_fork_of(r, r->tid);
	grandchild = do_fork_of(r, hmmu_process_task(r->m, child));
	assert_int_equal(counter(r, HMMU_COUNT_ANON_VMAS), 3);
	assert_ok(hmmu_exit(r->m, r->pid));
	assert_clean(r->m);
	assert_bytes(r, hmmu_process_task(r->m, grandchild), buf, 1, 1);
	assert_ok(hmmu_exit(r->m, child));
	assert_clean(r->m);
	assert_ok(store(r, hmmu_process_task(r->m, grandchild), buf, 2));
	assert_ok(hmmu_exit(r->m, grandchild));
	assert_int_equal(counter(r, HMMU_COUNT_ANON_VMAS), 0);
	rig_close(r);
}

/* "mm: prevent endless growth of anon_vma hierarchy": an anon_vma without a mapping of its own is taken by the next child. */
static void test_hierarchy_does_not_grow(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	uint32_t pid = r->pid;

	(void)state;
	write_pages(r, buf, 1, 1);
	for (int generation = 0; generation < 20; generation++) {
		uint32_t child = do_fork_of(r, hmmu_process_task(r->m, pid));

		assert_ok(store(r, hmmu_process_task(r->m, child), buf, 2));
		assert_ok(hmmu_exit(r->m, pid));
		pid = child;
		assert_in_range(counter(r, HMMU_COUNT_ANON_VMAS), 1, 3);
		assert_in_range(chain_length(r, vma_in(r, pid, buf)), 1, 3);
	}
	rig_close(r);
}

/* Each allocation of a fork's chains fails once: nothing of the child is left. */
static void test_fork_fails(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1), frames;
	uint32_t child, grandchild;
	int failures = 0;

	(void)state;
	write_pages(r, buf, 1, 1);
	child = do_fork_of(r, r->tid);
	frames = counter(r, HMMU_COUNT_RAM_FREE);
	for (uint64_t nth = 1;; nth++, failures++) {
		assert_ok(hmmu_inject(r->m, HMMU_INJECT_ANON_VMA, nth, false));
		if (!hmmu_fork(r->m, hmmu_process_task(r->m, child), &grandchild))
			break;
		assert_int_equal(hmmu_error(r->m)->err, -ENOMEM);
		assert_int_equal(counter(r, HMMU_COUNT_ANON_VMAS), 2);
		assert_int_equal(counter(r, HMMU_COUNT_RAM_FREE), frames);
		assert_clean(r->m);
	}
	/* Two links to ancestors, an anon_vma and a link to that. */
	assert_int_equal(failures, 4);
	assert_ok(hmmu_inject(r->m, HMMU_INJECT_ANON_VMA, 0, false));
	rig_close(r);
}

static void test_references(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	u32 anon_vma;

	(void)state;
	write_pages(r, buf, 1, 1);
	anon_vma = anon_vma_in(r, r->pid, buf);
	get_anon_vma(r->m, anon_vma);
	assert_ok(hmmu_munmap(r->m, r->tid, buf, PAGES(1)));
	assert_int_equal(counter(r, HMMU_COUNT_ANON_VMAS), 1);
	put_anon_vma(r->m, anon_vma);
	assert_int_equal(counter(r, HMMU_COUNT_ANON_VMAS), 0);
	rig_close(r);
}

/* The first anon_vma is its own parent, so it never serves a descendant again. */
static void test_root_is_not_reused(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	uint32_t child;

	(void)state;
	write_pages(r, buf, 1, 1);
	child = do_fork_of(r, r->tid);
	assert_ok(hmmu_exit(r->m, r->pid));
	do_fork_of(r, hmmu_process_task(r->m, child));
	assert_int_equal(counter(r, HMMU_COUNT_ANON_VMAS), 3);
	rig_close(r);
}

/* A child's mapping has its parent's anon_vma, too. A neighbour that took over only its own could never be merged. */
static void test_inherited_chain_is_not_shared(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1), at;
	struct hmmu_map behind = { .address = buf + PAGES(1), .pages = 1, .prot = 3 };
	uint32_t task;

	(void)state;
	write_pages(r, buf, 1, 1);
	task = hmmu_process_task(r->m, do_fork_of(r, r->tid));
	assert_ok(hmmu_mmap(r->m, task, &behind, &at));
	assert_ok(store(r, task, at, 1));
	assert_int_equal(counter(r, HMMU_COUNT_MAPPINGS), 3);
	assert_int_equal(counter(r, HMMU_COUNT_ANON_VMAS), 3);
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_inherited_chain_is_not_shared),
		cmocka_unit_test(test_root_is_not_reused),
		cmocka_unit_test(test_prepare),
		cmocka_unit_test(test_prepare_fails),
		cmocka_unit_test(test_neighbours_share),
		cmocka_unit_test(test_others_do_not_share),
		cmocka_unit_test(test_split_clones),
		cmocka_unit_test(test_fork),
		cmocka_unit_test(test_parent_exits_first),
		cmocka_unit_test(test_hierarchy_does_not_grow),
		cmocka_unit_test(test_fork_fails),
		cmocka_unit_test(test_references),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
