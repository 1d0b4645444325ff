/* SPDX-License-Identifier: GPL-2.0-only */
/* Private hugetlb mappings: the pool, reservations, faults, copy on write, and what calls do to huge entries. */
#include "support.h"

#include "fault/hugetlb.h"
#include "mm/mm.h"

#define RW (HMMU_PROT_READ | HMMU_PROT_WRITE)
#define HUGE PAGES(512)

static uint64_t map_hugetlb(struct rig *r, uint64_t huge_pages)
{
	return map_at(r, 0, huge_pages * 512, HMMU_MAP_HUGETLB, RW);
}

/* The first task of a new child. */
static uint32_t fork_task(struct rig *r)
{
	return hmmu_process_task(r->m, do_fork_of(r, r->tid));
}

static u64 entry_at(struct rig *r, uint32_t pid, uint64_t address)
{
	u64 *pmd = mm_find_pmd(r->m, pid, address);

	return pmd ? *pmd : 0;
}

static void assert_pool(struct rig *r, uint64_t free, uint64_t reserved)
{
	assert_int_equal(counter(r, HMMU_COUNT_HUGETLB_FREE), free);
	assert_int_equal(counter(r, HMMU_COUNT_HUGETLB_RESERVED), reserved);
	assert_clean(r->m);
}

static void assert_sigbus(struct rig *r, int result)
{
	assert_failed(r->m, result, -EFAULT, HMMU_ERR_SIGBUS);
}

/* A machine has a pool of four pages, which cost no frame of its RAM. */
static void test_pool_sizes(void **state)
{
	static const struct {
		uint32_t ram_pages, hugetlb_pages, expected;
	} sizes[] = { { 64, 0, 4 }, { 4096, 1, 1 }, { 1000, 9, 9 }, { 64, HMMU_HUGETLB_NONE, 0 } };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct rig *r = open_rig(.ram_pages = sizes[i].ram_pages, .hugetlb_pages = sizes[i].hugetlb_pages);
		struct hmmu_options options;

		assert_int_equal(counter(r, HMMU_COUNT_RAM_PAGES), sizes[i].ram_pages);
		assert_int_equal(counter(r, HMMU_COUNT_HUGETLB_PAGES), sizes[i].expected);
		assert_pool(r, sizes[i].expected, 0);
		hmmu_machine_options(r->m, &options);
		assert_int_equal(options.hugetlb_pages, sizes[i].expected ? sizes[i].expected : HMMU_HUGETLB_NONE);
		rig_close(r);
	}
}

static void test_pool_too_large(void **state)
{
	struct hmmu_options options = { .hugetlb_pages = (1u << 19) + 1 };
	struct hmmu *m;

	(void)state;
	assert_int_equal(hmmu_create(&options, &m), -EINVAL);
}

/* Between RAM and the pool there may be frame numbers without a frame. */
static void test_gap_before_the_pool(void **state)
{
	struct rig *r = open_rig(.ram_pages = 1000, .hugetlb_pages = 2);
	struct hmmu_page_info info;
	uint8_t byte = 0;

	(void)state;
	assert_int_equal(hmmu_device_base(r->m), 1024 + 1024);
	for (uint32_t pfn = 1000; pfn < 1024; pfn++) {
		assert_failed(r->m, hmmu_page_info(r->m, pfn, &info), -EINVAL, HMMU_ERR_NO_PAGE);
		assert_failed(r->m, hmmu_page_read(r->m, pfn, 0, &byte, 1), -EINVAL, HMMU_ERR_NO_PAGE);
		assert_failed(r->m, hmmu_page_write(r->m, pfn, 0, &byte, 1), -EINVAL, HMMU_ERR_NO_PAGE);
		assert_null(hmmu_page_data(r->m, pfn));
	}
	assert_ok(hmmu_page_info(r->m, 999, &info));
	assert_ok(hmmu_page_info(r->m, 1024, &info));
	rig_close(r);
}

