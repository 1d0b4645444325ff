/* SPDX-License-Identifier: GPL-2.0-only */
/* Huge pages of Linux 6.12: map counts, splits of a huge pmd and of the page, pages of zeros, and pins. */
#include "support.h"

#include "mm/pgtable.h"
#include "rmap/huge.h"
#include "rmap/rmap.h"

#define open_6_12(...) open_rig(.profile = HMMU_PROFILE_LINUX_6_12, __VA_ARGS__)
#define ANON (HMMU_PG_UPTODATE | HMMU_PG_LRU | HMMU_PG_SWAPBACKED | HMMU_PG_EXCLUSIVE)
#define WDA (HMMU_BIT_WRITE | HMMU_BIT_DIRTY | HMMU_BIT_ACCESSED)

/* A huge page, in which only the first page is not zero. */
static uint64_t map_huge_page(struct rig *r)
{
	uint64_t buf = map_huge(r, 512);

	write_pages(r, buf, 1, 7);
	assert_kind(r, buf, 512, HMMU_ENTRY_HUGE);
	return buf;
}

static void split_pmd(struct rig *r, uint64_t buf)
{
	struct ctx ctx = { .m = r->m, .mm = r->pid, .task = r->tid };

	split_huge_pmd_address(&ctx, vma_at(r->m, r->pid, buf), buf, false, 0);
	assert_kind(r, buf, 512, HMMU_ENTRY_SYS);
}

/* split_huge_page() as a caller that holds a reference and the lock. */
static int split_page(struct rig *r, uint32_t pfn)
{
	struct ctx ctx = { .m = r->m, .mm = r->pid, .task = r->tid };

	assert_true(get_and_trylock_huge_page(r->m, pfn));
	return split_and_put_huge_page(&ctx, pfn);
}

/* Each part gets the bits of the pmd, the mark of the head, a map and a reference. */
static void test_split_pmd(void **state)
{
	struct rig *r = open_6_12();
	uint64_t buf = map_huge_page(r);
	uint32_t head = pfn_at(r, buf);

	(void)state;
	assert_int_equal(total_mapcount(r->m, head), 1);
	assert_page(r, buf + PAGES(5), 1, 1, ANON | HMMU_PG_TAIL);
	split_pmd(r, buf);
	assert_page(r, buf, 512, 1, ANON | HMMU_PG_HEAD | HMMU_PG_DIRTY);
	assert_page(r, buf + PAGES(5), 512, 1, ANON | HMMU_PG_TAIL | HMMU_PG_DIRTY);
	assert_bits(r, buf + PAGES(5), WDA | HMMU_BIT_SOFT_DIRTY);
	assert_int_equal(total_mapcount(r->m, head), 512);
	assert_int_equal(compound_mapcount(r->m, head), 0);
	assert_clean(r->m);
	assert_ok(hmmu_munmap(r->m, r->tid, buf, PAGES(1)));
	assert_int_equal(total_mapcount(r->m, head), 511);
	rig_close(r);
}

/* The quirk: a dirty pmd that is not soft-dirty becomes soft-dirty entries. */
static void test_split_soft_dirties(void **state)
{
	(void)state;
	for (int off = 0; off < 2; off++) {
		struct rig *r = open_6_12(.quirks_off = off ? HMMU_QUIRK_PMD_SPLIT_SOFT_DIRTIES : 0);
		uint64_t buf = map_huge_page(r);

		assert_ok(hmmu_clear_soft_dirty(r->m, r->tid));
		assert_bits(r, buf, HMMU_BIT_DIRTY | HMMU_BIT_ACCESSED);
		split_pmd(r, buf);
		assert_bits(r, buf, HMMU_BIT_DIRTY | HMMU_BIT_ACCESSED | (off ? 0 : HMMU_BIT_SOFT_DIRTY));
		rig_close(r);
	}
}

