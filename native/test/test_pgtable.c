/* SPDX-License-Identifier: GPL-2.0-only */
/* Page tables: the bits of entries, tables that come on demand and go with their range, and walking. */
#include "mm/mm.h"
#include "support.h"

#include "mm/mmu_gather.h"
#include "mm/pgtable.h"

static void test_present_bits(void **state)
{
	u64 pte = mk_pte(0x12345, PAGE_READONLY);

	(void)state;
	/* The x86-64 layout: P=0, RW=1, US=2, A=5, D=6, PS=7, soft-dirty=11, NX=63. */
	assert_true(pte == (0x12345000ull | 1ull << 63 | 0x25));
	assert_true(pte_present(pte) && !pte_write(pte) && !pte_dirty(pte) && pte_young(pte));
	assert_int_equal(pte_pfn(pte), 0x12345);
	assert_true(pte_mkwrite(pte) == (pte | 2));
	assert_true(pte_mkdirty(pte) == (pte | 0x840)); /* dirty is soft-dirty, too */
	assert_true(pte_mkclean(pte_mkdirty(pte)) == (pte | 0x800));
	assert_true(pte_mkold(pte) == (pte & ~0x20ull));
	assert_true(pte_clear_soft_dirty(pte_mksoft_dirty(pte)) == pte);
	assert_true(pte_wrprotect(pte_mkwrite(pte)) == pte);
	assert_true(pte_mkspecial(pte) == (pte | 0x200));
	assert_true(pte_none(0) && !pte_none(pte));
}

/* PROT_NONE entries are present for the kernel and not for the CPU. */
static void test_pte_prot_none(void **state)
{
	u64 pte = pte_mkdirty(mk_pte(7, PAGE_SHARED)), none = pte_modify(pte, PAGE_NONE);

	(void)state;
	assert_true(pte_present(none));
	assert_false(none & _PAGE_PRESENT);
	assert_int_equal(pte_pfn(none), 7);
	assert_true(pte_dirty(none) && pte_soft_dirty(none));
	assert_false(pte_write(none));
	assert_true(pte_modify(none, PAGE_SHARED) == pte);
}

