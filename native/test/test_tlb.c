/* SPDX-License-Identifier: GPL-2.0-only */
/* The TLB model: what is cached, which flushes drop it, and that a missing flush is found. */
#include "support.h"

#include "mm/tlb.h"

static struct tlb_entry *slot(struct rig *r, u32 cpu, uint64_t address)
{
	return &r->m->tlb[cpu * TLB_ENTRIES + ((address >> PAGE_SHIFT) & (TLB_ENTRIES - 1))];
}

static bool is_cached(struct rig *r, u32 cpu, uint64_t address)
{
	const struct tlb_entry *entry = slot(r, cpu, address);

	return entry->gen && entry->gen == r->m->mms[r->pid].tlb_gen && entry->mm == r->pid &&
	       entry->vpn == address >> PAGE_SHIFT;
}

static void test_filled_by_accesses(void **state)
{
	struct rig *r = open_rig(.cpus = 2);
	uint64_t buf = map_anon(r, 2), faults;

	(void)state;
	assert_ok(store(r, r->tid, buf, 1));
	assert_true(is_cached(r, 0, buf));
	assert_false(is_cached(r, 1, buf));
	assert_int_equal(slot(r, 0, buf)->pfn, pfn_at(r, buf));
	assert_int_equal(slot(r, 0, buf)->flags, TLB_WRITE | TLB_DIRTY);
	/* A hit needs no fault. */
	faults = counter(r, HMMU_COUNT_PAGE_FAULTS);
	assert_ok(load(r, r->tid, buf, NULL));
	assert_int_equal(counter(r, HMMU_COUNT_PAGE_FAULTS), faults);
	/* A load caches a read-only translation of the zero page. */
	assert_ok(load(r, r->tid, buf + PAGES(1), NULL));
	assert_int_equal(slot(r, 0, buf + PAGES(1))->flags, 0);
	assert_ok(hmmu_task_set_cpu(r->m, r->tid, 1));
	assert_ok(load(r, r->tid, buf, NULL));
	assert_true(is_cached(r, 1, buf));
	rig_close(r);
}

/* As hardware: a load sets accessed, the first store sets dirty in an entry that is writable. */
static void test_accessed_and_dirty(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	u64 *pte;

	(void)state;
	assert_ok(store(r, r->tid, buf, 1));
	pte = pte_offset(r->m, *mm_find_pmd(r->m, r->pid, buf), buf);
	*pte &= ~(_PAGE_ACCESSED | _PAGE_DIRTY);
	flush_tlb_page(r->m, r->pid, buf);
	assert_ok(load(r, r->tid, buf, NULL));
	assert_true(pte_young(*pte) && !pte_dirty(*pte));
	assert_int_equal(slot(r, 0, buf)->flags, TLB_WRITE);
	/* The translation is cached, but not as a dirty one: the store goes to the tables once. */
	assert_ok(store(r, r->tid, buf, 2));
	assert_true(pte_dirty(*pte));
	assert_int_equal(slot(r, 0, buf)->flags, TLB_WRITE | TLB_DIRTY);
	rig_close(r);
}