/* Pages of the pool are compound, used or not. */
static void test_pool_pages_in_page_info(void **state)
{
	struct rig *r = open_rig(.ram_pages = 1024);
	uint64_t buf = map_hugetlb(r, 1);

	(void)state;
	assert_int_equal(page_info(r, 1024).flags, HMMU_PG_HEAD);
	assert_int_equal(page_info(r, 1024 + 511).flags, HMMU_PG_TAIL);
	assert_int_equal(page_info(r, 1024).ref, 0);
	assert_ok(store(r, r->tid, buf, 1));
	assert_int_equal(page_info(r, 1024).flags, HMMU_PG_HEAD | HMMU_PG_UPTODATE);
	assert_int_equal(page_info(r, 1024 + 7).flags, HMMU_PG_TAIL);
	assert_int_equal(page_info(r, 1024).ref, 1);
	assert_int_equal(page_info(r, 1024 + 7).map, 1);
	assert_true(page_info(r, 1024).anon);
	assert_int_equal(page_info(r, 1024 + 512).flags, HMMU_PG_HEAD);
	assert_ok(hmmu_munmap(r->m, r->tid, buf, HUGE));
	/* The flags of the last user stay. */
	assert_int_equal(page_info(r, 1024).flags, HMMU_PG_HEAD | HMMU_PG_UPTODATE | HMMU_PG_DIRTY);
	assert_int_equal(page_info(r, 1024).ref, 0);
	rig_close(r);
}

/* mmap() reserves, faults use the reservations, munmap() gives back both. */
static void test_reservations(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_hugetlb(r, 3);
	struct hmmu_map two = { .pages = 1024, .kind = HMMU_MAP_HUGETLB, .prot = RW };
	uint64_t address = 0;

	(void)state;
	assert_pool(r, 4, 3);
	assert_failed(r->m, hmmu_mmap(r->m, r->tid, &two, &address), -ENOMEM, HMMU_ERR_SYSCALL);
	assert_pool(r, 4, 3);
	assert_ok(store(r, r->tid, buf + HUGE, 7));
	assert_pool(r, 3, 2);
	/* The page of the mapping's middle, and a reservation. */
	assert_ok(hmmu_munmap(r->m, r->tid, buf + HUGE, 2 * HUGE));
	assert_pool(r, 4, 1);
	assert_ok(hmmu_mmap(r->m, r->tid, &two, &address));
	assert_pool(r, 4, 3);
	rig_close(r);
}

static void test_mmap_without_pool(void **state)
{
	struct rig *r = open_rig(.hugetlb_pages = HMMU_HUGETLB_NONE);
	struct hmmu_map map = { .pages = 512, .kind = HMMU_MAP_HUGETLB, .prot = RW };
	uint64_t address;

	(void)state;
	assert_failed(r->m, hmmu_mmap(r->m, r->tid, &map, &address), -ENOMEM, HMMU_ERR_SYSCALL);
	assert_int_equal(counter(r, HMMU_COUNT_MAPPINGS), 0);
	rig_close(r);
}

static void test_load_and_store(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_hugetlb(r, 2);
	struct hmmu_mm_counters counters;

	(void)state;
	assert_bytes(r, r->tid, buf + PAGES(5), 1, 0);
	assert_false(entry_at(r, r->pid, buf) & _PAGE_RW);
	assert_ok(store(r, r->tid, buf + PAGES(5), 0x56));
	assert_true(entry_at(r, r->pid, buf) & _PAGE_RW);
	assert_bytes(r, r->tid, buf + PAGES(5), 1, 0x56);
	assert_bytes(r, r->tid, buf + PAGES(6), 1, 0);
	counters = mm_counters(r, r->pid);
	assert_int_equal(counters.hugetlb, 512);
	assert_int_equal(counters.anon + counters.file + counters.shmem, 0);
	assert_int_equal(hmmu_memcg_charged(r->m), 0);
	assert_int_equal(counter(r, HMMU_COUNT_LRU_ACTIVE_ANON), 0);
	/* Dumps do not look into such mappings. */
	assert_kind(r, buf, 1024, HMMU_ENTRY_SPECIAL);
	rig_close(r);
}

/* A page that comes back from its last user is cleared. */
static void test_pages_are_cleared(void **state)
{
	struct rig *r = open_rig(.hugetlb_pages = 1);
	uint64_t buf = map_hugetlb(r, 1);

	(void)state;
	assert_ok(store(r, r->tid, buf + PAGES(300), 9));
	assert_ok(hmmu_munmap(r->m, r->tid, buf, HUGE));
	buf = map_hugetlb(r, 1);
	assert_bytes(r, r->tid, buf + PAGES(300), 1, 0);
	rig_close(r);
}

