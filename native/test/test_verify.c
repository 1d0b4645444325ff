/* SPDX-License-Identifier: GPL-2.0-only */
/* hmmu_verify() itself: each imbalance is brought about by hand, has to be reported in words, and is gone when it is
 * undone. */
#include "support.h"

#include <stdio.h>

#include "mm/mm.h"
#include "mm/vma.h"

/* A machine with some of everything. */
struct spoiled {
	struct rig *r;
	uint64_t buf;
	u32 page; /* of buf */
	u64 *pte;
};

static struct spoiled open_spoiled(void)
{
	struct spoiled s = { .r = open_rig() };

	s.buf = map_anon(s.r, 4);
	write_pages(s.r, s.buf, 4, 1);
	s.page = pfn_at(s.r, s.buf);
	s.pte = pte_offset(s.r->m, *mm_find_pmd(s.r->m, s.r->pid, s.buf), s.buf);
	assert_clean(s.r->m);
	return s;
}

/* verify() complains, says the word, and has changed nothing. */
static void assert_reported(struct spoiled *s, const char *word)
{
	int first = complaints(s->r->m);

	assert_true(first > 0);
	if (!strstr(first_complaint(), word))
		print_error("expected \"%s\": %s\n", word, first_complaint());
	assert_non_null(strstr(first_complaint(), word));
	assert_int_equal(complaints(s->r->m), first);
	/* Without somebody to report to it only counts. */
	assert_int_equal(hmmu_verify(s->r->m, NULL, NULL), first);
}

/* Change a number by one, and back. */
#define CHECK_NUMBER(s, number, word) \
	do { \
		(number)++; \
		assert_reported(&(s), word); \
		(number)--; \
		assert_clean((s).r->m); \
	} while (0)

static void test_verify_references(void **state)
{
	struct spoiled s = open_spoiled();
	struct page *page = page_of(s.r->m, s.page);

	(void)state;
	CHECK_NUMBER(s, page->count, "references can be explained");
	CHECK_NUMBER(s, s.r->m->pins[s.page].get, "references can be explained");
	CHECK_NUMBER(s, s.r->m->pins[s.page].dma, "references can be explained");
	CHECK_NUMBER(s, page->mapcount, "entries map it");
	rig_close(s.r);
}

static void test_flags(void **state)
{
	struct spoiled s = open_spoiled();
	struct page *page = page_of(s.r->m, s.page);

	(void)state;
	page->flags ^= HMMU_PG_LOCKED;
	assert_reported(&s, "have its lock");
	page->flags ^= HMMU_PG_LOCKED | HMMU_PG_LRU;
	assert_reported(&s, "LRU");
	page->flags ^= HMMU_PG_LRU;
	rig_close(s.r);
}

static void test_counters(void **state)
{
	struct spoiled s = open_spoiled();
	struct state *st = s.r->m->st;
	struct mm *mm = mm_of(s.r->m, s.r->pid);

	(void)state;
	CHECK_NUMBER(s, st->memcg_charges, "memory cgroup");
	CHECK_NUMBER(s, st->free_frames, "allocator");
	CHECK_NUMBER(s, st->devices[0].free, "device 0");
	CHECK_NUMBER(s, st->table_pages, "page tables");
	CHECK_NUMBER(s, st->lru[LRU_ACTIVE_ANON].nr, "LRU list");
	CHECK_NUMBER(s, mm->rss[MM_ANONPAGES], "RSS");
	CHECK_NUMBER(s, mm->rss[MM_SHMEMPAGES], "RSS");
	CHECK_NUMBER(s, mm->tables, "page tables");
	CHECK_NUMBER(s, mm->map_count, "mappings");
	CHECK_NUMBER(s, s.r->m->block[0].free_count, "block 0");
	rig_close(s.r);
}

