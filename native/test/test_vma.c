/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mappings: where they are put, how they are cut, and what they merge with. Letters in the pictures are mappings of
 * equal attributes, one a letter; a dash is a page that is not mapped.
 */
#include "support.h"

#define MAX_VMAS 16

/* Pages of BASE… as a picture: A private anonymous read-write, R the same read-only, N without access, - nothing. */
static char letter(const struct hmmu_vma_info *vma)
{
	if (vma->kind != HMMU_MAP_ANON)
		return 'F';
	if (vma->locked)
		return 'L';
	return vma->prot & HMMU_PROT_WRITE ? 'A' : vma->prot & HMMU_PROT_READ ? 'R' : 'N';
}

/* "AA|RRR|--|A": a bar between mappings, and where one begins or ends. */
static void assert_picture(struct rig *r, const char *expected)
{
	struct hmmu_vma_info vmas[MAX_VMAS];
	int n = hmmu_vmas(r->m, r->pid, vmas, MAX_VMAS);
	char picture[64] = "";
	size_t at = 0;
	uint64_t address = BASE;

	assert_in_range(n, 0, MAX_VMAS);
	for (int i = 0; i < n; i++) {
		if (at)
			picture[at++] = '|';
		if (vmas[i].start > address) {
			for (; address < vmas[i].start; address += PAGES(1))
				picture[at++] = '-';
			picture[at++] = '|';
		}
		for (; address < vmas[i].end; address += PAGES(1))
			picture[at++] = letter(&vmas[i]);
	}
	assert_string_equal(picture, expected);
	assert_clean(r->m);
}

static uint64_t page(uint64_t i)
{
	return BASE + PAGES(i);
}

static void map_pages(struct rig *r, uint64_t first, uint64_t n, uint32_t prot)
{
	map_at(r, page(first), n, HMMU_MAP_ANON, prot);
}

static void unmap(struct rig *r, uint64_t first, uint64_t n)
{
	assert_ok(hmmu_munmap(r->m, r->tid, page(first), PAGES(n)));
}

static void protect(struct rig *r, uint64_t first, uint64_t n, uint32_t prot)
{
	assert_ok(hmmu_mprotect(r->m, r->tid, page(first), PAGES(n), prot));
}

#define RW (HMMU_PROT_READ | HMMU_PROT_WRITE)
#define RO HMMU_PROT_READ

static void test_unmap_parts(void **state)
{
	struct rig *r = open_rig();

	(void)state;
	map_pages(r, 0, 10, RW);
	write_pages(r, BASE, 10, 1);
	assert_picture(r, "AAAAAAAAAA");
	unmap(r, 0, 1); /* the front */
	assert_picture(r, "-|AAAAAAAAA");
	unmap(r, 9, 1); /* the end */
	assert_picture(r, "-|AAAAAAAA");
	unmap(r, 4, 2); /* the middle */
	assert_picture(r, "-|AAA|--|AAA");
	unmap(r, 3, 4); /* over a hole, and a page of each neighbour */
	assert_picture(r, "-|AA|----|AA");
	unmap(r, 0, 16); /* everything and more */
	assert_picture(r, "");
	unmap(r, 0, 16); /* nothing */
	assert_int_equal(mm_counters(r, r->pid).anon, 0);
	rig_close(r);
}

static void test_length_is_rounded_up(void **state)
{
	struct rig *r = open_rig();

	(void)state;
	map_pages(r, 0, 4, RW);
	assert_ok(hmmu_munmap(r->m, r->tid, page(1), 1));
	assert_picture(r, "A|-|AA");
	assert_ok(hmmu_mprotect(r->m, r->tid, page(2), 4097, RO));
	assert_picture(r, "A|-|RR");
	rig_close(r);
}

static void test_new_mappings_merge(void **state)
{
	struct rig *r = open_rig();

	(void)state;
	map_pages(r, 2, 2, RW);
	map_pages(r, 4, 2, RW); /* behind */
	assert_picture(r, "--|AAAA");
	map_pages(r, 1, 1, RW); /* before */
	assert_picture(r, "-|AAAAA");
	map_pages(r, 8, 2, RW);
	assert_picture(r, "-|AAAAA|--|AA");
	map_pages(r, 6, 2, RW); /* between */
	assert_picture(r, "-|AAAAAAAAA");
	map_pages(r, 0, 1, RO); /* other rights */
	assert_picture(r, "R|AAAAAAAAA");
	rig_close(r);
}

