/* SPDX-License-Identifier: GPL-2.0-only */
/* mremap(): shrinking, growing, moving, and every kind of entry on its way. */
#include "support.h"

#define MAY_MOVE HMMU_MREMAP_MAYMOVE
#define TO_FIXED (HMMU_MREMAP_MAYMOVE | HMMU_MREMAP_FIXED)
#define FAR (BASE + MIB(64))

static int remap(struct rig *r, uint64_t from, uint64_t old_pages, uint64_t new_pages, uint32_t flags, uint64_t to,
		 uint64_t *at)
{
	return hmmu_mremap(r->m, r->tid, from, PAGES(old_pages), PAGES(new_pages), flags, to, at);
}

static uint64_t map_rw(struct rig *r, uint64_t address, uint64_t pages)
{
	return map_at(r, address, pages, HMMU_MAP_ANON, HMMU_PROT_READ | HMMU_PROT_WRITE);
}

static void refused(struct rig *r, int result, int err)
{
	assert_failed(r->m, result, err, HMMU_ERR_SYSCALL);
}

static int count_vmas(struct rig *r)
{
	return hmmu_vmas(r->m, r->pid, NULL, 0);
}

static struct hmmu_vma_info vma_info(struct rig *r, int i)
{
	struct hmmu_vma_info info[8];

	assert_in_range(hmmu_vmas(r->m, r->pid, info, 8), i + 1, 8);
	return info[i];
}

/*  |AAAAAA|  ->  |AAA|  */
static void shrink(void **state)
{
	struct rig *r = open_rig(0);
	uint64_t at, a = map_rw(r, BASE, 6);

	(void)state;
	write_pages(r, a, 6, 1);
	assert_ok(remap(r, a, 6, 3, 0, 0, &at));
	assert_int_equal(at, a);
	assert_int_equal(mapped_pages(r, r->pid), 3);
	assert_int_equal(mm_counters(r, r->pid).anon, 3);
	assert_bytes(r, r->tid, a, 3, 1);
	assert_kind(r, a + PAGES(3), 3, HMMU_ENTRY_NOMAP);
	/* The same length asks for nothing, and nobody looks whether there is a mapping. */
	assert_ok(remap(r, FAR, 2, 2, 0, 0, &at));
	assert_int_equal(at, FAR);
	rig_close(r);
}

/*  |AAA|.....|BB|  ->  |AAAAAA|..|BB|, but not over it  */
static void grow_in_place(void **state)
{
	struct rig *r = open_rig(0);
	uint64_t at = 0, a = map_rw(r, BASE, 3);

	(void)state;
	map_rw(r, BASE + PAGES(8), 2);
	write_pages(r, a, 3, 1);
	assert_ok(remap(r, a, 3, 6, MAY_MOVE, 0, &at));
	assert_int_equal(at, a);
	assert_int_equal(vma_info(r, 0).end, a + PAGES(6));
	assert_bytes(r, r->tid, a, 3, 1);
	write_pages(r, a + PAGES(3), 3, 9);
	refused(r, remap(r, a, 6, 9, 0, 0, &at), -ENOMEM);
	/* Only the end of a mapping can grow. */
	refused(r, remap(r, a, 3, 4, 0, 0, &at), -ENOMEM);
	/* Up to the neighbour: they touch and stay two, as vma_adjust() merges nothing. */
	assert_ok(remap(r, a, 6, 8, 0, 0, &at));
	assert_int_equal(count_vmas(r), 2);
	rig_close(r);
}

static void move_to_grow(void **state)
{
	struct rig *r = open_rig(0);
	uint64_t at = 0, a = map_rw(r, BASE, 4);
	uint32_t pfn, flags;

	(void)state;
	map_rw(r, BASE + PAGES(5), 2);
	write_pages(r, a, 2, 1);
	read_pages(r, a + PAGES(2), 1);
	pfn = pfn_at(r, a);
	flags = entry_of(r, r->pid, a).flags;
	assert_ok(remap(r, a, 4, 7, MAY_MOVE, 0, &at));
	assert_int_not_equal(at, a);
	assert_kind(r, a, 4, HMMU_ENTRY_NOMAP);
	assert_int_equal(pfn_at(r, at), pfn);
	assert_page(r, at, 1, 1, flags);
	assert_kind(r, at + PAGES(2), 1, HMMU_ENTRY_ZERO);
	assert_kind(r, at + PAGES(3), 4, HMMU_ENTRY_NONE);
	assert_bytes(r, r->tid, at, 2, 1);
	assert_int_equal(mm_counters(r, r->pid).anon, 2);
	rig_close(r);
}

