/* SPDX-License-Identifier: GPL-2.0-only */
/* hmmu_verify() and entries that may write to private memory: each is made by hand, and reported. */
#include "support.h"

#include <stdio.h>

#include "rmap/huge.h"

#define RW (HMMU_PROT_READ | HMMU_PROT_WRITE)

static u64 *pmd_at(struct rig *r, u32 pid, uint64_t address)
{
	return mm_find_pmd(r->m, pid, address);
}

static u64 *pte_at(struct rig *r, u32 pid, uint64_t address)
{
	return pte_offset(r->m, *pmd_at(r, pid, address), address);
}

/* verify() has no complaint before the entry is changed, one with the text after, and none when that is undone. */
static void assert_reported_write(struct rig *r, u64 *entry, u64 spoiled, const char *text)
{
	u64 old = *entry;

	assert_true(old != spoiled);
	assert_clean(r->m);
	*entry = spoiled;
	assert_int_equal(complaints(r->m), 1);
	if (!strstr(first_complaint(), text))
		print_error("expected \"%s\": %s\n", text, first_complaint());
	assert_non_null(strstr(first_complaint(), text));
	*entry = old;
	assert_clean(r->m);
}

static void test_write_present(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	uint32_t child;
	char text[100];
	u64 *pte;

	(void)state;
	write_pages(r, buf, 1, 1);
	child = do_fork_of(r, r->tid);
	for (int i = 0; i < 2; i++) {
		snprintf(text, sizeof(text), "page %u: process %u may write to it at %#llx, but 2 entries share it",
			 pfn_at(r, buf), i ? child : r->pid, (unsigned long long)buf);
		pte = pte_at(r, i ? child : r->pid, buf);
		assert_reported_write(r, pte, pte_mkwrite(*pte), text);
	}
	/* The last user may write. */
	assert_ok(hmmu_exit(r->m, child));
	write_pages(r, buf, 1, 2);
	assert_true(pte_write(*pte_at(r, r->pid, buf)));
	rig_close(r);
}

static void test_device_entry(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	uint32_t child;
	u64 *pte;

	(void)state;
	write_pages(r, buf, 1, 1);
	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
	pte = pte_at(r, r->pid, buf);
	assert_true(is_write_device_private_entry(*pte));
	child = do_fork_of(r, r->tid);
	assert_reported_write(r, pte, make_device_private_entry(swp_offset(*pte), true), "but 2 entries share it");
	assert_ok(hmmu_exit(r->m, child));
	rig_close(r);
}

/* A migration entry shares its page: with a present entry after collect, with a migration entry after unmap. */
static void test_write_migration_entry(void **state)
{
	static const uint32_t stages[] = { HMMU_STAGE_COLLECT, HMMU_STAGE_UNMAP };
	struct rig *r = open_rig();
	uint64_t alone = map_anon(r, 1), shared;
	struct hmmu_migration *mig;
	uint32_t child;
	u64 *pte;

	(void)state;
	write_pages(r, alone, 1, 1);
	mig = begin_to(r, alone, 1, HMMU_TO_DEVICE, HMMU_STAGE_UNMAP);
	assert_true(is_write_migration_entry(*pte_at(r, r->pid, alone)));
	assert_clean(r->m);
	assert_ok(hmmu_migrate_end(mig));
	for (int i = 0; i < 2; i++) {
		shared = map_anon(r, 1);
		write_pages(r, shared, 1, 1);
		child = do_fork_of(r, r->tid);
		mig = begin_to(r, shared, 1, HMMU_TO_DEVICE, stages[i]);
		assert_int_equal(is_migration_entry(*pte_at(r, child, shared)), i);
		pte = pte_at(r, r->pid, shared);
		assert_reported_write(r, pte, make_migration_entry(swp_offset(*pte), true), "but 2 entries share it");
		assert_ok(hmmu_migrate_end(mig));
		assert_ok(hmmu_exit(r->m, child));
	}
	rig_close(r);
}

/* A process that has a swap entry will read the page of the swap cache. */
static void test_swap_entry(void **state)
{
	struct rig *r = open_rig(.swap_pages = 8);
	uint64_t buf = map_anon(r, 1);
	u64 *pte;

	(void)state;
	write_pages(r, buf, 1, 1);
	hmmu_lru_add_drain_all(r->m);
	do_fork_of(r, r->tid);
	assert_ok(hmmu_reclaim(r->m, r->pid, buf));
	read_pages(r, buf, 1);
	pte = pte_at(r, r->pid, buf);
	assert_reported_write(r, pte, pte_mkwrite(*pte), "but 2 entries share it");
	rig_close(r);
}