static void test_occupied_place(void **state)
{
	struct rig *r = open_rig();
	struct hmmu_map map = { .pages = 2, .prot = RW };
	uint64_t at;

	(void)state;
	map_pages(r, 2, 2, RW);
	for (uint64_t i = 1; i <= 3; i++) {
		map.address = page(i);
		assert_failed(r->m, hmmu_mmap(r->m, r->tid, &map, &at), -EEXIST, HMMU_ERR_SYSCALL);
	}
	map.address = HMMU_TASK_SIZE - PAGES(1);
	assert_failed(r->m, hmmu_mmap(r->m, r->tid, &map, &at), -ENOMEM, HMMU_ERR_SYSCALL);
	map.pages = 1;
	assert_ok(hmmu_mmap(r->m, r->tid, &map, &at));
	assert_ok(store(r, r->tid, HMMU_TASK_SIZE - 1, 1));
	rig_close(r);
}

/* A chosen place: above all mappings, 1 MiB above a 2 MiB boundary or on it, 2 MiB away from the others. */
static void test_chosen_places(void **state)
{
	struct rig *r = open_rig();
	uint64_t first = map_anon(r, 300), second = map_anon(r, 1), huge = map_huge(r, 1);

	(void)state;
	assert_int_equal(first % MIB(2), MIB(1));
	assert_int_equal(second % MIB(2), MIB(1));
	assert_int_equal(huge % MIB(2), 0);
	assert_true(second >= first + PAGES(300) + MIB(2));
	assert_true(huge >= second + MIB(2));
	rig_close(r);
}

static void test_protect_splits(void **state)
{
	struct rig *r = open_rig();

	(void)state;
	map_pages(r, 0, 6, RW);
	protect(r, 2, 2, RO);
	assert_picture(r, "AA|RR|AA");
	protect(r, 0, 1, RO);
	assert_picture(r, "R|A|RR|AA");
	protect(r, 5, 1, 0);
	assert_picture(r, "R|A|RR|A|N");
	protect(r, 0, 6, RW);
	assert_picture(r, "AAAAAA");
	rig_close(r);
}

/*
 * The cases of the kernel's vma_merge(). P and N are the mappings before and behind; X is the range that changes
 * from R to A. In some it is the whole of a mapping, in others a part of one.
 */