/* After a fork the owner copies with a page that nobody has reserved; then each has its own. */
static void test_copy_by_the_owner(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_hugetlb(r, 2);
	uint32_t child;

	(void)state;
	assert_ok(store(r, r->tid, buf, 1));
	child = fork_task(r);
	assert_int_equal(page_info(r, pte_pfn(entry_at(r, r->pid, buf))).map, 2);
	assert_int_equal(mm_counters(r, 2).hugetlb, 512);
	assert_pool(r, 3, 1);
	assert_ok(store(r, r->tid, buf, 2));
	assert_pool(r, 2, 1);
	assert_bytes(r, child, buf, 1, 1);
	assert_bytes(r, r->tid, buf, 1, 2);
	/* The child is alone with the first page now. */
	assert_ok(store(r, child, buf, 3));
	assert_pool(r, 2, 1);
	rig_close(r);
}

/* A child copies to a page that is neither used nor reserved, and gets a SIGBUS if there is none. */
static void test_copy_by_a_child(void **state)
{
	struct rig *r = open_rig(.hugetlb_pages = 3);
	uint64_t buf = map_hugetlb(r, 2);
	uint32_t child;

	(void)state;
	assert_ok(store(r, r->tid, buf, 1));
	child = fork_task(r);
	assert_ok(store(r, child, buf, 2));
	assert_pool(r, 1, 1);
	/* The remaining pages are the owner's. */
	assert_sigbus(r, store(r, child, buf + HUGE, 2));
	assert_sigbus(r, load(r, child, buf + HUGE, NULL));
	assert_ok(store(r, r->tid, buf + HUGE, 3));
	assert_pool(r, 0, 0);
	assert_sigbus(r, load(r, child, buf + HUGE, NULL));
	rig_close(r);
}

/* The owner finds the pool empty: the child loses the page, and may not have a new one. */
static void test_owner_takes_the_page_back(void **state)
{
	struct rig *r = open_rig(.hugetlb_pages = 1);
	uint64_t buf = map_hugetlb(r, 1);
	uint32_t child, page;

	(void)state;
	assert_ok(store(r, r->tid, buf, 1));
	page = pte_pfn(entry_at(r, r->pid, buf));
	child = fork_task(r);
	assert_bytes(r, child, buf, 1, 1);
	assert_sigbus(r, store(r, child, buf, 2));
	assert_ok(store(r, r->tid, buf, 3));
	assert_int_equal(pte_pfn(entry_at(r, r->pid, buf)), page);
	assert_int_equal(page_info(r, page).map, 1);
	assert_sigbus(r, load(r, child, buf, NULL));
	assert_ok(hmmu_munmap(r->m, r->tid, buf, HUGE));
	assert_pool(r, 1, 0);
	/* Also with a page that is free again: it would look like data lost. */
	assert_sigbus(r, load(r, child, buf, NULL));
	rig_close(r);
}

/* Only the page that is taken back goes; a pin keeps its contents. */
static void test_only_the_shared_page_is_taken_back(void **state)
{
	struct rig *r = open_rig(.hugetlb_pages = 2);
	uint64_t buf = map_hugetlb(r, 2);
	uint32_t child, pin;
	uint8_t byte = 0;

	(void)state;
	assert_ok(store(r, r->tid, buf, 1));
	assert_ok(store(r, r->tid, buf + HUGE, 2));
	child = fork_task(r);
	assert_ok(hmmu_pin(r->m, child, buf + HUGE, 0, &pin));
	assert_ok(store(r, r->tid, buf + HUGE, 3));
	assert_bytes(r, child, buf, 1, 1);
	assert_sigbus(r, load(r, child, buf + HUGE, NULL));
	assert_ok(hmmu_page_read(r->m, pin, 0, &byte, 1));
	assert_int_equal(byte, 3);
	assert_ok(hmmu_unpin(r->m, pin, 0));
	rig_close(r);
}

static void test_pin(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_hugetlb(r, 2);
	uint32_t pfn, head, faults = (uint32_t)counter(r, HMMU_COUNT_PAGE_FAULTS);

	(void)state;
	assert_ok(hmmu_pin(r->m, r->tid, buf + PAGES(9), 0, &pfn));
	assert_false(entry_at(r, r->pid, buf) & _PAGE_RW);
	head = pte_pfn(entry_at(r, r->pid, buf));
	assert_int_equal(pfn, head + 9);
	assert_int_equal(page_info(r, head).ref, 2);
	assert_ok(hmmu_unpin(r->m, pfn, 0));
	assert_ok(hmmu_pin(r->m, r->tid, buf + PAGES(9), HMMU_PIN_WRITE, &pfn));
	assert_true(entry_at(r, r->pid, buf) & _PAGE_RW);
	/* get_user_pages() calls hugetlb_fault() itself. */
	assert_int_equal(counter(r, HMMU_COUNT_PAGE_FAULTS), faults);
	/* A pinned page outlives its mapping, and is not in the pool meanwhile. */
	assert_ok(hmmu_munmap(r->m, r->tid, buf, HUGE));
	assert_pool(r, 3, 1);
	assert_ok(hmmu_unpin(r->m, pfn, 0));
	assert_pool(r, 4, 1);
	rig_close(r);
}