/* The parent's pmd is split, the child's is not. No count is taken twice. */
static void test_shared_counts(void **state)
{
	struct rig *r = open_6_12();
	uint64_t buf = map_huge_page(r);
	uint32_t head = pfn_at(r, buf), child = do_fork_of(r, r->tid);

	(void)state;
	assert_int_equal(total_mapcount(r->m, head), 2);
	assert_true(folio_likely_mapped_shared(r->m, head));
	split_pmd(r, buf);
	assert_int_equal(total_mapcount(r->m, head), 513);
	assert_int_equal(page_mapcount(r->m, head + 9), 2);
	assert_true(folio_likely_mapped_shared(r->m, head));
	/* Since fork() the page is exclusive to nobody. */
	assert_page(r, buf + PAGES(9), 513, 2, (ANON & ~HMMU_PG_EXCLUSIVE) | HMMU_PG_TAIL | HMMU_PG_DIRTY);
	assert_clean(r->m);
	assert_ok(hmmu_exit(r->m, child));
	assert_int_equal(total_mapcount(r->m, head), 512);
	assert_false(folio_likely_mapped_shared(r->m, head));
	rig_close(r);
}

/* Entries come back as they were; pages of zeros are given back, and the zero page takes their place. */
static void test_split_page(void **state)
{
	struct rig *r = open_6_12();
	uint64_t buf = map_huge_page(r), free;

	(void)state;
	free = counter(r, HMMU_COUNT_RAM_FREE);
	assert_ok(split_page(r, pfn_at(r, buf)));
	assert_kind(r, buf, 1, HMMU_ENTRY_SYS);
	assert_bits(r, buf, WDA | HMMU_BIT_SOFT_DIRTY);
	assert_page(r, buf, 1, 1, ANON | HMMU_PG_DIRTY);
	assert_kind(r, buf + PAGES(1), 511, HMMU_ENTRY_ZERO);
	assert_bits(r, buf + PAGES(1), HMMU_BIT_ACCESSED | HMMU_BIT_SOFT_DIRTY);
	assert_int_equal(mm_counters(r, r->pid).anon, 1);
	assert_int_equal(counter(r, HMMU_COUNT_RAM_FREE), free + 511);
	assert_int_equal(counter(r, HMMU_COUNT_LRU_INACTIVE_ANON), 1);
	rig_close(r);
}

/* A locked mapping keeps its pages of zeros, each of which is mlocked again. */
static void test_split_locked_page(void **state)
{
	struct rig *r = open_6_12();
	uint64_t buf = map_huge_page(r);

	(void)state;
	assert_ok(hmmu_mlock(r->m, r->tid, buf, PAGES(512)));
	assert_ok(split_page(r, pfn_at(r, buf)));
	assert_kind(r, buf, 512, HMMU_ENTRY_SYS);
	assert_int_equal(counter(r, HMMU_COUNT_LRU_UNEVICTABLE), 512);
	assert_int_equal(mm_counters(r, r->pid).anon, 512);
	rig_close(r);
}

/* So does a page that another mapping has mlocked. */
static void test_split_mlocked_page(void **state)
{
	struct rig *r = open_6_12();
	uint64_t buf = map_huge_page(r);
	uint32_t head = pfn_at(r, buf);

	(void)state;
	page_set(r->m, head, HMMU_PG_MLOCKED);
	assert_ok(split_page(r, head));
	assert_kind(r, buf, 512, HMMU_ENTRY_SYS);
	rig_discard(r);
}

/* All processes that map the page have the zero page in the same places. Who shares the rest is not its owner. */
static void test_split_shared_page(void **state)
{
	struct rig *r = open_6_12();
	uint64_t buf = map_huge_page(r);
	uint32_t child = do_fork_of(r, r->tid);

	(void)state;
	assert_ok(split_page(r, pfn_at(r, buf)));
	assert_page(r, buf, 2, 2, (ANON & ~HMMU_PG_EXCLUSIVE) | HMMU_PG_DIRTY);
	assert_int_equal(entry_of(r, child, buf + PAGES(1)).kind, HMMU_ENTRY_ZERO);
	assert_int_equal(mm_counters(r, child).anon, 1);
	assert_int_equal(mm_counters(r, r->pid).anon, 1);
	rig_close(r);
}

/* An unknown reference: nothing is touched. */
static void test_split_of_held_page(void **state)
{
	struct rig *r = open_6_12();
	uint64_t buf = map_huge_page(r);
	uint32_t head = pfn_at(r, buf);

	(void)state;
	get_page(r->m, head);
	assert_int_not_equal(split_page(r, head), 0);
	put_page(r->m, head);
	assert_kind(r, buf, 512, HMMU_ENTRY_HUGE);
	assert_bits(r, buf, WDA | HMMU_BIT_SOFT_DIRTY);
	rig_close(r);
}