static void test_merge_cases(void **state)
{
	static const struct {
		const char *before;
		uint64_t first, n;
		const char *after;
	} cases[] = {
		/* 1: P and N both, X a mapping of its own between them    */ { "AA|RR|AA", 2, 2, "AAAAAA" },
		/* 2: P takes X, the whole of the mapping behind it        */ { "AA|RR", 2, 2, "AAAA" },
		/* 4: N takes the end of the mapping before it             */ { "RRRR|AA", 2, 2, "RR|AAAA" },
		/* 5: P takes the front of the mapping behind it           */ { "AA|RRRR", 2, 2, "AAAA|RR" },
		/* 6: P takes X and N, over a mapping between them         */ { "AA|RRR|AAA", 2, 3, "AAAAAAAA" },
		/* 7: P takes X, what is behind differs                    */ { "AA|RR|NN", 2, 2, "AAAA|NN" },
		/* 8: N takes X, the whole of the mapping before it        */ { "NN|RR|AA", 2, 2, "NN|AAAA" },
		/* no neighbour fits: X becomes a mapping of its own       */ { "NN|RRR|NN", 3, 1, "NN|R|A|R|NN" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (int written = 0; written < 2; written++) {
			struct rig *r = open_rig();
			uint64_t pages = 0;

			for (const char *c = cases[i].before; *c; c++)
				pages += *c != '|';
			map_pages(r, 0, pages, RW);
			/* With pages the mappings have an anon_vma, and rmap has to find each page afterwards. */
			if (written)
				write_pages(r, BASE, pages, 1);
			pages = 0;
			for (const char *c = cases[i].before; *c; c++) {
				if (*c == 'R' || *c == 'N')
					protect(r, pages, 1, *c == 'R' ? RO : 0);
				pages += *c != '|';
			}
			assert_picture(r, cases[i].before);
			protect(r, cases[i].first, cases[i].n, RW);
			assert_picture(r, cases[i].after);
			if (written) {
				protect(r, 0, pages, RO);
				assert_bytes(r, r->tid, BASE, pages, 1);
				assert_ok(migrate(r, BASE, pages, HMMU_TO_DEVICE));
				assert_all_moved(r, pages);
			}
			rig_close(r);
		}
	}
}

/* Mappings of a file merge as their pages follow each other; the file stays as long as one of them. */
static void test_file_mappings(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_at(r, BASE, 6, HMMU_MAP_SHAREDFILE, RW);
	struct hmmu_vma_info vmas[4];

	(void)state;
	write_pages(r, buf, 6, 1);
	protect(r, 2, 2, RO);
	assert_picture(r, "FF|FF|FF");
	protect(r, 2, 2, RW);
	assert_picture(r, "FFFFFF");
	unmap(r, 0, 2);
	protect(r, 2, 2, RO);
	unmap(r, 4, 1);
	assert_int_equal(hmmu_vmas(r->m, r->pid, vmas, 4), 2);
	assert_bytes(r, r->tid, page(2), 2, 3);
	assert_bytes(r, r->tid, page(5), 1, 6);
	unmap(r, 0, 16);
	assert_int_equal(counter(r, HMMU_COUNT_LRU_INACTIVE_ANON) + counter(r, HMMU_COUNT_LRU_ACTIVE_ANON), 0);
	rig_close(r);
}

/* A merge for which there is no memory is left out: the mappings are split instead, or stay apart. */
static void test_merge_without_memory(void **state)
{
	struct rig *r = open_rig();
	struct hmmu_map map = { .address = page(2), .pages = 2, .prot = RW };
	uint64_t at;

	(void)state;
	map_pages(r, 0, 2, RW);
	map_pages(r, 4, 2, RW);
	write_pages(r, page(4), 2, 1);
	/* The mapping before would have to take over the anon_vma of the one behind. */
	assert_ok(hmmu_inject(r->m, HMMU_INJECT_ANON_VMA, 1, false));
	assert_ok(hmmu_mmap(r->m, r->tid, &map, &at));
	assert_clean(r->m);
	assert_bytes(r, r->tid, page(4), 2, 1);
	assert_ok(store(r, r->tid, page(3), 1));
	rig_close(r);
}

/* Mappings that were written apart have different anon_vmas, and stay apart. */
static void test_different_anon_vmas(void **state)
{
	struct rig *r = open_rig();

	(void)state;
	map_pages(r, 0, 2, RW);
	map_pages(r, 4, 2, RW);
	write_pages(r, page(0), 2, 1);
	write_pages(r, page(4), 2, 1);
	map_pages(r, 2, 2, RW);
	/* It merges with the one before; that one and the one behind can't be one. */
	assert_picture(r, "AAAA|AA");
	write_pages(r, page(2), 2, 1);
	assert_int_equal(counter(r, HMMU_COUNT_ANON_VMAS), 2);
	rig_close(r);
}

/* Only one of the two has an anon_vma: the other one takes it over, whichever it is. */
static void test_anon_vma_is_imported(void **state)
{
	struct rig *r = open_rig();

	(void)state;
	for (int behind = 0; behind < 2; behind++) {
		map_pages(r, 0, 2, RW);
		map_pages(r, 4, 2, RW);
		write_pages(r, page(behind ? 4 : 0), 2, 1);
		map_pages(r, 2, 2, RW);
		assert_picture(r, "AAAAAA");
		assert_int_equal(counter(r, HMMU_COUNT_ANON_VMAS), 1);
		assert_bytes(r, r->tid, page(behind ? 4 : 0), 2, 1);
		assert_ok(migrate(r, BASE, 6, HMMU_TO_DEVICE));
		assert_all_moved(r, 6);
		unmap(r, 0, 6);
	}
	rig_close(r);
}

/* An inherited mapping of a forked child does not merge with the child's own mappings. */
static void test_inherited_mapping(void **state)
{
	struct rig *r = open_rig();

	(void)state;
	map_pages(r, 0, 2, RW);
	write_pages(r, BASE, 2, 1);
	r->pid = do_fork_of(r, r->tid);
	r->tid = hmmu_process_task(r->m, r->pid);
	map_pages(r, 2, 2, RW);
	assert_picture(r, "AA|AA");
	rig_close(r);
}

/* Attributes that keep mappings apart. */
static void test_attributes(void **state)
{
	struct rig *r = open_rig();
	struct hmmu_vma_info vmas[4];

	(void)state;
	map_pages(r, 0, 8, RW);
	write_pages(r, page(0), 1, 1);
	assert_ok(hmmu_mlock(r->m, r->tid, page(2), PAGES(2)));
	assert_picture(r, "AA|LL|AAAA");
	assert_ok(hmmu_munlock(r->m, r->tid, page(0), PAGES(8)));
	assert_picture(r, "AAAAAAAA");
	assert_ok(hmmu_madvise(r->m, r->tid, page(2), PAGES(2), HMMU_MADV_DONTFORK));
	assert_ok(hmmu_madvise(r->m, r->tid, page(6), PAGES(2), HMMU_MADV_NOHUGEPAGE));
	assert_picture(r, "AA|AA|AA|AA");
	assert_int_equal(hmmu_vmas(r->m, r->pid, vmas, 4), 4);
	assert_true(vmas[1].dontfork && !vmas[0].dontfork && vmas[3].nohuge && !vmas[3].huge);
	/* Capacity limits the items written; the result is the number of all items. */
	memset(vmas, 0, sizeof(vmas));
	assert_int_equal(hmmu_vmas(r->m, r->pid, vmas, 1), 4);
	assert_true(vmas[1].start == 0);
	assert_ok(hmmu_madvise(r->m, r->tid, page(0), PAGES(8), HMMU_MADV_DOFORK));
	assert_ok(hmmu_madvise(r->m, r->tid, page(0), PAGES(8), HMMU_MADV_HUGEPAGE));
	assert_picture(r, "AAAAAAAA");
	assert_ok(hmmu_madvise(r->m, r->tid, page(0), PAGES(8), HMMU_MADV_UNMERGEABLE));
	assert_ok(hmmu_uffd_register(r->m, r->tid, page(4), PAGES(1), HMMU_UFFD_MISSING));
	assert_picture(r, "AAAA|A|AAA");
	rig_close(r);
}

/* A mapping that has an anon_vma does not go back into a neighbour that has none: its chain is not a single link. */
static void test_split_before_the_first_page(void **state)
{
	struct rig *r = open_rig();

	(void)state;
	map_pages(r, 0, 6, RW);
	assert_ok(hmmu_mlock(r->m, r->tid, page(2), PAGES(2)));
	assert_ok(hmmu_munlock(r->m, r->tid, page(2), PAGES(2)));
	assert_picture(r, "AA|AA|AA");
	rig_close(r);
}

/* A range with a hole is changed up to the hole, or behind it, too, and then fails. */
static void test_holes(void **state)
{
	struct rig *r = open_rig();

	(void)state;
	map_pages(r, 0, 2, RW);
	map_pages(r, 3, 2, RW);
	assert_failed(r->m, hmmu_mprotect(r->m, r->tid, page(0), PAGES(5), RO), -ENOMEM, HMMU_ERR_SYSCALL);
	assert_picture(r, "RR|-|AA");
	assert_failed(r->m, hmmu_mprotect(r->m, r->tid, page(2), PAGES(3), RO), -ENOMEM, HMMU_ERR_SYSCALL);
	write_pages(r, page(3), 2, 1);
	assert_failed(r->m, hmmu_madvise(r->m, r->tid, page(2), PAGES(3), HMMU_MADV_DONTNEED), -ENOMEM,
		      HMMU_ERR_SYSCALL);
	assert_kind(r, page(3), 2, HMMU_ENTRY_NONE);
	assert_failed(r->m, hmmu_mlock(r->m, r->tid, page(0), PAGES(5)), -ENOMEM, HMMU_ERR_SYSCALL);
	assert_failed(r->m, hmmu_uffd_register(r->m, r->tid, page(8), PAGES(1), HMMU_UFFD_MISSING), -EINVAL,
		      HMMU_ERR_SYSCALL);
	rig_close(r);
}

/* Many mappings: the search tree finds each, whatever the order in which they came and went. */
static void test_mapping_at_an_address(void **state)
{
	struct rig *r = open_rig();
	struct hmmu_vma_info info;

	(void)state;
	map_pages(r, 1, 2, HMMU_PROT_READ);
	map_pages(r, 3, 1, HMMU_PROT_READ | HMMU_PROT_WRITE);
	assert_ok(hmmu_vma_at(r->m, r->pid, page(1), &info));
	assert_int_equal(info.end, page(3));
	assert_ok(hmmu_vma_at(r->m, r->pid, page(3) - 1, &info));
	assert_int_equal(info.start, page(1));
	assert_ok(hmmu_vma_at(r->m, r->pid, page(3), &info));
	assert_int_equal(info.prot, HMMU_PROT_READ | HMMU_PROT_WRITE);
	assert_failed(r->m, hmmu_vma_at(r->m, r->pid, page(1) - 1, &info), -ENOENT, HMMU_ERR_SYSCALL);
	assert_failed(r->m, hmmu_vma_at(r->m, r->pid, page(4), &info), -ENOENT, HMMU_ERR_SYSCALL);
	assert_failed(r->m, hmmu_vma_at(r->m, r->pid, UINT64_MAX, &info), -ENOENT, HMMU_ERR_SYSCALL);
	assert_failed(r->m, hmmu_vma_at(r->m, 99, page(1), &info), -ESRCH, HMMU_ERR_NO_PROCESS);
	rig_close(r);
}

static void test_many_mappings(void **state)
{
	struct rig *r = open_rig();
	struct hmmu_vma_info vmas[2];
	uint8_t byte;

	(void)state;
	for (uint64_t i = 0; i < 512; i++)
		map_pages(r, 2 * (i * 37 % 512), 1, RW);
	assert_int_equal(counter(r, HMMU_COUNT_MAPPINGS), 512);
	write_pages(r, page(2 * 300), 1, 44);
	for (uint64_t i = 0; i < 512; i += 2)
		unmap(r, 2 * (i * 101 % 512), 1);
	assert_int_equal(hmmu_vmas(r->m, r->pid, vmas, 2), 256);
	for (uint64_t i = 0; i < 512; i++) {
		int result = load(r, r->tid, page(2 * (i * 101 % 512)), &byte);

		assert_int_equal(result, i % 2 ? 0 : -EFAULT);
	}
	rig_close(r);
}

/* Memory that becomes writable is accounted, like that which was from the start; else they could not merge. */
static void test_accounted_neighbours_merge(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_at(r, BASE, 2, HMMU_MAP_ANON, 3);

	(void)state;
	map_at(r, BASE + PAGES(2), 2, HMMU_MAP_ANON, HMMU_PROT_READ);
	assert_int_equal(counter(r, HMMU_COUNT_MAPPINGS), 2);
	assert_ok(hmmu_mprotect(r->m, r->tid, buf + PAGES(2), PAGES(2), 3));
	assert_int_equal(counter(r, HMMU_COUNT_MAPPINGS), 1);
	/* It stays so when it is written to no more. */
	assert_ok(hmmu_mprotect(r->m, r->tid, buf, PAGES(2), HMMU_PROT_READ));
	assert_int_equal(counter(r, HMMU_COUNT_MAPPINGS), 2);
	assert_ok(hmmu_mprotect(r->m, r->tid, buf, PAGES(2), 3));
	assert_int_equal(counter(r, HMMU_COUNT_MAPPINGS), 1);
	rig_close(r);
}

static void test_special_mappings_do_not_merge(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_at(r, BASE, 3, HMMU_MAP_SPECIAL, 3);

	(void)state;
	assert_ok(hmmu_mprotect(r->m, r->tid, buf + PAGES(1), PAGES(1), HMMU_PROT_READ));
	assert_int_equal(counter(r, HMMU_COUNT_MAPPINGS), 3);
	assert_ok(hmmu_mprotect(r->m, r->tid, buf + PAGES(1), PAGES(1), 3));
	assert_int_equal(counter(r, HMMU_COUNT_MAPPINGS), 3);
	rig_close(r);
}

/* In 4.14 a registration that starts within a mapping is not merged with a registered part behind it. */
static void test_userfaultfd_merges_seldom(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 4);

	(void)state;
	assert_ok(hmmu_uffd_register(r->m, r->tid, buf + PAGES(3), PAGES(1), HMMU_UFFD_MISSING));
	assert_int_equal(counter(r, HMMU_COUNT_MAPPINGS), 2);
	assert_ok(hmmu_uffd_register(r->m, r->tid, buf + PAGES(2), PAGES(1), HMMU_UFFD_MISSING));
	assert_int_equal(counter(r, HMMU_COUNT_MAPPINGS), 3);
	assert_ok(hmmu_uffd_register(r->m, r->tid, buf, PAGES(2), HMMU_UFFD_MISSING));
	assert_int_equal(counter(r, HMMU_COUNT_MAPPINGS), 2);
	rig_close(r);
}