static void test_pin_fails(void **state)
{
	struct rig *r = open_rig(.hugetlb_pages = 1);
	uint64_t buf = map_hugetlb(r, 1);
	uint32_t child = fork_task(r), pfn;

	(void)state;
	assert_failed(r->m, hmmu_pin(r->m, child, buf, 0, &pfn), -EFAULT, HMMU_ERR_SYSCALL);
	assert_ok(hmmu_inject(r->m, HMMU_INJECT_ANON_VMA, 1, false));
	assert_failed(r->m, hmmu_pin(r->m, r->tid, buf, 0, &pfn), -ENOMEM, HMMU_ERR_OUT_OF_FRAMES);
	/* The reservation was given back. */
	assert_pool(r, 1, 1);
	assert_ok(hmmu_mprotect(r->m, r->tid, buf, HUGE, HMMU_PROT_READ));
	assert_failed(r->m, hmmu_pin(r->m, r->tid, buf, HMMU_PIN_WRITE, &pfn), -EFAULT, HMMU_ERR_SYSCALL);
	rig_close(r);
}

/* mlock() does not lock such a mapping, and brings its pages in all the same. */
static void test_mlock_populates(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_hugetlb(r, 2);
	struct hmmu_vma_info vma;

	(void)state;
	assert_ok(hmmu_mlock(r->m, r->tid, buf, 2 * HUGE));
	assert_pool(r, 2, 0);
	assert_true(entry_at(r, r->pid, buf + HUGE) & _PAGE_RW);
	assert_int_equal(hmmu_vmas(r->m, r->pid, &vma, 1), 1);
	assert_false(vma.locked);
	assert_int_equal(mm_counters(r, r->pid).locked, 0);
	assert_ok(hmmu_munlock(r->m, r->tid, buf, 2 * HUGE));
	rig_close(r);
}

static void test_protect(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_hugetlb(r, 2);

	(void)state;
	assert_ok(store(r, r->tid, buf, 1));
	assert_ok(hmmu_mprotect(r->m, r->tid, buf, HUGE, HMMU_PROT_READ));
	assert_failed(r->m, store(r, r->tid, buf, 2), -EFAULT, HMMU_ERR_SIGSEGV);
	assert_bytes(r, r->tid, buf, 1, 1);
	assert_ok(hmmu_mprotect(r->m, r->tid, buf, 2 * HUGE, 0));
	assert_failed(r->m, load(r, r->tid, buf, NULL), -EFAULT, HMMU_ERR_SIGSEGV);
	assert_int_equal(entry_at(r, r->pid, buf) & (_PAGE_PRESENT | _PAGE_PROTNONE | _PAGE_PSE),
			 _PAGE_PROTNONE | _PAGE_PSE);
	assert_ok(hmmu_mprotect(r->m, r->tid, buf, 2 * HUGE, RW));
	assert_ok(store(r, r->tid, buf, 3));
	assert_pool(r, 3, 1);
	/* Borders must be those of huge pages. */
	assert_failed(r->m, hmmu_mprotect(r->m, r->tid, buf, PAGES(1), HMMU_PROT_READ), -EINVAL, HMMU_ERR_SYSCALL);
	assert_failed(r->m, hmmu_munmap(r->m, r->tid, buf + PAGES(1), HUGE), -EINVAL, HMMU_ERR_SYSCALL);
	assert_failed(r->m, hmmu_madvise(r->m, r->tid, buf, HUGE, HMMU_MADV_DONTNEED), -EINVAL, HMMU_ERR_SYSCALL);
	assert_failed(r->m, migrate(r, buf, 512, HMMU_TO_DEVICE), -EINVAL, HMMU_ERR_SYSCALL);
	assert_bytes(r, r->tid, buf, 1, 3);
	rig_close(r);
}