/* The child has the page's ptes, less one; the parent its pmd. */
static void test_write_huge_pmd(void **state)
{
	struct rig *r = open_rig(.ram_pages = 4096);
	uint64_t buf = map_huge(r, 512), gap = buf + PAGES(7);
	uint32_t child;
	u64 *pmd, *pte;

	(void)state;
	write_pages(r, buf, 1, 1);
	child = do_fork_of(r, r->tid);
	pmd = pmd_at(r, r->pid, buf);
	assert_reported_write(r, pmd, pte_mkwrite(*pmd), "but 2 entries share it");
	assert_ok(hmmu_munmap(r->m, hmmu_process_task(r->m, child), gap, PAGES(1)));
	assert_true(pmd_trans_huge(*pmd) && !pmd_trans_huge(*pmd_at(r, child, buf)));
	pte = pte_at(r, child, buf + PAGES(5));
	assert_reported_write(r, pte, pte_mkwrite(*pte), "but 2 entries share it");
	/* The pmd shares 511 pages. */
	*pmd = pte_mkwrite(*pmd);
	assert_int_equal(complaints(r->m), 511);
	*pmd = pte_wrprotect(*pmd);
	/* Pages that only the parent's pmd maps may be written to through it. */
	assert_ok(hmmu_exit(r->m, child));
	write_pages(r, buf, 1, 2);
	assert_true(pte_write(*pmd));
	rig_close(r);
}

static void test_hugetlb(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_at(r, 0, 512, HMMU_MAP_HUGETLB, RW);
	u64 *pmd;

	(void)state;
	write_pages(r, buf, 1, 1);
	do_fork_of(r, r->tid);
	pmd = pmd_at(r, r->pid, buf);
	assert_reported_write(r, pmd, pte_mkwrite(*pmd), "but 2 entries share it");
	rig_close(r);
}

static void test_zero_pages(void **state)
{
	struct rig *r = open_rig(.ram_pages = 4096);
	uint64_t buf = map_anon(r, 1), huge = map_huge(r, 512);
	u64 *pte, *pmd;

	(void)state;
	read_pages(r, buf, 1);
	read_pages(r, huge, 1);
	pte = pte_at(r, r->pid, buf);
	pmd = pmd_at(r, r->pid, huge);
	assert_true(is_huge_zero_pmd(r->m, *pmd));
	assert_reported_write(r, pte, pte_mkwrite(*pte), "the zero page");
	assert_reported_write(r, pmd, pte_mkwrite(*pmd), "the zero page");
	rig_close(r);
}

/* A page of a file may be written to through shared mappings alone, by any number of them. */
static void test_file(void **state)
{
	struct rig *r = open_rig();
	uint64_t private = map_at(r, 0, 1, HMMU_MAP_FILE, RW), shared = map_at(r, 0, 1, HMMU_MAP_SHMEM, RW);
	u64 *pte;

	(void)state;
	read_pages(r, private, 1);
	write_pages(r, shared, 1, 1);
	do_fork_of(r, r->tid);
	assert_true(pte_write(*pte_at(r, r->pid, shared)));
	pte = pte_at(r, r->pid, private);
	assert_reported_write(r, pte, pte_mkwrite(*pte), "not anonymous");
	rig_close(r);
}

/*
 * 4.14 reads the write bit of a device entry at the place of the soft-dirty bit (device-write-lost), and mremap() sets
 * the soft-dirty bit. So collect makes a writable entry from a read-only one, of a page that the child maps, too.
 */
static void test_quirk_makes_writers(void **state)
{
	(void)state;
	for (int lost = 0; lost < 2; lost++) {
		struct rig *r = open_rig(.quirks_off = lost ? 0 : HMMU_QUIRK_DEVICE_WRITE_LOST);
		uint64_t buf = map_anon(r, 1), at;

		write_pages(r, buf, 1, 1);
		assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
		do_fork_of(r, r->tid);
		assert_ok(hmmu_mremap(r->m, r->tid, buf, PAGES(1), PAGES(1), HMMU_MREMAP_MAYMOVE | HMMU_MREMAP_FIXED,
				      BASE, &at));
		assert_ok(migrate(r, at, 1, HMMU_TO_SYSTEM));
		assert_true(is_device_private_entry(*pte_at(r, r->pid, at)));
		assert_int_equal(is_write_device_private_entry(*pte_at(r, r->pid, at)), lost);
		assert_clean(r->m);
		rig_close(r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write_present),
		cmocka_unit_test(test_device_entry),
		cmocka_unit_test(test_write_migration_entry),
		cmocka_unit_test(test_swap_entry),
		cmocka_unit_test(test_write_huge_pmd),
		cmocka_unit_test(test_hugetlb),
		cmocka_unit_test(test_zero_pages),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_quirk_makes_writers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