/* A mapping that mmap() adds to is as new. */
static void test_grown_mapping_is_soft_dirty(void **state)
{
	struct rig *r = open_rig();
	struct hmmu_vma_info info;

	(void)state;
	map_at(r, BASE, 2, HMMU_MAP_ANON, 3);
	assert_ok(hmmu_clear_soft_dirty(r->m, r->tid));
	assert_int_equal(hmmu_vmas(r->m, r->pid, &info, 1), 1);
	assert_false(info.soft_dirty);
	map_at(r, BASE + PAGES(2), 2, HMMU_MAP_ANON, 3);
	assert_int_equal(hmmu_vmas(r->m, r->pid, &info, 1), 1);
	assert_true(info.soft_dirty);
	rig_close(r);
}

static void test_locked_pages_count_once(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 4);

	(void)state;
	assert_ok(hmmu_mlock(r->m, r->tid, buf, PAGES(2)));
	assert_ok(hmmu_mlock(r->m, r->tid, buf, PAGES(2)));
	assert_int_equal(mm_counters(r, r->pid).locked, 2);
	assert_ok(hmmu_mlock(r->m, r->tid, buf, PAGES(4)));
	assert_int_equal(mm_counters(r, r->pid).locked, 4);
	assert_ok(hmmu_munlock(r->m, r->tid, buf, PAGES(3)));
	assert_int_equal(mm_counters(r, r->pid).locked, 1);
	rig_close(r);
}