/* The lists by which things are found again: frames, device pages, mappings of a page, waiting tasks. */
static void test_lists(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 4), shared = map_at(r, 0, 2, HMMU_MAP_SHMEM, 3);
	struct hmmu *m = r->m;
	struct spoiled s = { .r = r };
	uint32_t kept;

	(void)state;
	write_pages(r, buf, 4, 1);
	assert_ok(store(r, r->tid, shared, 1));
	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
	kept = m->anon_vmas[1].tree.node;
	m->anon_vmas[1].tree.node = 0;
	assert_reported(&s, "anon_vma 1");
	m->anon_vmas[1].tree.node = kept;
	CHECK_NUMBER(s, m->avcs[m->anon_vmas[1].tree.node].node.parent, "anon_vma 1: its tree of mappings is broken");
	CHECK_NUMBER(s, m->avcs[m->anon_vmas[1].tree.node].node.left, "anon_vma 1: its tree of mappings is broken");
	CHECK_NUMBER(s, m->avcs[m->anon_vmas[1].tree.node].node.last, "anon_vma 1: its tree of mappings is broken");
	CHECK_NUMBER(s, m->avcs[m->anon_vmas[1].tree.node].node.subtree_last,
		     "anon_vma 1: its tree of mappings is out of order");
	kept = m->files[1].i_mmap.node;
	m->files[1].i_mmap.node = 0;
	assert_reported(&s, "file 1");
	m->files[1].i_mmap.node = kept;
	kept = m->st->partial_head;
	m->st->partial_head = 0;
	assert_reported(&s, "allocator");
	m->st->partial_head = kept;
	m->device_bitmap[0] ^= 1;
	assert_reported(&s, "device");
	m->device_bitmap[0] ^= 1 | 1ull << 40;
	assert_reported(&s, "marked as in use");
	m->device_bitmap[0] ^= 1ull << 40;
	/* Two marks that are wrong, and as many as there should be. */
	assert_ok(hmmu_device_alloc(m, &kept));
	assert_ok(hmmu_page_put(m, kept));
	m->device_bitmap[0] ^= 3;
	assert_reported(&s, "device page 0 is in use, and marked as free");
	m->device_bitmap[0] ^= 3;
	m->st->devices[0].hint = 2;
	assert_reported(&s, "device page 1 is free, and would not be found");
	m->st->devices[0].hint = 1;
	m->tasks[r->tid].wait = HMMU_WAIT_PAGE_LOCK;
	assert_reported(&s, "is in no call");
	m->tasks[r->tid].wait = HMMU_WAIT_NOTHING;
	m->tasks[r->tid].resume = RESUME_LOCKED;
	assert_reported(&s, "notes how its call goes on");
	m->tasks[r->tid].resume = RESUME_RETRY;
	CHECK_NUMBER(s, m->files[1].users, "file 1");
	/* An entry that no mapping covers. */
	*pte_offset(m, *mm_find_pmd(m, r->pid, buf), buf + PAGES(4)) = make_migration_entry(3, false);
	assert_reported(&s, "its tables have");
	*pte_offset(m, *mm_find_pmd(m, r->pid, buf), buf + PAGES(4)) = 0;
	rig_close(r);
}

static void test_locks(void **state)
{
	struct spoiled s = open_spoiled();
	struct hmmu *m = s.r->m;
	u32 anon_vma = vma_of(m, vma_at(m, s.r->pid, s.buf))->anon_vma;

	(void)state;
	CHECK_NUMBER(s, mm_of(m, s.r->pid)->mmap_sem.readers, "mmap_sem");
	mm_of(m, s.r->pid)->mmap_sem.writer = s.r->tid;
	assert_reported(&s, "mmap_sem");
	mm_of(m, s.r->pid)->mmap_sem.writer = 0;
	m->tasks[s.r->tid].sem_hold = SEM_READ;
	assert_reported(&s, "mmap_sem");
	m->tasks[s.r->tid].sem_hold = SEM_NONE;
	CHECK_NUMBER(s, m->anon_vmas[anon_vma].locked, "anon_vma");
	CHECK_NUMBER(s, page_of(m, table_of_entry(m, s.pte))->locked, "is locked");
	rig_close(s.r);
}

/* An entry is lost, or there is one too many. */
static void test_verify_entries(void **state)
{
	struct spoiled s = open_spoiled();
	u64 old = *s.pte;

	(void)state;
	*s.pte = 0;
	assert_reported(&s, "RSS");
	*s.pte = old;
	s.pte[4] = old;
	/* Behind the mapping nobody looks; within it the same page can't be mapped twice. */
	s.pte[4] = 0;
	s.pte[1] = old;
	assert_reported(&s, "index");
	s.pte[1] = mk_pte(pfn_at(s.r, s.buf) + 1, old & ~PTE_PFN_MASK);
	*s.pte = make_migration_entry(s.page, true);
	assert_reported(&s, "migration entry is not locked");
	*s.pte = old;
	rig_discard(s.r);
}

/* Reverse maps that do not lead back; the complaint names the entry. */
static void test_rmap(void **state)
{
	struct spoiled s = open_spoiled();
	struct page *page = page_of(s.r->m, s.page);
	u32 mapping = page->mapping;
	char missed[100];

	(void)state;
	snprintf(missed, sizeof(missed), "the reverse map of page %u misses the entry at %#llx of process %u: ", s.page,
		 (unsigned long long)s.buf, s.r->pid);
	page->index++;
	assert_reported(&s, missed);
	assert_reported(&s, "the index of the page leads elsewhere");
	page->index--;
	page->mapping = mapping + 1;
	assert_reported(&s, missed);
	assert_reported(&s, "its anon_vma has no link to the mapping");
	page->mapping = 1;
	assert_reported(&s, missed);
	assert_reported(&s, "the page is not of the file that is mapped");
	page->mapping = mapping;
	rig_close(s.r);
}