/* Up to 33 pages are dropped one by one, on every CPU; more void the whole address space. */
static void test_tlb_flushes(void **state)
{
	struct rig *r = open_rig(.cpus = 2);
	uint64_t buf = map_anon(r, 40);
	struct hmmu_event last;
	u64 gen = r->m->mms[r->pid].tlb_gen;

	(void)state;
	write_pages(r, buf, 40, 1);
	assert_ok(hmmu_task_set_cpu(r->m, r->tid, 1));
	read_pages(r, buf, 40);
	assert_ok(hmmu_events_record(r->m, 1u << HMMU_EVENT_TLB_FLUSH));
	flush_tlb_page(r->m, r->pid, buf + 123);
	assert_int_equal(drain_events(r, HMMU_EVENT_TLB_FLUSH, &last), 1);
	assert_true(last.a == buf && last.b == buf + PAGES(1));
	assert_false(is_cached(r, 0, buf) || is_cached(r, 1, buf));
	flush_tlb_range(r->m, r->pid, buf + PAGES(1), buf + PAGES(34));
	assert_int_equal(r->m->mms[r->pid].tlb_gen, gen);
	assert_false(is_cached(r, 0, buf + PAGES(1)) || is_cached(r, 1, buf + PAGES(33)));
	assert_true(is_cached(r, 0, buf + PAGES(34)) && is_cached(r, 1, buf + PAGES(34)));
	flush_tlb_range(r->m, r->pid, buf, buf + PAGES(34));
	assert_int_not_equal(r->m->mms[r->pid].tlb_gen, gen);
	assert_false(is_cached(r, 0, buf + PAGES(39)));
	read_pages(r, buf, 1);
	flush_tlb_mm(r->m, r->pid);
	assert_false(is_cached(r, 1, buf));
	rig_close(r);
}

/* A flush of one process leaves the same addresses of another alone. */
static void test_flush_of_one_process(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	uint32_t child = do_fork_of(r, r->tid);

	(void)state;
	assert_ok(store(r, r->tid, buf, 1));
	flush_tlb_page(r->m, child, buf);
	assert_true(is_cached(r, 0, buf));
	/* Two processes on one CPU: their translations compete for a slot and are never mixed up. */
	assert_ok(store(r, hmmu_process_task(r->m, child), buf, 2));
	assert_false(is_cached(r, 0, buf));
	assert_bytes(r, r->tid, buf, 1, 1);
	rig_close(r);
}

/* Take an entry away behind the TLB's back; what CPUs and verify() then say. */
static void assert_found_stale(u64 (*change)(u64 pte))
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	struct hmmu_event last;
	struct ctx ctx;
	u64 *pte, old;

	assert_ok(store(r, r->tid, buf, 1));
	pte = pte_offset(r->m, *mm_find_pmd(r->m, r->pid, buf), buf);
	old = *pte;
	*pte = change(old);
	assert_true(tlb_entry_stale(r->m, slot(r, 0, buf)));
	assert_true(complaints(r->m) > 0);
	assert_ok(hmmu_events_record(r->m, 1u << HMMU_EVENT_STALE_TLB));
	assert_ok(task_enter(r->m, r->tid, (struct call){ .op = OP_STORE, .args = { buf, 1 } }, &ctx));
	tlb_access(&ctx, slot(r, 0, buf), buf, true);
	assert_int_equal(counter(r, HMMU_COUNT_TLB_STALE), 1);
	assert_int_equal(drain_events(r, HMMU_EVENT_STALE_TLB, &last), 1);
	assert_true(last.a == buf && last.b == pte_pfn(old));
	assert_int_equal(last.pid, r->pid);
	*pte = old;
	flush_tlb_page(r->m, r->pid, buf);
	rig_close(r);
}

static u64 remove_entry(u64 pte)
{
	(void)pte;
	return 0;
}

static u64 protect_entry(u64 pte)
{
	return pte_wrprotect(pte);
}

static u64 clean_entry(u64 pte)
{
	return pte_mkclean(pte);
}

static u64 no_access(u64 pte)
{
	return pte_modify(pte, PAGE_NONE);
}

static u64 migrate_entry(u64 pte)
{
	return make_migration_entry(pte_pfn(pte), true);
}

static u64 other_page(u64 pte)
{
	return mk_pte(1, pte & ~PTE_PFN_MASK);
}

static void test_missing_flushes_are_found(void **state)
{
	(void)state;
	assert_found_stale(remove_entry);
	assert_found_stale(protect_entry);
	assert_found_stale(no_access);
	assert_found_stale(migrate_entry);
	assert_found_stale(other_page);
}

