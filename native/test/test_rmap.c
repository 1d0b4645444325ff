/* SPDX-License-Identifier: GPL-2.0-only */
/* Reverse maps at work: from a page to all of its mappings, out of them and back into them. */
#include "rmap/migration_ptes.h"
#include "support.h"

#include "rmap/rmap.h"
#include "rmap/rmap_walk.h"
#include "rmap/try_to_unmap.h"

#define RW (HMMU_PROT_READ | HMMU_PROT_WRITE)
#define MIGRATE (TTU_MIGRATION | TTU_IGNORE_MLOCK | TTU_IGNORE_ACCESS)

static struct ctx ctx_of(struct rig *r)
{
	return (struct ctx){ .m = r->m, .task = r->tid, .mm = r->pid };
}

static uint32_t main_task_of(struct rig *r, uint32_t pid)
{
	return hmmu_process_task(r->m, pid);
}

/* As migrate_vma() holds it: locked, with a reference. */
static u32 take(struct rig *r, uint64_t address)
{
	uint32_t pfn;

	assert_ok(hmmu_hold(r->m, r->pid, address, &pfn));
	return pfn;
}

static void assert_round_trip(struct rig *r, u32 pfn, int mappings)
{
	struct ctx ctx = ctx_of(r);

	assert_int_equal(page_mapcount(r->m, pfn), mappings);
	assert_true(try_to_unmap(&ctx, pfn, MIGRATE));
	assert_false(page_mapped(r->m, pfn));
	assert_int_equal(page_count(r->m, pfn), 1 + (page_mapping(r->m, pfn) != 0));
	assert_clean(r->m);
	remove_migration_ptes(&ctx, pfn, pfn);
	assert_int_equal(page_mapcount(r->m, pfn), mappings);
	assert_clean(r->m);
	assert_ok(hmmu_release(r->m, pfn));
}

static void test_one_mapping(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 3);

	(void)state;
	write_pages(r, buf, 3, 1);
	assert_round_trip(r, take(r, buf + PAGES(1)), 1);
	assert_bits(r, buf + PAGES(1), HMMU_BIT_WRITE | HMMU_BIT_SOFT_DIRTY);
	assert_true(entry_of(r, r->pid, buf + PAGES(1)).flags & HMMU_PG_DIRTY);
	/* Its neighbours were not touched. */
	assert_bits(r, buf, HMMU_BIT_WRITE | HMMU_BIT_DIRTY | HMMU_BIT_ACCESSED | HMMU_BIT_SOFT_DIRTY);
	rig_close(r);
}

/* Down through the generations: the page of the first one is found in all of them. */
static void test_generations(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	uint32_t pid = r->pid;

	(void)state;
	write_pages(r, buf, 1, 1);
	for (int i = 0; i < 5; i++)
		pid = do_fork_of(r, main_task_of(r, pid));
	assert_round_trip(r, take(r, buf), 6);
	rig_close(r);
}

/* A page that a child made is its own and that of its children, and not looked for above. */
static void test_page_of_a_child(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	uint32_t child, pfn;
	struct ctx ctx;

	(void)state;
	write_pages(r, buf, 1, 1);
	child = do_fork_of(r, r->tid);
	assert_ok(store(r, main_task_of(r, child), buf, 2));
	do_fork_of(r, main_task_of(r, child));
	hmmu_lru_add_drain_all(r->m);
	assert_ok(hmmu_hold(r->m, child, buf, &pfn));
	assert_int_not_equal(page_anon_vma(r->m, pfn), page_anon_vma(r->m, pfn_at(r, buf)));
	ctx = ctx_of(r);
	assert_true(try_to_unmap(&ctx, pfn, MIGRATE));
	assert_int_equal(entry_of(r, r->pid, buf).kind, HMMU_ENTRY_SYS);
	remove_migration_ptes(&ctx, pfn, pfn);
	assert_int_equal(page_mapcount(r->m, pfn), 2);
	assert_ok(hmmu_release(r->m, pfn));
	rig_close(r);
}

/* The only user left writes in place, and the page becomes its own: later walks need not visit the whole family. */
static void test_page_moves_to_its_user(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	uint32_t child, pfn;

	(void)state;
	write_pages(r, buf, 1, 1);
	pfn = pfn_at(r, buf);
	child = do_fork_of(r, r->tid);
	assert_ok(hmmu_munmap(r->m, r->tid, buf, PAGES(1)));
	assert_int_not_equal(page_anon_vma(r->m, pfn), r->m->vmas[vma_at(r->m, child, buf)].anon_vma);
	assert_ok(store(r, main_task_of(r, child), buf, 2));
	assert_int_equal(entry_of(r, child, buf).pfn, pfn);
	assert_int_equal(page_anon_vma(r->m, pfn), r->m->vmas[vma_at(r->m, child, buf)].anon_vma);
	rig_close(r);
}