static void test_swap_format(void **state)
{
	static const struct {
		u32 type;
		bool migration, write_migration, device, write_device;
	} kinds[] = {
		{ 0, false, false, false, false },
		{ SWP_HWPOISON, false, false, false, false },
		{ SWP_MIGRATION_READ, true, false, false, false },
		{ SWP_MIGRATION_WRITE, true, true, false, false },
		{ SWP_DEVICE_WRITE, false, false, true, true },
		{ SWP_DEVICE_READ, false, false, true, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		u64 pte = swp_entry_to_pte(kinds[i].type, 0xfffffff), soft = pte_swp_mksoft_dirty(pte);

		assert_true(is_swap_pte(pte) && !pte_present(pte));
		assert_int_equal(swp_offset(soft), 0xfffffff);
		assert_int_equal(swp_type(soft), kinds[i].type);
		assert_int_equal(is_migration_entry(pte), kinds[i].migration);
		assert_int_equal(is_write_migration_entry(soft), kinds[i].write_migration);
		assert_int_equal(is_device_private_entry(soft), kinds[i].device);
		assert_int_equal(is_write_device_private_entry(pte), kinds[i].write_device);
		assert_int_equal(non_swap_entry(pte), kinds[i].type >= SWP_HWPOISON);
		assert_true(pte_swp_soft_dirty(soft) && !pte_swp_soft_dirty(pte));
		assert_true(pte_swp_clear_soft_dirty(soft) == pte);
	}
	/* Present entries are none of them, whatever their bits. */
	assert_false(is_migration_entry(~0ull));
	assert_false(is_device_private_entry(~0ull));
}

static void test_pmd_states(void **state)
{
	u64 table = mk_pte(9, _PAGE_TABLE), huge = mk_pte(512, PAGE_SHARED) | _PAGE_PSE;

	(void)state;
	assert_false(pmd_bad(table) || pmd_trans_huge(table) || pmd_none(table) || pmd_trans_unstable(table));
	assert_true(pmd_trans_huge(huge) && pmd_trans_unstable(huge));
	assert_true(pmd_none(0) && pmd_trans_unstable(0));
	assert_true(pmd_bad(table & ~_PAGE_RW) && pmd_trans_unstable(table & ~_PAGE_RW));
	/* A table may be for the kernel only. */
	assert_false(pmd_bad(table & ~_PAGE_USER));
}

static void test_range_arithmetic(void **state)
{
	(void)state;
	assert_int_equal(table_index(0, PAGE_SHIFT), 0);
	assert_int_equal(table_index(HMMU_TASK_SIZE - 1, PGD_SHIFT), 255);
	assert_int_equal(table_index(PMD_SIZE - 1, PAGE_SHIFT), 511);
	assert_true(pmd_addr_end(BASE, BASE + 1) == BASE + 1);
	assert_true(pmd_addr_end(BASE, BASE + PMD_SIZE) == BASE + PMD_SIZE);
	assert_true(pmd_addr_end(BASE + 4096, BASE + 2 * PMD_SIZE) == BASE + PMD_SIZE);
	/* The end of the address space, 0 after the overflow. */
	assert_true(level_end(~0ull << PMD_SHIFT, 0, PMD_SIZE) == 0);
}

static u64 tables_of(struct rig *r)
{
	return mm_of(r->m, r->pid)->tables;
}

static void free_all_tables(struct rig *r)
{
	struct ctx ctx = { .m = r->m, .mm = r->pid };
	struct mmu_gather tlb;

	tlb_gather_mmu(&tlb, &ctx, r->pid, false);
	free_pgd_range(&tlb, 0, HMMU_TASK_SIZE, 0, 0);
	tlb_finish_mmu(&tlb);
}

/* Tables come one a level: the page directory is there, pud, pmd and pte tables when they are needed. */
static void test_tables_on_demand(void **state)
{
	struct rig *r = open_rig();
	u64 *pmd;

	(void)state;
	assert_int_equal(tables_of(r), 1);
	assert_null(mm_find_pmd(r->m, r->pid, BASE));
	pmd = pmd_alloc(r->m, r->pid, BASE);
	assert_non_null(pmd);
	assert_int_equal(tables_of(r), 3);
	assert_ptr_equal(mm_find_pmd(r->m, r->pid, BASE), pmd);
	assert_true(pte_alloc(r->m, r->pid, pmd));
	assert_true(pte_alloc(r->m, r->pid, pmd));
	assert_int_equal(tables_of(r), 4);
	assert_ptr_equal(pmd_alloc(r->m, r->pid, BASE + PMD_SIZE - 1), pmd);
	assert_ptr_equal(pmd_alloc(r->m, r->pid, BASE + PMD_SIZE), pmd + 1);
	assert_non_null(pmd_alloc(r->m, r->pid, BASE + PUD_SIZE));
	assert_int_equal(tables_of(r), 5);
	assert_non_null(pmd_alloc(r->m, r->pid, BASE + (1ull << PGD_SHIFT)));
	assert_int_equal(tables_of(r), 7);
	assert_int_equal(counter(r, HMMU_COUNT_TABLE_PAGES), 7);
	/* Nothing is mapped, so all of them go. */
	free_all_tables(r);
	assert_int_equal(tables_of(r), 1);
	rig_close(r);
}

/* Each allocation on the way down can fail; what was made before stays and is used next time. */
static void test_table_allocation_fails(void **state)
{
	struct rig *r = open_rig();
	u64 *pmd;

	(void)state;
	assert_ok(hmmu_inject(r->m, HMMU_INJECT_TABLE, 1, false));
	assert_null(pmd_alloc(r->m, r->pid, BASE));
	assert_int_equal(tables_of(r), 1);
	assert_ok(hmmu_inject(r->m, HMMU_INJECT_TABLE, 2, false));
	assert_null(pmd_alloc(r->m, r->pid, BASE));
	assert_int_equal(tables_of(r), 2);
	pmd = pmd_alloc(r->m, r->pid, BASE);
	assert_non_null(pmd);
	assert_ok(hmmu_inject(r->m, HMMU_INJECT_TABLE, 1, false));
	assert_false(pte_alloc(r->m, r->pid, pmd));
	assert_true(pmd_none(*pmd));
	free_all_tables(r);
	rig_close(r);
}

/*
 * |--pmd 0--|--pmd 1--|--pmd 2--|
 * |   AAAAAA|BBBBBBBBB|CCC      |   unmapping B frees its pte table, and not the pmd table A and C need
 */
static void test_tables_go_with_their_range(void **state)
{
	struct rig *r = open_rig();
	uint64_t a = map_at(r, BASE + MIB(1), 256, HMMU_MAP_ANON, HMMU_PROT_WRITE);
	uint64_t b = map_at(r, BASE + MIB(2), 512, HMMU_MAP_SHMEM, HMMU_PROT_WRITE);
	uint64_t c = map_at(r, BASE + MIB(4), 3, HMMU_MAP_ANON, HMMU_PROT_WRITE);

	(void)state;
	write_pages(r, a, 1, 1);
	write_pages(r, b, 1, 1);
	write_pages(r, c, 1, 1);
	assert_int_equal(tables_of(r), 6);
	assert_ok(hmmu_munmap(r->m, r->tid, b, PAGES(512)));
	assert_int_equal(tables_of(r), 5);
	assert_ok(hmmu_munmap(r->m, r->tid, a, PAGES(256)));
	assert_int_equal(tables_of(r), 4);
	assert_ok(hmmu_munmap(r->m, r->tid, c, PAGES(3)));
	assert_int_equal(tables_of(r), 1);
	rig_close(r);
}

/* Two mappings in one table: it stays until the second one goes. */
static void test_table_shared_by_neighbours(void **state)
{
	struct rig *r = open_rig();
	uint64_t a = map_at(r, BASE, 4, HMMU_MAP_ANON, HMMU_PROT_WRITE);
	uint64_t b = map_at(r, BASE + PAGES(8), 4, HMMU_MAP_ANON, HMMU_PROT_WRITE);

	(void)state;
	write_pages(r, a, 4, 1);
	write_pages(r, b, 4, 1);
	assert_ok(hmmu_munmap(r->m, r->tid, a, PAGES(4)));
	assert_int_equal(tables_of(r), 4);
	assert_bytes(r, r->tid, b, 4, 1);
	assert_ok(hmmu_munmap(r->m, r->tid, b, PAGES(4)));
	assert_int_equal(tables_of(r), 1);
	rig_close(r);
}

struct visits {
	u32 n;
	struct {
		u64 start, end;
		bool hole;
	} visit[16];
	u32 stop_at; /* visit that ends the walk, 0: none */
};

static int visit(struct mm_walk *walk, u64 start, u64 end, bool hole)
{
	struct visits *v = walk->data;

	v->visit[v->n].start = start;
	v->visit[v->n].end = end;
	v->visit[v->n++].hole = hole;
	return v->n == v->stop_at ? 42 : 0;
}

static int visit_pmd(struct mm_walk *walk, u64 *pmd, u64 address, u64 end)
{
	assert_false(pmd_none(*pmd));
	return visit(walk, address, end, false);
}

static int visit_hole(struct mm_walk *walk, u64 address, u64 end)
{
	return visit(walk, address, end, true);
}

static void assert_visit(const struct visits *v, u32 i, u64 start, u64 end, bool hole)
{
	assert_true(v->visit[i].start == start);
	assert_true(v->visit[i].end == end);
	assert_int_equal(v->visit[i].hole, hole);
}

/*
 * Holes are found at the level they are at: a missing pmd table is one hole of up to 1 GiB, an empty pmd one of 2 MiB.
 *
 * |----1 GiB----|--2 MiB--|--2 MiB--|--512 GiB--|
 * |   no table  |  none   |  table  |no table   |
 */
static void test_walk(void **state)
{
	struct rig *r = open_rig();
	struct visits v = { 0 };
	struct mm_walk walk = { .m = r->m, .mm = r->pid, .pmd_entry = visit_pmd, .pte_hole = visit_hole, .data = &v };
	u64 top = 1ull << PGD_SHIFT, middle = top - PUD_SIZE, start = middle - PAGE_SIZE;
	u64 *pmd = pmd_alloc(r->m, r->pid, middle + PMD_SIZE);

	(void)state;
	assert_true(pte_alloc(r->m, r->pid, pmd));
	assert_int_equal(walk_page_range(&walk, start, middle + 2 * PMD_SIZE), 0);
	assert_int_equal(v.n, 3);
	assert_visit(&v, 0, start, middle, true);
	assert_visit(&v, 1, middle, middle + PMD_SIZE, true);
	assert_visit(&v, 2, middle + PMD_SIZE, middle + 2 * PMD_SIZE, false);
	v.n = 0;
	assert_int_equal(walk_page_range(&walk, top - PAGE_SIZE, top + 3 * PUD_SIZE), 0);
	assert_int_equal(v.n, 2);
	assert_visit(&v, 0, top - PAGE_SIZE, top, true);
	assert_visit(&v, 1, top, top + 3 * PUD_SIZE, true);
	v.n = 0;
	v.stop_at = 1;
	assert_int_equal(walk_page_range(&walk, start, middle + 2 * PMD_SIZE), 42);
	assert_int_equal(v.n, 1);
	/* Without a function for holes they are passed over. */
	v.n = 0;
	walk.pte_hole = NULL;
	assert_int_equal(walk_page_range(&walk, start, middle + 2 * PMD_SIZE), 42);
	assert_visit(&v, 0, middle + PMD_SIZE, middle + 2 * PMD_SIZE, false);
	free_all_tables(r);
	rig_close(r);
}

/* Tables kept for huge pmds come back last in, first out. */
static void test_deposit(void **state)
{
	struct rig *r = open_rig();
	u64 *pmd = pmd_alloc(r->m, r->pid, BASE);
	u32 first = pte_alloc_one(r->m, r->pid), second = pte_alloc_one(r->m, r->pid);

	(void)state;
	pgtable_trans_huge_deposit(r->m, pmd, first);
	pgtable_trans_huge_deposit(r->m, pmd + 1, second);
	assert_int_equal(pgtable_trans_huge_withdraw(r->m, pmd), second);
	assert_int_equal(pgtable_trans_huge_withdraw(r->m, pmd), first);
	pte_free(r->m, r->pid, first);
	pte_free(r->m, r->pid, second);
	free_all_tables(r);
	assert_clean(r->m);
	pmd = pmd_alloc(r->m, r->pid, BASE);
	assert_int_equal(pgtable_trans_huge_withdraw(r->m, pmd), 0);
	assert_int_equal(r->m->st->bugs, 1);
	rig_discard(r);
}

static void test_table_locks(void **state)
{
	struct rig *r = open_rig();
	u64 *pmd = pmd_alloc(r->m, r->pid, BASE), *pte;

	(void)state;
	assert_true(pte_alloc(r->m, r->pid, pmd));
	pte = pte_offset_map_lock(r->m, *pmd, BASE + PAGES(5));
	assert_ptr_equal(pte, table_of(r->m, pte_pfn(*pmd)) + 5);
	table_unlock(r->m, pte + 100);
	assert_int_equal(r->m->st->bugs, 0);
	table_unlock(r->m, pte);
	assert_int_equal(r->m->st->bugs, 1);
	table_lock(r->m, pte);
	table_lock(r->m, pte);
	assert_int_equal(r->m->st->bugs, 2);
	rig_discard(r);
}

/* hmmu_walk(): the entries from the top down; the p4d is the pgd once more. */
static void test_walk_for_users(void **state)
{
	struct rig *r = open_rig();
	uint64_t huge = map_huge(r, 512), buf = map_anon(r, 1), entries[5];

	(void)state;
	assert_int_equal(hmmu_walk(r->m, r->pid, buf, entries), 1);
	write_pages(r, buf, 1, 1);
	assert_int_equal(hmmu_walk(r->m, r->pid, buf, entries), 5);
	assert_true(entries[0] == entries[1]);
	for (int level = 0; level < 4; level++)
		assert_int_equal(entries[level] & 0xfff, _PAGE_TABLE);
	assert_true(entries[4] == entry_of(r, r->pid, buf).raw);
	assert_int_equal(hmmu_walk(r->m, r->pid, buf + PAGES(3), entries), 5);
	assert_true(entries[4] == 0);
	write_pages(r, huge, 1, 1);
	assert_int_equal(hmmu_walk(r->m, r->pid, huge, entries), 4);
	assert_true(entries[3] & _PAGE_PSE);
	rig_close(r);
}

/* A process for which no task can be had gives its page directory back. */
static void test_process_without_task(void **state)
{
	struct rig *r = open_rig();
	struct slab *slab = &r->m->st->slabs[SLAB_TASK];
	uint64_t tables = counter(r, HMMU_COUNT_TABLE_PAGES);
	u32 high = slab->high;
	uint32_t pid;

	(void)state;
	slab->high = slab->capacity;
	assert_failed(r->m, hmmu_process_create(r->m, &pid), -ENOMEM, HMMU_ERR_OUT_OF_SLOTS);
	slab->high = high;
	assert_int_equal(counter(r, HMMU_COUNT_TABLE_PAGES), tables);
	assert_int_equal(counter(r, HMMU_COUNT_PROCESSES), 1);
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_process_without_task),
		cmocka_unit_test(test_present_bits),
		cmocka_unit_test(test_pte_prot_none),
		cmocka_unit_test(test_swap_format),
		cmocka_unit_test(test_pmd_states),
		cmocka_unit_test(test_range_arithmetic),
		cmocka_unit_test(test_tables_on_demand),
		cmocka_unit_test(test_table_allocation_fails),
		cmocka_unit_test(test_tables_go_with_their_range),
		cmocka_unit_test(test_table_shared_by_neighbours),
		cmocka_unit_test(test_walk),
		cmocka_unit_test(test_deposit),
		cmocka_unit_test(test_table_locks),
		cmocka_unit_test(test_walk_for_users),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