/*  |AABBAA|  ->  |AA|..|AA| ... |BB|  */
static void move_the_middle(void **state)
{
	struct rig *r = open_rig(0);
	uint64_t at = 0, a = map_rw(r, BASE, 6);

	(void)state;
	write_pages(r, a, 6, 1);
	assert_ok(remap(r, a + PAGES(2), 2, 2, TO_FIXED, FAR, &at));
	assert_int_equal(at, FAR);
	assert_int_equal(count_vmas(r), 3);
	assert_bytes(r, r->tid, FAR, 2, 3);
	assert_bytes(r, r->tid, a, 2, 1);
	assert_bytes(r, r->tid, a + PAGES(4), 2, 5);
	/* Back into the gap: page offsets fit again, and all three become one. */
	assert_ok(remap(r, FAR, 2, 2, TO_FIXED, a + PAGES(2), &at));
	assert_int_equal(count_vmas(r), 1);
	assert_bytes(r, r->tid, a, 6, 1);
	rig_close(r);
}

static void fixed_makes_room(void **state)
{
	struct rig *r = open_rig(0);
	uint64_t at = 0, a = map_rw(r, BASE, 4), b = map_rw(r, FAR, 4);

	(void)state;
	write_pages(r, a, 4, 1);
	write_pages(r, b, 4, 50);
	/* Four pages shrink to two and take the place of the middle of the other mapping. */
	assert_ok(remap(r, a, 4, 2, TO_FIXED, b + PAGES(1), &at));
	assert_int_equal(at, b + PAGES(1));
	assert_kind(r, a, 4, HMMU_ENTRY_NOMAP);
	assert_bytes(r, r->tid, b, 1, 50);
	assert_bytes(r, r->tid, b + PAGES(1), 2, 1);
	assert_bytes(r, r->tid, b + PAGES(3), 1, 53);
	assert_int_equal(mm_counters(r, r->pid).anon, 4);
	rig_close(r);
}

static void untouched_memory_merges(void **state)
{
	struct rig *r = open_rig(0);
	uint64_t at = 0, a = map_rw(r, BASE, 4);

	(void)state;
	map_rw(r, FAR, 4);
	assert_ok(remap(r, FAR, 4, 4, TO_FIXED, a + PAGES(4), &at));
	assert_int_equal(count_vmas(r), 1);
	/* Its own upper half to its own end, with a hole between: the mapping is merged with itself. */
	assert_ok(remap(r, a + PAGES(4), 4, 4, TO_FIXED, a + PAGES(8), &at));
	assert_int_equal(count_vmas(r), 2);
	write_pages(r, a + PAGES(8), 4, 7);
	assert_bytes(r, r->tid, a + PAGES(8), 4, 7);
	rig_close(r);
}