/*
 * |--A--|  of the parent, split by the child into |A|R|A|, and in part unmapped: pages are found by index, in
 * whatever mapping they are now
 */
static void test_after_splits(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 9);
	uint32_t child;

	(void)state;
	write_pages(r, buf, 9, 1);
	child = do_fork_of(r, r->tid);
	assert_ok(hmmu_mprotect(r->m, main_task_of(r, child), buf + PAGES(3), PAGES(3), HMMU_PROT_READ));
	assert_ok(hmmu_munmap(r->m, main_task_of(r, child), buf + PAGES(8), PAGES(1)));
	for (uint64_t i = 0; i < 9; i++)
		assert_round_trip(r, take(r, buf + PAGES(i)), i < 8 ? 2 : 1);
	rig_close(r);
}

/* Page-cache pages: every mapping of the file, at its own place, shared or private. */
static void test_rmap_file_pages(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_at(r, 0, 4, HMMU_MAP_SHAREDFILE, RW);
	uint32_t child;

	(void)state;
	write_pages(r, buf, 4, 1);
	child = do_fork_of(r, r->tid);
	assert_ok(hmmu_munmap(r->m, main_task_of(r, child), buf, PAGES(1)));
	assert_bytes(r, main_task_of(r, child), buf + PAGES(1), 3, 2);
	assert_round_trip(r, take(r, buf), 1);
	assert_round_trip(r, take(r, buf + PAGES(2)), 2);
	rig_close(r);
}

/* try_to_unmap() without TTU_IGNORE_MLOCK stops at a locked mapping and marks the page. */
static void test_locked_mapping_stops(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	struct ctx ctx = ctx_of(r);
	u32 pfn;

	(void)state;
	write_pages(r, buf, 1, 1);
	assert_ok(hmmu_mlock(r->m, r->tid, buf, PAGES(1)));
	pfn = take(r, buf);
	assert_false(try_to_unmap(&ctx, pfn, TTU_MIGRATION | TTU_IGNORE_ACCESS));
	assert_kind(r, buf, 1, HMMU_ENTRY_SYS);
	assert_true(try_to_unmap(&ctx, pfn, MIGRATE));
	remove_migration_ptes(&ctx, pfn, pfn);
	assert_true(page_test(r->m, pfn, HMMU_PG_MLOCKED));
	assert_ok(hmmu_release(r->m, pfn));
	rig_close(r);
}

/* try_to_munlock(): another locked mapping takes the mark over. */
static void test_munlock_with_another_locked_mapping(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_at(r, 0, 1, HMMU_MAP_SHMEM, RW);
	uint32_t child;

	(void)state;
	write_pages(r, buf, 1, 1);
	child = do_fork_of(r, r->tid);
	assert_bytes(r, main_task_of(r, child), buf, 1, 1);
	assert_ok(hmmu_mlock(r->m, main_task_of(r, child), buf, PAGES(1)));
	assert_ok(hmmu_mlock(r->m, r->tid, buf, PAGES(1)));
	assert_ok(hmmu_munlock(r->m, r->tid, buf, PAGES(1)));
	assert_true(entry_of(r, child, buf).flags & HMMU_PG_MLOCKED);
	assert_clean(r->m);
	assert_ok(hmmu_munlock(r->m, main_task_of(r, child), buf, PAGES(1)));
	assert_false(entry_of(r, child, buf).flags & HMMU_PG_MLOCKED);
	rig_close(r);
}

/* The walk over one mapping: it finds the one entry of a page, once, and holds the table's lock. */
static void test_rmap_walk(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 4);
	struct page_vma_mapped_walk pvmw = { 0 };
	u64 *pte;

	(void)state;
	write_pages(r, buf, 4, 1);
	pte = pte_offset(r->m, *mm_find_pmd(r->m, r->pid, buf), buf) + 2;
	pvmw.page = pfn_at(r, buf + PAGES(2));
	pvmw.vma = vma_at(r->m, r->pid, buf);
	pvmw.address = buf + PAGES(2);
	assert_true(page_vma_mapped_walk(r->m, &pvmw));
	assert_ptr_equal(pvmw.pte, pte);
	assert_int_equal(complaints(r->m), 1);
	assert_non_null(strstr(first_complaint(), "locked"));
	assert_false(page_vma_mapped_walk(r->m, &pvmw));
	assert_clean(r->m);
	/* A page that is not mapped there. */
	pvmw = (struct page_vma_mapped_walk){ .page = pfn_at(r, buf), .vma = pvmw.vma, .address = buf + PAGES(2) };
	assert_false(page_vma_mapped_walk(r->m, &pvmw));
	/* Given up half way. */
	pvmw = (struct page_vma_mapped_walk){ .page = pfn_at(r, buf), .vma = pvmw.vma, .address = buf };
	assert_true(page_vma_mapped_walk(r->m, &pvmw));
	page_vma_mapped_walk_done(r->m, &pvmw);
	rig_close(r);
}