/* No translation outlives a change of the entry, on any CPU. */
static void test_no_stale_translation(void **state)
{
	struct rig *r = open_rig(.cpus = 2);
	uint64_t buf = map_hugetlb(r, 1);
	uint32_t other = new_task(r, r->pid), child;

	(void)state;
	assert_ok(hmmu_task_set_cpu(r->m, other, 1));
	assert_ok(store(r, r->tid, buf + PAGES(3), 1));
	assert_ok(store(r, other, buf + PAGES(3), 2));
	child = fork_task(r);
	assert_bytes(r, other, buf + PAGES(3), 1, 2);
	assert_ok(store(r, r->tid, buf + PAGES(3), 3));
	assert_bytes(r, other, buf + PAGES(3), 1, 3);
	assert_bytes(r, child, buf + PAGES(3), 1, 2);
	assert_ok(hmmu_mprotect(r->m, r->tid, buf, HUGE, 0));
	assert_failed(r->m, load(r, other, buf + PAGES(3), NULL), -EFAULT, HMMU_ERR_SIGSEGV);
	assert_ok(hmmu_munmap(r->m, r->tid, buf, HUGE));
	assert_failed(r->m, load(r, other, buf + PAGES(3), NULL), -EFAULT, HMMU_ERR_SIGSEGV);
	assert_int_equal(counter(r, HMMU_COUNT_TLB_STALE), 0);
	rig_close(r);
}

static void test_userfault(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_hugetlb(r, 2);

	(void)state;
	assert_ok(store(r, r->tid, buf, 1));
	assert_ok(hmmu_uffd_register(r->m, r->tid, buf, 2 * HUGE, HMMU_UFFD_MISSING));
	assert_ok(store(r, r->tid, buf, 2));
	assert_sigbus(r, store(r, r->tid, buf + HUGE, 2));
	assert_sigbus(r, load(r, r->tid, buf + HUGE, NULL));
	assert_pool(r, 3, 1);
	rig_close(r);
}

/* clear_refs has no walk for huge pages of hugetlb. */
static void test_clear_soft_dirty(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_hugetlb(r, 1);
	u64 entry;

	(void)state;
	assert_ok(store(r, r->tid, buf, 1));
	entry = entry_at(r, r->pid, buf);
	assert_ok(hmmu_clear_soft_dirty(r->m, r->tid));
	assert_true(entry_at(r, r->pid, buf) == entry);
	rig_close(r);
}

/* A copy of each notifier call in the order in which it was made. */
static void assert_notified(struct rig *r, const char *expected)
{
	struct hmmu_event events[32];
	int count = hmmu_events_read(r->m, events, 32);
	char seen[33] = "";

	for (int i = 0; i < count; i++)
		seen[i] = events[i].type == HMMU_EVENT_INVALIDATE_START ? '('
			  : events[i].type == HMMU_EVENT_INVALIDATE_END ? ')'
									: 'r';
	assert_string_equal(seen, expected);
}

static void test_hugetlb_notifier(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_hugetlb(r, 2);

	(void)state;
	assert_ok(hmmu_watch(r->m, r->pid));
	assert_ok(hmmu_events_record(r->m, 1u << HMMU_EVENT_INVALIDATE_START | 1u << HMMU_EVENT_INVALIDATE_END |
						   1u << HMMU_EVENT_INVALIDATE_RANGE));
	assert_ok(store(r, r->tid, buf, 1));
	assert_notified(r, "");
	do_fork_of(r, r->tid);
	assert_notified(r, "(rr)");
	assert_ok(store(r, r->tid, buf, 2));
	assert_notified(r, "(rr)");
	assert_ok(hmmu_mprotect(r->m, r->tid, buf, HUGE, HMMU_PROT_READ));
	assert_notified(r, "(rr)");
	assert_ok(hmmu_munmap(r->m, r->tid, buf + HUGE, HUGE));
	assert_notified(r, "((r)r)");
	rig_close(r);
}

static void test_tables_and_exit(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_hugetlb(r, 1);
	uint32_t child;

	(void)state;
	assert_int_equal(mm_counters(r, r->pid).tables, 1);
	assert_ok(store(r, r->tid, buf, 1));
	/* No table of ptes, and none deposited. */
	assert_int_equal(mm_counters(r, r->pid).tables, 3);
	child = fork_task(r);
	assert_ok(hmmu_exit(r->m, r->pid));
	/* The child goes on with the page, and the reservation is used. */
	assert_bytes(r, child, buf, 1, 1);
	assert_ok(store(r, child, buf, 2));
	assert_pool(r, 3, 0);
	rig_close(r);
}