/* A link that the mapping has, and that leads to another mapping, is no link. */
static void test_link_to_another_mapping(void **state)
{
	struct spoiled s = open_spoiled();
	struct hmmu *m = s.r->m;
	uint64_t other = map_at(s.r, BASE, 1, HMMU_MAP_ANON, HMMU_PROT_WRITE);
	u32 avc = vma_of(m, vma_at(m, s.r->pid, s.buf))->avc_head, vma = m->avcs[avc].vma;

	(void)state;
	m->avcs[avc].vma = vma_at(m, s.r->pid, other);
	assert_reported(&s, "its anon_vma has no link to the mapping");
	m->avcs[avc].vma = vma;
	rig_close(s.r);
}

/* The page of an entry that is not present gets a wrong anon_vma. */
static void assert_anon_vma_is_judged(struct spoiled *s)
{
	struct page *page = page_of(s->r->m, swp_offset(*s->pte));

	page->mapping++;
	assert_reported(s, "its anon_vma has no link to the mapping");
	page->mapping--;
	assert_clean(s->r->m);
}

/* The reverse map has to find device-private entries and migration entries, too: nothing else turns them back. */
static void test_rmap_of_other_entries(void **state)
{
	struct spoiled s = open_spoiled();
	struct hmmu_migration *mig = begin_to(s.r, s.buf, 1, HMMU_TO_DEVICE, HMMU_STAGE_UNMAP);

	(void)state;
	assert_true(is_migration_entry(*s.pte));
	assert_anon_vma_is_judged(&s);
	assert_ok(hmmu_migrate_end(mig));
	assert_ok(migrate(s.r, s.buf, 1, HMMU_TO_DEVICE));
	assert_true(is_device_private_entry(*s.pte));
	assert_anon_vma_is_judged(&s);
	rig_close(s.r);
}

static void test_mappings(void **state)
{
	struct spoiled s = open_spoiled();
	struct vma *vma = vma_of(s.r->m, vma_at(s.r->m, s.r->pid, s.buf));
	u32 head = vma->avc_head;

	(void)state;
	vma->prev = 7;
	assert_reported(&s, "out of order");
	vma->prev = 0;
	vma->avc_head = 0;
	assert_reported(&s, "no chain");
	vma->avc_head = head;
	rig_close(s.r);
}

/* A page on a list that does not know it is there. */
static void test_broken_list(void **state)
{
	struct spoiled s = open_spoiled();
	struct page *page = page_of(s.r->m, s.page);

	(void)state;
	CHECK_NUMBER(s, page->prev, "LRU list");
	rig_close(s.r);
}

static void test_page_without_owner(void **state)
{
	struct spoiled s = open_spoiled();
	u32 pfn = alloc_page(s.r->m);

	(void)state;
	assert_reported(&s, "references can be explained");
	page_of(s.r->m, pfn)->count = 0;
	page_of(s.r->m, pfn)->flags = HMMU_PG_UPTODATE;
	assert_reported(&s, "has no reference and is not free");
	rig_discard(s.r);
}

static void test_contradictions(void **state)
{
	struct spoiled s = open_spoiled();

	(void)state;
	hmmu_bug(s.r->m, "the first one");
	hmmu_bug(s.r->m, "another one");
	assert_reported(&s, "2 internal contradictions, the first: the first one");
	rig_discard(s.r);
}

/* A process that ends looks for what it should not have any more. */
static void test_end_of_a_process(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct spoiled s = open_spoiled();
		struct mm *mm = mm_of(s.r->m, s.r->pid);

		mm->tables += i;
		mm->rss[MM_FILEPAGES] += !i;
		assert_ok(hmmu_exit(s.r->m, s.r->pid));
		assert_reported(&s, i ? "ended with page tables" : "ended with pages in its RSS");
		rig_discard(s.r);
	}
}

/* Every reference that a user can take is accounted for, so none is a complaint. */
static void test_all_holders_are_known(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 8), huge = map_huge(r, 512);
	uint32_t pin, hold, isolate, page, device;

	(void)state;
	write_pages(r, buf, 4, 1);
	write_pages(r, huge, 1, 1);
	assert_ok(hmmu_pin(r->m, r->tid, buf, 0, &pin));
	assert_ok(hmmu_pin(r->m, r->tid, buf, HMMU_PIN_WRITE, &pin));
	assert_ok(hmmu_hold(r->m, r->pid, buf + PAGES(1), &hold));
	assert_ok(hmmu_isolate(r->m, r->pid, buf + PAGES(2), &isolate));
	assert_ok(hmmu_page_alloc(r->m, &page));
	assert_ok(hmmu_page_trylock(r->m, page));
	assert_ok(hmmu_device_alloc(r->m, &device));
	assert_clean(r->m);
	for (uint64_t i = 0; i < 3; i++) {
		assert_ok(hmmu_pin(r->m, r->tid, huge + PAGES(i * 100), 0, &pin));
		assert_clean(r->m);
	}
	assert_ok(hmmu_hold(r->m, r->pid, huge + PAGES(9), &hold));
	assert_clean(r->m);
	assert_ok(store(r, r->tid, buf + PAGES(5), 1));
	assert_clean(r->m);
	rig_close(r);
}