/* A device page's entry is found or, as in 4.14, passed over; a migration entry only by those who look for it. */
static void test_walk_to_device_and_migration_entries(void **state)
{
	(void)state;
	for (int fixed = 0; fixed < 2; fixed++) {
		struct rig *r = open_rig(.quirks_off = fixed ? HMMU_QUIRK_MAP_PTE_SKIPS_DEVICE : 0);
		uint64_t buf = map_anon(r, 1);
		struct page_vma_mapped_walk pvmw;
		struct hmmu_migration *mig;

		write_pages(r, buf, 1, 1);
		assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
		pvmw = (struct page_vma_mapped_walk){ .page = pfn_at(r, buf), .address = buf };
		pvmw.vma = vma_at(r->m, r->pid, buf);
		assert_int_equal(page_vma_mapped_walk(r->m, &pvmw), fixed);
		page_vma_mapped_walk_done(r->m, &pvmw);
		mig = begin_to(r, buf, 1, HMMU_TO_SYSTEM, HMMU_STAGE_COLLECT);
		for (u32 flags = 0; flags <= (PVMW_SYNC | PVMW_MIGRATION); flags++) {
			pvmw.address = buf;
			pvmw.flags = flags;
			pvmw.pmd = pvmw.pte = NULL;
			assert_int_equal(page_vma_mapped_walk(r->m, &pvmw), !!(flags & PVMW_MIGRATION));
			page_vma_mapped_walk_done(r->m, &pvmw);
		}
		assert_ok(hmmu_migrate_end(mig));
		rig_close(r);
	}
}

/* Map counts that contradict themselves are found. */
static void test_one_removal_too_many(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	u32 pfn;

	(void)state;
	write_pages(r, buf, 1, 1);
	pfn = pfn_at(r, buf);
	page_remove_rmap(r->m, 0, pfn, vma_at(r->m, r->pid, buf), false);
	page_remove_rmap(r->m, 0, pfn, vma_at(r->m, r->pid, buf), false);
	assert_int_equal(r->m->st->bugs, 1);
	assert_true(complaints(r->m) >= 2);
	rig_discard(r);
}

/* A walk passes by a process that has another huge page at the place, on to one that has this one. */
static void test_other_huge_page(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_huge(r, 512);
	uint32_t copied, sharing;

	(void)state;
	write_pages(r, buf, 1, 1);
	copied = do_fork_of(r, r->tid);
	assert_ok(store(r, main_task_of(r, copied), buf, 2));
	sharing = do_fork_of(r, r->tid);
	assert_ok(migrate(r, buf, 1, HMMU_TO_SYSTEM));
	assert_int_equal(entry_of(r, copied, buf).kind, HMMU_ENTRY_HUGE);
	assert_int_equal(entry_of(r, sharing, buf).kind, HMMU_ENTRY_SYS);
	assert_int_equal(entry_of(r, sharing, buf).pfn, pfn_at(r, buf));
	assert_bytes(r, main_task_of(r, copied), buf, 1, 2);
	assert_bytes(r, main_task_of(r, sharing), buf, 1, 1);
	rig_close(r);
}

/* A child's copy migrates, and meanwhile the page it was copied from does; each gets its own entries back. */
static void test_entry_of_another_migration(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1), src, dst;
	struct hmmu_migrate_request request = request_for(r, buf, 1);
	struct hmmu_migration *mig;
	uint32_t child;

	(void)state;
	write_pages(r, buf, 1, 1);
	child = do_fork_of(r, r->tid);
	assert_ok(store(r, main_task_of(r, child), buf, 2));
	request.tid = main_task_of(r, child);
	request.src = &src;
	request.dst = &dst;
	request.why = NULL;
	assert_ok(hmmu_migrate_begin(r->m, &request, &mig));
	assert_ok(hmmu_migrate_run(mig, HMMU_STAGE_ALLOC_AND_COPY));
	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
	assert_all_moved(r, 1);
	assert_int_equal(entry_of(r, child, buf).kind, HMMU_ENTRY_MIG);
	assert_ok(hmmu_migrate_end(mig));
	assert_bytes(r, main_task_of(r, child), buf, 1, 2);
	assert_bytes(r, r->tid, buf, 1, 1);
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entry_of_another_migration),
		cmocka_unit_test(test_other_huge_page),
		cmocka_unit_test(test_one_mapping),
		cmocka_unit_test(test_generations),
		cmocka_unit_test(test_page_of_a_child),
		cmocka_unit_test(test_page_moves_to_its_user),
		cmocka_unit_test(test_after_splits),
		cmocka_unit_test(test_rmap_file_pages),
		cmocka_unit_test(test_locked_mapping_stops),
		cmocka_unit_test(test_munlock_with_another_locked_mapping),
		cmocka_unit_test(test_rmap_walk),
		cmocka_unit_test(test_walk_to_device_and_migration_entries),
		cmocka_unit_test(test_one_removal_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