static void test_locked_neighbour_stays_apart(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_at(r, BASE, 2, HMMU_MAP_ANON, 3);

	(void)state;
	assert_ok(hmmu_mlock(r->m, r->tid, buf, PAGES(2)));
	map_at(r, BASE + PAGES(2), 2, HMMU_MAP_ANON, 3);
	assert_int_equal(counter(r, HMMU_COUNT_MAPPINGS), 2);
	rig_close(r);
}

/* The record of a freed mapping may belong to another process. The cached lookup must not lead there. */
static void test_slot_of_another_process(void **state)
{
	struct rig *r = open_rig();
	struct hmmu_map map = { .address = BASE, .pages = 1, .prot = 3 };
	uint32_t child = do_fork_of(r, r->tid);
	uint64_t at;

	(void)state;
	assert_ok(hmmu_mmap(r->m, r->tid, &map, &at));
	assert_ok(store(r, r->tid, at, 1));
	assert_ok(hmmu_munmap(r->m, r->tid, at, PAGES(1)));
	assert_ok(hmmu_mmap(r->m, hmmu_process_task(r->m, child), &map, &at));
	assert_failed(r->m, load(r, r->tid, at, NULL), -EFAULT, HMMU_ERR_SIGSEGV);
	rig_close(r);
}

/* The end of a sparse file costs by its pages, not by its size. */
static void test_sparse_file(void **state)
{
	const uint64_t pages = 1ull << 33;
	struct rig *r = open_rig(0);
	uint64_t buf = map_at(r, BASE, pages, HMMU_MAP_SHMEM, HMMU_PROT_READ | HMMU_PROT_WRITE);

	(void)state;
	write_pages(r, buf, 2, 1);
	write_pages(r, buf + PAGES(pages - 1), 1, 1);
	assert_ok(hmmu_munmap(r->m, r->tid, buf, PAGES(pages)));
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sparse_file),
		cmocka_unit_test(test_slot_of_another_process),
		cmocka_unit_test(test_locked_neighbour_stays_apart),
		cmocka_unit_test(test_locked_pages_count_once),
		cmocka_unit_test(test_grown_mapping_is_soft_dirty),
		cmocka_unit_test(test_special_mappings_do_not_merge),
		cmocka_unit_test(test_accounted_neighbours_merge),
		cmocka_unit_test(test_unmap_parts),
		cmocka_unit_test(test_length_is_rounded_up),
		cmocka_unit_test(test_new_mappings_merge),
		cmocka_unit_test(test_occupied_place),
		cmocka_unit_test(test_chosen_places),
		cmocka_unit_test(test_protect_splits),
		cmocka_unit_test(test_file_mappings),
		cmocka_unit_test(test_merge_without_memory),
		cmocka_unit_test(test_different_anon_vmas),
		cmocka_unit_test(test_inherited_mapping),
		cmocka_unit_test(test_attributes),
		cmocka_unit_test(test_split_before_the_first_page),
		cmocka_unit_test(test_holes),
		cmocka_unit_test(test_mapping_at_an_address),
		cmocka_unit_test(test_many_mappings),
	};
	const struct CMUnitTest tests_of_4_14[] = {
		cmocka_unit_test(test_userfaultfd_merges_seldom),
		cmocka_unit_test(test_merge_cases),
		cmocka_unit_test(test_anon_vma_is_imported),
	};

	return cmocka_run_group_tests(tests_of_4_14, NULL, NULL) + run_on_each_kernel(tests);
}