static void test_huge_counts(void **state)
{
	struct spoiled s = { .r = open_rig() };
	uint64_t buf = map_huge(s.r, 512);

	(void)state;
	write_pages(s.r, buf, 1, 1);
	CHECK_NUMBER(s, *compound_mapcount_ptr(s.r->m, pfn_at(s.r, buf)), "compound mapcount");
	rig_close(s.r);
}

/* A page in the swap cache, and its slot. */
static void test_swap(void **state)
{
	struct spoiled s = { .r = open_rig(.swap_pages = 8) };
	uint64_t buf = map_anon(s.r, 1);
	struct hmmu *m = s.r->m;

	(void)state;
	write_pages(s.r, buf, 1, 1);
	hmmu_lru_add_drain_all(m);
	assert_ok(hmmu_reclaim(m, s.r->pid, buf));
	CHECK_NUMBER(s, m->swap_slots[1].count, "swap slot 1: its count is 2");
	m->st->swap_free_head = 1;
	assert_reported(&s, "swap slot 1 is in use, and on the list of free ones");
	m->st->swap_free_head = 0;
	read_pages(s.r, buf, 1);
	CHECK_NUMBER(s, page_of(m, pfn_at(s.r, buf))->private, "does not know that it is in the swap cache");
	CHECK_NUMBER(s, *(uint8_t *)frame_of(m, pfn_at(s.r, buf)), "the contents differ");
	rig_close(s.r);
}

/* A task that waits for mmap_sem and is not in its queue would never be woken. */
static void test_queue(void **state)
{
	struct spoiled s = { .r = open_rig() };
	uint64_t buf = map_anon(s.r, 2);
	uint32_t writer = new_task(s.r, s.r->pid);
	struct hmmu_migration *mig = begin_to(s.r, buf, 1, HMMU_TO_DEVICE, HMMU_STAGE_ALLOC_AND_COPY);
	struct rwsem *sem = &mm_of(s.r->m, s.r->pid)->mmap_sem;

	(void)state;
	assert_blocked(s.r->m, hmmu_munmap(s.r->m, writer, buf, PAGES(1)), writer, HMMU_WAIT_MMAP_SEM_WRITE);
	sem->first_waiter = 0;
	assert_reported(&s, "1 tasks wait for mmap_sem, 0 are in its queue");
	sem->first_waiter = writer;
	sem->first_writer = 0;
	assert_reported(&s, "has first writer 2 and last waiter 2, but says 0 and 2");
	sem->first_writer = writer;
	assert_ok(hmmu_task_cancel(s.r->m, writer));
	assert_ok(hmmu_migrate_end(mig));
	rig_close(s.r);
}

/* A mark that outlives the mapping that was locked keeps its page from reclaim for ever. */
static void test_mlocked_without_mapping(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 2);

	(void)state;
	write_pages(r, buf, 2, 1);
	hmmu_lru_add_drain_all(r->m);
	assert_ok(hmmu_mlock(r->m, r->tid, buf, PAGES(1)));
	assert_clean(r->m);
	r->m->pages[pfn_at(r, buf + PAGES(1))].flags |= HMMU_PG_MLOCKED;
	assert_int_equal(complaints(r->m), 1);
	assert_non_null(strstr(first_complaint(), "it is mlocked, but no VM_LOCKED mapping maps it"));
	r->m->pages[pfn_at(r, buf + PAGES(1))].flags &= ~(uint32_t)HMMU_PG_MLOCKED;
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mlocked_without_mapping),
		cmocka_unit_test(test_queue),
		cmocka_unit_test(test_swap),
		cmocka_unit_test(test_huge_counts),
		cmocka_unit_test(test_verify_references),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_counters),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_locks),
		cmocka_unit_test(test_verify_entries),
		cmocka_unit_test(test_rmap),
		cmocka_unit_test(test_link_to_another_mapping),
		cmocka_unit_test(test_rmap_of_other_entries),
		cmocka_unit_test(test_mappings),
		cmocka_unit_test(test_broken_list),
		cmocka_unit_test(test_page_without_owner),
		cmocka_unit_test(test_contradictions),
		cmocka_unit_test(test_end_of_a_process),
		cmocka_unit_test(test_all_holders_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