/* Somebody pins the page, without a lock, behind the check of references: its entries stay, and are small. */
static void test_split_of_page_that_is_pinned(void **state)
{
	struct rig *r = open_6_12();
	uint64_t buf = map_huge_page(r);
	uint32_t head = pfn_at(r, buf);

	(void)state;
	page_of(r->m, head + PIN_TAIL)->pincount++;
	assert_int_equal(split_page(r, head), -EBUSY);
	assert_kind(r, buf, 512, HMMU_ENTRY_SYS);
	assert_page(r, buf + PAGES(5), 512, 1, ANON | HMMU_PG_TAIL | HMMU_PG_DIRTY);
	page_of(r->m, head + PIN_TAIL)->pincount--;
	rig_close(r);
}

/* The zero page has no count that a pin could change. */
static void test_pin_of_zero_page(void **state)
{
	struct rig *r = open_6_12();
	uint64_t buf = map_anon(r, 1);
	int32_t count = page_count(r->m, r->m->zero_pfn);
	uint32_t pfn;

	(void)state;
	read_pages(r, buf, 1);
	assert_ok(hmmu_pin(r->m, r->tid, buf, HMMU_PIN_DMA, &pfn));
	assert_int_equal(pfn, r->m->zero_pfn);
	assert_int_equal(page_count(r->m, pfn), count);
	assert_ok(hmmu_unpin(r->m, pfn, HMMU_PIN_DMA));
	assert_int_equal(page_count(r->m, pfn), count);
	rig_close(r);
}

/* 1024 references to a small page look like a pin; of a large page pins are counted apart. */
static void test_maybe_pinned(void **state)
{
	struct rig *r = open_6_12();
	uint64_t small = map_anon(r, 1), huge = map_huge_page(r);
	uint32_t pfn, head = pfn_at(r, huge);

	(void)state;
	write_pages(r, small, 1, 1);
	hmmu_lru_add_drain_all(r->m);
	pfn = pfn_at(r, small);
	assert_false(page_maybe_dma_pinned(r->m, pfn));
	page_pin(r->m, pfn);
	assert_int_equal(page_count(r->m, pfn), 1025);
	assert_true(page_maybe_dma_pinned(r->m, pfn));
	page_unpin(r->m, pfn);
	assert_int_equal(page_count(r->m, pfn), 1);
	page_of(r->m, pfn)->count += 1023;
	assert_true(page_maybe_dma_pinned(r->m, pfn));
	page_of(r->m, pfn)->count--;
	assert_false(page_maybe_dma_pinned(r->m, pfn));
	page_of(r->m, pfn)->count -= 1022;
	page_pin(r->m, head + 3);
	assert_int_equal(page_count(r->m, head), 2);
	assert_true(page_maybe_dma_pinned(r->m, head + 8));
	/* Only where somebody has pinned pages fork() looks for them. */
	assert_true(page_try_dup_rmap(r->m, head, r->pid, true));
	SetPageAnonExclusive(r->m, head);
	mm_of(r->m, r->pid)->has_pinned = 1;
	assert_false(page_try_dup_rmap(r->m, head, r->pid, true));
	assert_false(page_try_share_anon_rmap(r->m, head));
	assert_true(PageAnonExclusive(r->m, head));
	page_of(r->m, head + PIN_TAIL)->pincount--;
	assert_true(page_try_share_anon_rmap(r->m, head));
	assert_false(PageAnonExclusive(r->m, head));
	page_of(r->m, head + PIN_TAIL)->pincount++;
	SetPageAnonExclusive(r->m, head);
	folio_remove_rmap(r->m, 0, head, vma_at(r->m, r->pid, huge), true);
	page_unpin(r->m, head + 3);
	assert_false(page_maybe_dma_pinned(r->m, head));
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split_pmd),          cmocka_unit_test(test_split_soft_dirties),
		cmocka_unit_test(test_shared_counts),      cmocka_unit_test(test_split_page),
		cmocka_unit_test(test_split_mlocked_page), cmocka_unit_test(test_split_locked_page),
		cmocka_unit_test(test_split_shared_page),  cmocka_unit_test(test_split_of_held_page),
		cmocka_unit_test(test_maybe_pinned),       cmocka_unit_test(test_split_of_page_that_is_pinned),
		cmocka_unit_test(test_pin_of_zero_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