/* A dirty translation of a clean entry: the next store would not be seen. Once found, the entry is dirty again. */
static void test_lost_dirty_bit_is_found(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	u64 *pte;

	(void)state;
	assert_ok(store(r, r->tid, buf, 1));
	pte = pte_offset(r->m, *mm_find_pmd(r->m, r->pid, buf), buf);
	*pte = clean_entry(*pte);
	assert_int_equal(complaints(r->m), 1);
	assert_non_null(strstr(first_complaint(), "stale"));
	assert_ok(store(r, r->tid, buf, 1));
	assert_int_equal(counter(r, HMMU_COUNT_TLB_STALE), 1);
	rig_close(r);
}

/* A huge page fills an entry for each page that is touched; the split flushes them. */
static void test_tlb_huge_page(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_huge(r, 512);

	(void)state;
	assert_ok(store(r, r->tid, buf + PAGES(3), 1));
	assert_true(is_cached(r, 0, buf + PAGES(3)));
	assert_false(is_cached(r, 0, buf + PAGES(4)));
	assert_int_equal(slot(r, 0, buf + PAGES(3))->pfn, pfn_at(r, buf + PAGES(3)));
	assert_ok(hmmu_mprotect(r->m, r->tid, buf, PAGES(1), HMMU_PROT_READ));
	assert_false(is_cached(r, 0, buf + PAGES(3)));
	rig_close(r);
}

/* Every call that changes entries leaves no stale translation behind, on any CPU. */
static void test_no_call_forgets_a_flush(void **state)
{
	struct rig *r = open_rig(.cpus = 2);
	uint64_t buf = map_anon(r, 8);
	uint32_t child;

	(void)state;
	for (int call = 0; call < 9; call++) {
		write_pages(r, buf, 8, 1);
		assert_ok(hmmu_task_set_cpu(r->m, r->tid, (uint32_t)call & 1));
		write_pages(r, buf, 8, 1);
		switch (call) {
		case 0:
			assert_ok(hmmu_mprotect(r->m, r->tid, buf, PAGES(8), HMMU_PROT_READ));
			break;
		case 1:
			assert_ok(hmmu_clear_soft_dirty(r->m, r->tid));
			break;
		case 2:
			assert_ok(hmmu_madvise(r->m, r->tid, buf, PAGES(4), HMMU_MADV_DONTNEED));
			break;
		case 3:
			assert_ok(hmmu_madvise(r->m, r->tid, buf, PAGES(8), HMMU_MADV_FREE));
			break;
		case 4:
			assert_ok(hmmu_fork(r->m, r->tid, &child));
			break;
		case 5:
			assert_ok(migrate(r, buf, 8, HMMU_TO_DEVICE));
			break;
		case 6:
			assert_ok(migrate(r, buf, 8, HMMU_TO_SYSTEM));
			break;
		case 7:
			assert_ok(hmmu_mlock(r->m, r->tid, buf, PAGES(8)));
			break;
		default:
			assert_ok(hmmu_munlock(r->m, r->tid, buf, PAGES(8)));
			break;
		}
		assert_clean(r->m);
		assert_ok(hmmu_mprotect(r->m, r->tid, buf, PAGES(8), HMMU_PROT_READ | HMMU_PROT_WRITE));
	}
	assert_ok(hmmu_munmap(r->m, r->tid, buf, PAGES(8)));
	assert_int_equal(counter(r, HMMU_COUNT_TLB_STALE), 0);
	rig_close(r);
}

static void test_address_space_ends(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);

	(void)state;
	assert_ok(store(r, r->tid, buf, 1));
	assert_ok(hmmu_exit(r->m, r->pid));
	assert_clean(r->m);
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_filled_by_accesses),
		cmocka_unit_test(test_accessed_and_dirty),
		cmocka_unit_test(test_tlb_flushes),
		cmocka_unit_test(test_flush_of_one_process),
		cmocka_unit_test(test_missing_flushes_are_found),
		cmocka_unit_test(test_lost_dirty_bit_is_found),
		cmocka_unit_test(test_tlb_huge_page),
		cmocka_unit_test(test_no_call_forgets_a_flush),
		cmocka_unit_test(test_address_space_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