static void test_without_contents(void **state)
{
	struct rig *r = open_rig(.no_contents = true);
	uint64_t buf = map_hugetlb(r, 1);
	uint32_t child;

	(void)state;
	assert_ok(store(r, r->tid, buf + PAGES(511), 8));
	child = fork_task(r);
	assert_ok(store(r, r->tid, buf + PAGES(511), 9));
	assert_bytes(r, child, buf + PAGES(511), 1, 8);
	assert_bytes(r, r->tid, buf + PAGES(511), 1, 9);
	rig_close(r);
}

/* A copy of the machine has the pool, with contents. */
static void test_hugetlb_clone(void **state)
{
	struct rig *r = open_rig(.ram_pages = 1000);
	uint64_t buf = map_hugetlb(r, 2);
	struct hmmu *clone;
	uint8_t byte = 0;

	(void)state;
	assert_ok(store(r, r->tid, buf + PAGES(400), 8));
	assert_ok(hmmu_clone(r->m, &clone));
	assert_int_equal(hmmu_hash(clone), hmmu_hash(r->m));
	assert_ok(hmmu_load(clone, r->tid, buf + PAGES(400), &byte, 1, NULL));
	assert_int_equal(byte, 8);
	assert_clean(clone);
	hmmu_destroy(clone);
	rig_close(r);
}

/* verify() counts anew. */
#define CHECK_HUGETLB_NUMBER(r, number, word) \
	do { \
		(number)++; \
		assert_true(complaints((r)->m) > 0); \
		assert_non_null(strstr(first_complaint(), word)); \
		(number)--; \
		assert_clean((r)->m); \
	} while (0)

static void test_verify(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_hugetlb(r, 3), gone = map_hugetlb(r, 1);
	struct state *st = r->m->st;
	u64 *pmd, entry;
	u32 head;

	(void)state;
	assert_ok(store(r, r->tid, buf, 1));
	assert_ok(store(r, r->tid, gone, 1));
	assert_ok(hmmu_munmap(r->m, r->tid, gone, HUGE));
	pmd = mm_find_pmd(r->m, r->pid, buf);
	entry = *pmd;
	head = pte_pfn(entry);
	CHECK_HUGETLB_NUMBER(r, st->hugetlb_free, "hugetlb");
	CHECK_HUGETLB_NUMBER(r, st->hugetlb_reserved, "hugetlb: mappings have reserved");
	CHECK_HUGETLB_NUMBER(r, st->hugetlb_free_head, "free list");
	CHECK_HUGETLB_NUMBER(r, mm_of(r->m, r->pid)->hugetlb_usage, "pages of hugetlb mappings");
	CHECK_HUGETLB_NUMBER(r, page_of(r->m, head)->count, "references can be explained");
	CHECK_HUGETLB_NUMBER(r, page_of(r->m, head)->index, "the index of the page");
	CHECK_HUGETLB_NUMBER(r, *compound_mapcount_ptr(r->m, head), "compound mapcount");
	*pmd = mk_pte(head + 1, entry & ~PTE_PFN_MASK);
	assert_true(complaints(r->m) > 0);
	assert_non_null(strstr(first_complaint(), "maps no page of the pool"));
	*pmd = entry;
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pool_sizes),
		cmocka_unit_test(test_pool_too_large),
		cmocka_unit_test(test_gap_before_the_pool),
		cmocka_unit_test(test_pool_pages_in_page_info),
		cmocka_unit_test(test_reservations),
		cmocka_unit_test(test_mmap_without_pool),
		cmocka_unit_test(test_load_and_store),
		cmocka_unit_test(test_pages_are_cleared),
		cmocka_unit_test(test_copy_by_the_owner),
		cmocka_unit_test(test_copy_by_a_child),
		cmocka_unit_test(test_owner_takes_the_page_back),
		cmocka_unit_test(test_only_the_shared_page_is_taken_back),
		cmocka_unit_test(test_pin),
		cmocka_unit_test(test_pin_fails),
		cmocka_unit_test(test_mlock_populates),
		cmocka_unit_test(test_protect),
		cmocka_unit_test(test_no_stale_translation),
		cmocka_unit_test(test_userfault),
		cmocka_unit_test(test_clear_soft_dirty),
		cmocka_unit_test(test_hugetlb_notifier),
		cmocka_unit_test(test_tables_and_exit),
		cmocka_unit_test(test_without_contents),
		cmocka_unit_test(test_hugetlb_clone),
		cmocka_unit_test(test_verify),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