static void errors(void **state)
{
	struct rig *r = open_rig(0);
	uint64_t at = 1234, a = map_rw(r, BASE, 4);
	uint64_t special = map_at(r, FAR, 2, HMMU_MAP_SPECIAL, HMMU_PROT_READ);
	uint64_t huge = map_at(r, FAR + MIB(4), 512, HMMU_MAP_HUGETLB, HMMU_PROT_READ);

	(void)state;
	refused(r, remap(r, a, 4, 0, MAY_MOVE, 0, &at), -EINVAL);
	refused(r, remap(r, a, 4, 4, HMMU_MREMAP_FIXED, FAR + MIB(8), &at), -EINVAL);
	refused(r, remap(r, a, 4, 4, TO_FIXED, FAR + 1, &at), -EINVAL);
	refused(r, remap(r, a, 4, 4, TO_FIXED, a + PAGES(3), &at), -EINVAL);
	refused(r, remap(r, a, 4, 4, TO_FIXED, HMMU_TASK_SIZE - PAGES(1), &at), -EINVAL);
	refused(r, remap(r, a, 0, 4, MAY_MOVE, 0, &at), -EINVAL);
	refused(r, remap(r, huge, 512, 1024, MAY_MOVE, 0, &at), -EINVAL);
	refused(r, remap(r, BASE - PAGES(1), 2, 8, MAY_MOVE, 0, &at), -EFAULT);
	refused(r, remap(r, a, 5, 8, MAY_MOVE, 0, &at), -EFAULT);
	refused(r, remap(r, special, 2, 3, MAY_MOVE, 0, &at), -EFAULT);
	refused(r, remap(r, a, 4, HMMU_TASK_SIZE / HMMU_PAGE_SIZE + 1, MAY_MOVE, 0, &at), -ENOMEM);
	refused(r, hmmu_mremap(r->m, r->tid, a, PAGES(4), UINT64_MAX, MAY_MOVE, 0, &at), -EINVAL);
	assert_failed(r->m, remap(r, a, 4, 4, 8, 0, &at), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	assert_failed(r->m, remap(r, a + 1, 4, 4, 0, 0, &at), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	assert_failed(r->m, hmmu_mremap(r->m, 99, a, 1, 1, 0, 0, &at), -ESRCH, HMMU_ERR_NO_TASK);
	assert_int_equal(at, 1234);
	/* A special mapping can be moved, though. */
	assert_ok(remap(r, special, 2, 2, TO_FIXED, FAR + MIB(2), &at));
	rig_close(r);
}

static void shared_memory_twice(void **state)
{
	struct rig *r = open_rig(0);
	uint64_t at = 0, a = map_at(r, BASE, 4, HMMU_MAP_SHMEM, HMMU_PROT_READ | HMMU_PROT_WRITE);

	(void)state;
	write_pages(r, a, 4, 1);
	assert_ok(remap(r, a + PAGES(1), 0, 3, MAY_MOVE, 0, &at));
	assert_bytes(r, r->tid, at, 3, 2);
	assert_int_equal(pfn_at(r, at), pfn_at(r, a + PAGES(1)));
	assert_bytes(r, r->tid, a, 4, 1);
	/* And moved: the old place is empty, the file has both mappings no more. */
	assert_ok(remap(r, a, 4, 6, MAY_MOVE, 0, &a));
	assert_bytes(r, r->tid, a, 4, 1);
	assert_failed(r->m, load(r, r->tid, a + PAGES(5), NULL), -EFAULT, HMMU_ERR_SIGBUS);
	rig_close(r);
}

static void private_file_pages(void **state)
{
	struct rig *r = open_rig(0);
	uint64_t at = 0, a = map_at(r, BASE, 4, HMMU_MAP_FILE, HMMU_PROT_READ | HMMU_PROT_WRITE);

	(void)state;
	read_pages(r, a, 2);
	write_pages(r, a + PAGES(1), 1, 9);
	assert_ok(remap(r, a, 4, 4, TO_FIXED, FAR, &at));
	assert_bytes(r, r->tid, FAR + PAGES(1), 1, 9);
	assert_int_equal(mm_counters(r, r->pid).anon, 1);
	rig_close(r);
}

/* Moved entries of every kind become soft-dirty; rights and dirty bits stay. */
static void entries_become_soft_dirty(void **state)
{
	struct rig *r = open_rig(0);
	uint64_t at = 0, a = map_rw(r, BASE, 3);

	(void)state;
	write_pages(r, a, 2, 1);
	assert_ok(migrate(r, a + PAGES(1), 1, HMMU_TO_DEVICE));
	read_pages(r, a + PAGES(2), 1);
	assert_ok(hmmu_clear_soft_dirty(r->m, r->tid));
	for (int i = 0; i < 3; i++)
		assert_false(entry_of(r, r->pid, a + PAGES(i)).bits & HMMU_BIT_SOFT_DIRTY);
	assert_ok(remap(r, a, 3, 3, TO_FIXED, FAR, &at));
	assert_kind(r, FAR, 1, HMMU_ENTRY_SYS);
	assert_bits(r, FAR, HMMU_BIT_DIRTY | HMMU_BIT_ACCESSED | HMMU_BIT_SOFT_DIRTY);
	assert_kind(r, FAR + PAGES(1), 1, HMMU_ENTRY_DEV);
	assert_bits(r, FAR + PAGES(1), HMMU_BIT_WRITE | HMMU_BIT_SOFT_DIRTY);
	assert_kind(r, FAR + PAGES(2), 1, HMMU_ENTRY_ZERO);
	assert_true(entry_of(r, r->pid, FAR + PAGES(2)).bits & HMMU_BIT_SOFT_DIRTY);
	assert_bytes(r, r->tid, FAR, 2, 1);
	rig_close(r);
}

/* A migration of the child has the page; the parent moves its migration entry, which is found all the same. */
static void migration_entries_move(void **state)
{
	struct rig *r = open_rig(.profile = HMMU_PROFILE_LINUX_4_14_FIXED);
	uint64_t at = 0, a = map_rw(r, BASE, 2);
	uint32_t child, parent = r->tid;
	struct hmmu_migration *mig;

	(void)state;
	write_pages(r, a, 2, 1);
	child = do_fork_of(r, r->tid);
	r->tid = hmmu_process_task(r->m, child);
	mig = begin_to(r, a, 2, HMMU_TO_DEVICE, HMMU_STAGE_UNMAP);
	r->tid = parent;
	assert_kind(r, a, 2, HMMU_ENTRY_MIG);
	assert_ok(remap(r, a, 2, 2, TO_FIXED, FAR, &at));
	assert_kind(r, FAR, 2, HMMU_ENTRY_MIG);
	assert_clean(r->m);
	assert_ok(hmmu_migrate_end(mig));
	assert_kind(r, FAR, 2, HMMU_ENTRY_DEV);
	assert_bytes(r, parent, FAR, 2, 1);
	rig_close(r);
}

/* The page offsets stay those of the old address, so the page is still found from both mappings, old one first. */
static void reverse_maps_follow(void **state)
{
	struct rig *r = open_rig(0);
	uint64_t at = 0, a = map_rw(r, BASE, 2);
	uint32_t child;

	(void)state;
	write_pages(r, a, 2, 1);
	child = do_fork_of(r, r->tid);
	assert_ok(remap(r, a, 2, 2, TO_FIXED, FAR, &at));
	assert_ok(migrate(r, FAR, 2, HMMU_TO_DEVICE));
	assert_all_moved(r, 2);
	assert_int_equal(entry_of(r, child, a).kind, HMMU_ENTRY_DEV);
	assert_int_equal(entry_of(r, r->pid, FAR).map, 2);
	rig_close(r);
}

static void invalidations_and_flushes(void **state)
{
	struct rig *r = open_rig(0);
	struct hmmu_event last;
	uint64_t at = 0, flushes, a = map_rw(r, BASE, 100);

	(void)state;
	write_pages(r, a, 100, 1);
	assert_ok(hmmu_watch(r->m, r->pid));
	assert_ok(hmmu_events_record(r->m, 1 << HMMU_EVENT_INVALIDATE_START));
	flushes = counter(r, HMMU_COUNT_TLB_FLUSHES);
	assert_ok(remap(r, a, 100, 100, TO_FIXED, FAR, &at));
	/* The move, then munmap() of the old range. */
	assert_int_equal(drain_events(r, HMMU_EVENT_INVALIDATE_START, &last), 2);
	assert_int_equal(last.a, a);
	assert_int_equal(last.b, a + PAGES(100));
	/* Dirty entries are flushed 64 at a time; the empty table once more by munmap(). */
	assert_int_equal(counter(r, HMMU_COUNT_TLB_FLUSHES), flushes + 3);
	assert_bytes(r, r->tid, FAR, 100, 1);
	assert_failed(r->m, load(r, r->tid, a, NULL), -EFAULT, HMMU_ERR_SIGSEGV);
	rig_close(r);
}

static void huge_pmd_moves_whole(void **state)
{
	struct rig *r = open_rig(0);
	uint64_t at = 0, a = map_huge(r, 1024);
	uint32_t pfn;

	(void)state;
	write_pages(r, a, 1, 1);
	read_pages(r, a + MIB(2), 1);
	pfn = pfn_at(r, a);
	assert_ok(remap(r, a, 1024, 1024, TO_FIXED, FAR + MIB(1024), &at));
	assert_kind(r, at, 512, HMMU_ENTRY_HUGE);
	assert_kind(r, at + MIB(2), 1, HMMU_ENTRY_HZERO);
	assert_int_equal(pfn_at(r, at), pfn);
	assert_bytes(r, r->tid, at, 1, 1);
	assert_clean(r->m);
	/* Within the same table of pmds. */
	assert_ok(remap(r, at, 512, 512, TO_FIXED, at + MIB(16), &at));
	assert_kind(r, at, 512, HMMU_ENTRY_HUGE);
	write_pages(r, at, 1, 2);
	rig_close(r);
}

static void huge_pmd_is_split(void **state)
{
	struct rig *r = open_rig(0);
	uint64_t at = 0, a = map_huge(r, 512);

	(void)state;
	write_pages(r, a, 512, 1);
	/* Not to a 2 MiB boundary: by ptes, through two tables. */
	assert_ok(remap(r, a, 512, 512, TO_FIXED, FAR + PAGES(5), &at));
	assert_kind(r, at, 512, HMMU_ENTRY_SYS);
	assert_true(entry_of(r, r->pid, at).flags & HMMU_PG_HEAD);
	assert_true(entry_of(r, r->pid, at + PAGES(1)).flags & HMMU_PG_TAIL);
	assert_bytes(r, r->tid, at, 512, 1);
	/* A part only. */
	a = map_huge(r, 512);
	write_pages(r, a, 512, 3);
	assert_ok(remap(r, a + PAGES(7), 9, 9, TO_FIXED, FAR + MIB(16), &at));
	assert_bytes(r, r->tid, at, 9, 10);
	assert_bytes(r, r->tid, a, 7, 3);
	rig_close(r);
}

static void locked_memory(void **state)
{
	struct rig *r = open_rig(0);
	uint64_t at = 0, a = map_rw(r, BASE, 2);

	(void)state;
	write_pages(r, a, 1, 1);
	assert_ok(hmmu_mlock(r->m, r->tid, a, PAGES(2)));
	assert_ok(remap(r, a, 2, 4, 0, 0, &at));
	assert_int_equal(at, a);
	assert_int_equal(mm_counters(r, r->pid).locked, 4);
	/* The added pages are present at once. */
	assert_kind(r, a, 4, HMMU_ENTRY_SYS);
	assert_true(entry_of(r, r->pid, a + PAGES(3)).flags & HMMU_PG_MLOCKED);
	assert_ok(remap(r, a, 4, 6, TO_FIXED, FAR, &at));
	assert_int_equal(mm_counters(r, r->pid).locked, 6);
	assert_kind(r, FAR, 6, HMMU_ENTRY_SYS);
	for (int i = 0; i < 6; i++)
		assert_true(entry_of(r, r->pid, FAR + PAGES(i)).flags & HMMU_PG_MLOCKED);
	assert_ok(remap(r, FAR, 6, 1, 0, 0, &at));
	assert_int_equal(mm_counters(r, r->pid).locked, 1);
	rig_close(r);
}

/* mmap_sem is wanted for writing; a mlocked page that somebody has locked is waited for. */
static void waiting(void **state)
{
	struct rig *r = open_rig(0);
	uint64_t at = 0, a = map_rw(r, BASE, 2), b = map_rw(r, FAR, 2);
	uint32_t other = new_task(r, r->pid), pfn;
	struct hmmu_migration *mig;

	(void)state;
	write_pages(r, a, 2, 1);
	mig = begin_migration(r, a, 2, HMMU_TO_DEVICE);
	assert_blocked(r->m, hmmu_mremap(r->m, other, b, PAGES(2), PAGES(3), 0, 0, &at), other,
		       HMMU_WAIT_MMAP_SEM_WRITE);
	refused(r, remap(r, b, 2, 3, 0, 0, &at), -EDEADLK);
	assert_ok(hmmu_migrate_end(mig));
	assert_ok(hmmu_mremap(r->m, other, b, PAGES(2), PAGES(3), 0, 0, &at));
	assert_ok(hmmu_mlock(r->m, r->tid, b, PAGES(3)));
	hmmu_lru_add_drain_all(r->m);
	assert_ok(hmmu_hold(r->m, r->pid, b, &pfn));
	assert_blocked(r->m, remap(r, a, 2, 2, TO_FIXED, b, &at), r->tid, HMMU_WAIT_PAGE_LOCK);
	assert_ok(hmmu_release(r->m, pfn));
	assert_ok(remap(r, a, 2, 2, TO_FIXED, b, &at));
	assert_int_equal(at, b);
	assert_bytes(r, r->tid, b, 2, 1);
	rig_close(r);
}

/* Locked memory grows over a page that somebody has locked: the call goes on behind the growth, not from its start. */
static void waiting_to_populate(void **state)
{
	struct rig *r = open_rig(0);
	uint64_t at = 0, a = map_at(r, BASE, 4, HMMU_MAP_SHMEM, HMMU_PROT_READ | HMMU_PROT_WRITE);
	uint32_t child, other = new_task(r, r->pid), pfn;

	(void)state;
	write_pages(r, a, 4, 1);
	child = do_fork_of(r, r->tid);
	read_pages(r, a, 4);
	assert_ok(load(r, hmmu_process_task(r->m, child), a + PAGES(3), NULL));
	assert_ok(hmmu_munmap(r->m, r->tid, a + PAGES(2), PAGES(2)));
	assert_ok(hmmu_mlock(r->m, r->tid, a, PAGES(2)));
	assert_ok(hmmu_hold(r->m, child, a + PAGES(3), &pfn));
	assert_blocked(r->m, remap(r, a, 2, 4, 0, 0, &at), r->tid, HMMU_WAIT_PAGE_LOCK);
	assert_int_equal(at, 0);
	assert_int_equal(mm_counters(r, r->pid).locked, 4);
	/* mmap_sem is held for reading only. */
	assert_ok(load(r, other, a, NULL));
	assert_ok(hmmu_release(r->m, pfn));
	assert_ok(remap(r, a, 2, 4, 0, 0, &at));
	assert_int_equal(at, a);
	assert_int_equal(mapped_pages(r, r->pid), 4);
	assert_int_equal(mm_counters(r, r->pid).locked, 4);
	assert_bytes(r, r->tid, a, 4, 1);
	rig_close(r);
}

/* Wherever memory runs out, all stays as it was. */
static void out_of_memory(void **state)
{
	static const uint32_t sites[] = { HMMU_INJECT_VMA, HMMU_INJECT_ANON_VMA, HMMU_INJECT_TABLE };
	struct rig *r = open_rig(0);
	uint64_t at = 0, a = map_rw(r, BEFORE_BORDER, 6);

	(void)state;
	write_pages(r, a, 6, 1);
	for (int site = 0; site < 3; site++) {
		assert_ok(hmmu_inject(r->m, sites[site], 1, false));
		refused(r, remap(r, a, 6, 6, TO_FIXED, FAR - PAGES(4), &at), -ENOMEM);
		assert_bytes(r, r->tid, a, 6, 1);
		assert_clean(r->m);
	}
	/* The second table can't be allocated: four pages have moved, and move back. */
	map_rw(r, FAR - MIB(1), 1);
	write_pages(r, FAR - MIB(1), 1, 1);
	assert_ok(hmmu_inject(r->m, HMMU_INJECT_TABLE, 1, false));
	refused(r, remap(r, a, 6, 6, TO_FIXED, FAR - PAGES(4), &at), -ENOMEM);
	assert_bytes(r, r->tid, a, 6, 1);
	assert_kind(r, FAR - PAGES(4), 6, HMMU_ENTRY_NOMAP);
	/* The old mapping can't be split off: it stays, empty. */
	assert_ok(hmmu_inject(r->m, HMMU_INJECT_VMA, 2, false));
	assert_ok(remap(r, a + PAGES(2), 2, 2, TO_FIXED, FAR + MIB(2), &at));
	assert_bytes(r, r->tid, at, 2, 3);
	assert_kind(r, a + PAGES(2), 2, HMMU_ENTRY_NONE);
	rig_close(r);
}

/* A mapping may grow beyond the end of its file; accesses there fail. */
static void test_beyond_end_of_file(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_at(r, BASE, 2, HMMU_MAP_SHMEM, HMMU_PROT_WRITE), at;

	(void)state;
	assert_ok(hmmu_mremap(r->m, r->tid, buf, PAGES(2), PAGES(4), 0, 0, &at));
	assert_ok(store(r, r->tid, buf + PAGES(1), 1));
	assert_failed(r->m, store(r, r->tid, buf + PAGES(2), 1), -EFAULT, HMMU_ERR_SIGBUS);
	assert_failed(r->m, load(r, r->tid, buf + PAGES(3), NULL), -EFAULT, HMMU_ERR_SIGBUS);
	assert_kind(r, buf + PAGES(2), 2, HMMU_ENTRY_NONE);
	rig_close(r);
}

/* Clean translations are flushed at the end of the move; the unmapping of the old place flushes its page tables. */
static void test_clean_translations_are_flushed(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 2), at;
	struct hmmu_event event;

	(void)state;
	read_pages(r, buf, 2);
	assert_ok(hmmu_events_record(r->m, 1u << HMMU_EVENT_TLB_FLUSH));
	assert_ok(
		hmmu_mremap(r->m, r->tid, buf, PAGES(2), PAGES(2), HMMU_MREMAP_MAYMOVE | HMMU_MREMAP_FIXED, BASE, &at));
	assert_int_equal(hmmu_events_read(r->m, &event, 1), 1);
	assert_true(event.a == buf && event.b == buf + PAGES(2));
	assert_int_equal(hmmu_events_read(r->m, &event, 1), 1);
	assert_true(event.a == (buf & ~(MIB(1024) - 1)) && event.b == (buf & ~(MIB(2) - 1)) + PAGES(1));
	assert_int_equal(hmmu_events_read(r->m, &event, 1), 0);
	rig_close(r);
}

/* Address 0 is one like any other. */
static void memory_at_address_0(void **state)
{
	struct rig *r = open_rig();
	uint64_t at = 1;

	(void)state;
	map_rw(r, BASE, 2);
	write_pages(r, BASE, 2, 5);
	assert_ok(remap(r, BASE, 2, 2, TO_FIXED, 0, &at));
	assert_int_equal(at, 0);
	assert_ok(hmmu_watch(r->m, r->pid));
	assert_ok(hmmu_events_record(r->m, 1u << HMMU_EVENT_INVALIDATE_START | 1u << HMMU_EVENT_INVALIDATE_END));
	assert_ok(hmmu_mprotect(r->m, r->tid, 0, PAGES(2), HMMU_PROT_READ));
	assert_clean(r->m);
	assert_int_equal(drain_events(r, HMMU_EVENT_INVALIDATE_END, NULL), 1);
	assert_bytes(r, r->tid, 0, 2, 5);
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clean_translations_are_flushed),
		cmocka_unit_test(test_beyond_end_of_file),
		cmocka_unit_test(grow_in_place),
		cmocka_unit_test(move_to_grow),
		cmocka_unit_test(move_the_middle),
		cmocka_unit_test(fixed_makes_room),
		cmocka_unit_test(untouched_memory_merges),
		cmocka_unit_test(errors),
		cmocka_unit_test(shared_memory_twice),
		cmocka_unit_test(private_file_pages),
		cmocka_unit_test(migration_entries_move),
		cmocka_unit_test(huge_pmd_moves_whole),
		cmocka_unit_test(huge_pmd_is_split),
		cmocka_unit_test(locked_memory),
		cmocka_unit_test(waiting_to_populate),
		cmocka_unit_test(memory_at_address_0),
		cmocka_unit_test(out_of_memory),
	};
	const struct CMUnitTest tests_of_4_14[] = {
		cmocka_unit_test(shrink),
		cmocka_unit_test(entries_become_soft_dirty),
		cmocka_unit_test(reverse_maps_follow),
		cmocka_unit_test(invalidations_and_flushes),
		cmocka_unit_test(waiting),
	};

	return cmocka_run_group_tests(tests_of_4_14, NULL, NULL) + run_on_each_kernel(tests);
}
