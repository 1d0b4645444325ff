/* SPDX-License-Identifier: GPL-2.0-only */
/* Locks of mappings in Linux 6.12: who goes on while a writer waits, who waits with which lock, and how it goes on. */
#include <stdlib.h>

#include "wrong.h"

#include "mm/vma_lock.h"

#define RW (HMMU_PROT_READ | HMMU_PROT_WRITE)
#define READ HMMU_PROT_READ

/** A process with mappings in this order, and a page of one of them that is locked. */
struct scene {
	struct rig *r;
	uint64_t anon;   /**< 4 pages of anonymous memory, all touched */
	uint64_t shared; /**< 4 pages of shared memory; the first is locked, and not mapped */
	uint64_t other;  /**< 4 pages of anonymous memory, the first touched */
	uint64_t fresh;  /**< 4 pages of anonymous memory, none touched */
	uint32_t pfn;    /**< the locked page */
	uint32_t reader; /**< a task that faults on the locked page */
	uint32_t writer, third, fourth;
};

static struct scene open_scene(void)
{
	struct scene s = { .r = open_rig(.profile = HMMU_PROFILE_LINUX_6_12, .swap_pages = 16) };
	struct rig *r = s.r;

	s.anon = map_at(r, BASE, 4, HMMU_MAP_ANON, RW);
	s.shared = map_at(r, BASE + MIB(4), 4, HMMU_MAP_SHMEM, RW);
	s.other = map_at(r, BASE + MIB(8), 4, HMMU_MAP_ANON, RW);
	s.fresh = map_at(r, BASE + MIB(12), 4, HMMU_MAP_ANON, RW);
	write_pages(r, s.anon, 4, 1);
	write_pages(r, s.other, 1, 1);
	write_pages(r, s.shared, 4, 0x10);
	s.writer = r->tid;
	s.reader = new_task(r, r->pid);
	s.third = new_task(r, r->pid);
	s.fourth = new_task(r, r->pid);
	assert_ok(hmmu_hold(r->m, r->pid, s.shared, &s.pfn));
	assert_ok(hmmu_madvise(r->m, r->tid, s.shared, PAGES(1), HMMU_MADV_DONTNEED));
	return s;
}

/* The reader faults on the locked page, and waits with the lock of the mapping alone. */
static void begin_to_read(struct scene *s)
{
	assert_blocked(s->r->m, load(s->r, s->reader, s->shared, NULL), s->reader, HMMU_WAIT_PAGE_LOCK);
	assert_clean(s->r->m);
}

static void end_reading(struct scene *s)
{
	uint8_t byte = 0;

	assert_ok(hmmu_release(s->r->m, s->pfn));
	assert_ok(load(s->r, s->reader, s->shared, &byte));
	assert_int_equal(byte, 0x10);
}

static int unmap(struct scene *s, uint64_t address, uint64_t pages)
{
	return hmmu_munmap(s->r->m, s->writer, address, PAGES(pages));
}

/* A fault that waits for a page does not have mmap_lock: other mappings come and go. In 4.14 it has mmap_sem. */
static void test_reader_has_no_mmap_lock(void **state)
{
	struct scene s = open_scene();

	(void)state;
	begin_to_read(&s);
	assert_ok(unmap(&s, s.other, 4));
	assert_ok(hmmu_mprotect(s.r->m, s.writer, s.anon, PAGES(2), READ));
	end_reading(&s);
	rig_close(s.r);
}

/* A writer stops at the mapping that is read. It has mmap_lock; who goes without that lock goes on. */
static void test_writer_stops_at_the_mapping(void **state)
{
	struct scene s = open_scene();
	struct rig *r = s.r;
	uint32_t pfn;

	(void)state;
	begin_to_read(&s);
	assert_blocked(r->m, unmap(&s, s.shared, 4), s.writer, HMMU_WAIT_VMA_LOCK);
	assert_clean(r->m);
	assert_false(is_ready(r, s.writer));
	/* Other mappings: first stores, loads of the zero page, stores to what is mapped. */
	assert_ok(store(r, s.third, s.other + PAGES(1), 2));
	assert_ok(load(r, s.third, s.other + PAGES(2), NULL));
	assert_ok(load(r, s.third, s.fresh, NULL));
	assert_ok(store(r, s.third, s.anon, 2));
	/* What takes mmap_lock waits, also a fault in the mapping that the writer has marked. */
	assert_blocked(r->m, load(r, s.third, s.shared, NULL), s.third, HMMU_WAIT_MMAP_SEM_READ);
	assert_blocked(r->m, hmmu_pin(r->m, s.fourth, s.anon, 0, &pfn), s.fourth, HMMU_WAIT_MMAP_SEM_READ);
	assert_clean(r->m);
	end_reading(&s);
	assert_true(is_ready(r, s.writer));
	assert_ok(unmap(&s, s.shared, 4));
	assert_ok(hmmu_pin(r->m, s.fourth, s.anon, 0, &pfn));
	assert_ok(hmmu_unpin(r->m, pfn, 0));
	assert_failed(r->m, load(r, s.third, s.shared, NULL), -EFAULT, HMMU_ERR_SIGSEGV);
	rig_close(r);
}

/* What needs mmap_lock in a fault queues behind a writer; all other faults go on. */
static void test_who_falls_back(void **state)
{
	struct scene s = open_scene();
	struct rig *r = s.r;
	uint64_t read_only = map_at(r, BASE + MIB(16), 1, HMMU_MAP_ANON, READ);
	uint64_t file = map_at(r, BASE + MIB(20), 4, HMMU_MAP_FILE, RW), huge = map_huge(r, 512);
	uint32_t fifth = new_task(r, r->pid), sixth = new_task(r, r->pid), pfn;

	(void)state;
	write_pages(r, file, 1, 1);
	/* get_user_pages() waits for the page with mmap_lock, and the writer for mmap_lock. */
	assert_blocked(r->m, hmmu_pin(r->m, s.reader, s.shared, 0, &pfn), s.reader, HMMU_WAIT_PAGE_LOCK);
	assert_blocked(r->m, unmap(&s, s.other, 4), s.writer, HMMU_WAIT_MMAP_SEM_WRITE);
	assert_ok(store(r, s.third, s.other + PAGES(1), 2));
	assert_ok(load(r, s.third, s.fresh, NULL));
	assert_ok(load(r, s.third, s.shared + PAGES(1), NULL));
	assert_ok(store(r, s.third, file + PAGES(1), 3));
	assert_failed(r->m, store(r, s.third, read_only, 1), -EFAULT, HMMU_ERR_SIGSEGV);
	/* The first anonymous page of a mapping, and the first huge fault, read or write: they make the anon_vma. */
	assert_blocked(r->m, store(r, s.third, s.fresh + PAGES(1), 7), s.third, HMMU_WAIT_MMAP_SEM_READ);
	assert_blocked(r->m, load(r, s.fourth, huge, NULL), s.fourth, HMMU_WAIT_MMAP_SEM_READ);
	/* Nothing is mapped there: SIGSEGV, but after the wait. */
	assert_blocked(r->m, load(r, fifth, BASE + MIB(40), NULL), fifth, HMMU_WAIT_MMAP_SEM_READ);
	/* A reader with the mapping's lock and one with mmap_lock wait for one page. */
	assert_blocked(r->m, load(r, sixth, s.shared, NULL), sixth, HMMU_WAIT_PAGE_LOCK);
	assert_clean(r->m);
	assert_ok(hmmu_release(r->m, s.pfn));
	assert_ok(hmmu_pin(r->m, s.reader, s.shared, 0, &pfn));
	assert_ok(hmmu_unpin(r->m, pfn, 0));
	assert_ok(load(r, sixth, s.shared, NULL));
	assert_ok(unmap(&s, s.other, 4));
	assert_ok(store(r, s.third, s.fresh + PAGES(1), 7));
	assert_ok(load(r, s.fourth, huge, NULL));
	assert_failed(r->m, load(r, fifth, BASE + MIB(40), NULL), -EFAULT, HMMU_ERR_SIGSEGV);
	rig_close(r);
}

/* A fault that begins under the mapping's lock and ends with mmap_lock is one fault. */
static void test_one_fault_is_counted_once(void **state)
{
	struct scene s = open_scene();
	struct rig *r = s.r;
	uint64_t faults;
	uint32_t pfn;

	(void)state;
	assert_blocked(r->m, hmmu_pin(r->m, s.reader, s.shared, 0, &pfn), s.reader, HMMU_WAIT_PAGE_LOCK);
	assert_blocked(r->m, unmap(&s, s.other, 4), s.writer, HMMU_WAIT_MMAP_SEM_WRITE);
	faults = counter(r, HMMU_COUNT_PAGE_FAULTS);
	assert_blocked(r->m, store(r, s.third, s.fresh, 1), s.third, HMMU_WAIT_MMAP_SEM_READ);
	assert_int_equal(counter(r, HMMU_COUNT_PAGE_FAULTS), faults + 1);
	/* This one waits before its fault begins. */
	assert_blocked(r->m, load(r, s.fourth, BASE + MIB(40), NULL), s.fourth, HMMU_WAIT_MMAP_SEM_READ);
	assert_int_equal(counter(r, HMMU_COUNT_PAGE_FAULTS), faults + 1);
	assert_ok(hmmu_task_cancel(r->m, s.reader));
	assert_ok(unmap(&s, s.other, 4));
	assert_ok(store(r, s.third, s.fresh, 1));
	assert_int_equal(counter(r, HMMU_COUNT_PAGE_FAULTS), faults + 1);
	assert_ok(hmmu_task_cancel(r->m, s.fourth));
	assert_ok(hmmu_release(r->m, s.pfn));
	rig_close(r);
}

/* Mappings before the one where the writer stops are changed and marked; those behind it are neither. */
static void test_half_done(void **state)
{
	struct scene s = open_scene();
	struct rig *r = s.r;

	(void)state;
	assert_ok(hmmu_munmap(r->m, r->tid, s.other, PAGES(4)));
	assert_ok(hmmu_munmap(r->m, r->tid, s.fresh, PAGES(4)));
	/* One range of two mappings without a hole. */
	assert_ok(hmmu_munmap(r->m, r->tid, s.anon, PAGES(4)));
	s.anon = map_at(r, s.shared - PAGES(4), 4, HMMU_MAP_ANON, RW);
	s.other = map_at(r, s.shared + PAGES(4), 4, HMMU_MAP_ANON, RW);
	write_pages(r, s.anon, 2, 1);
	write_pages(r, s.other, 1, 1);
	begin_to_read(&s);
	assert_blocked(r->m, hmmu_mprotect(r->m, s.writer, s.anon, PAGES(12), READ), s.writer, HMMU_WAIT_VMA_LOCK);
	assert_false(entry_of(r, r->pid, s.anon).bits & HMMU_BIT_WRITE);
	assert_true(entry_of(r, r->pid, s.other).bits & HMMU_BIT_WRITE);
	/* A page that is mapped needs no fault. */
	assert_ok(load(r, s.third, s.anon, NULL));
	assert_blocked(r->m, load(r, s.third, s.anon + PAGES(2), NULL), s.third, HMMU_WAIT_MMAP_SEM_READ);
	assert_ok(store(r, s.fourth, s.other + PAGES(1), 1));
	/* Repeated too early. */
	assert_blocked(r->m, hmmu_mprotect(r->m, s.writer, s.anon, PAGES(12), READ), s.writer, HMMU_WAIT_VMA_LOCK);
	assert_clean(r->m);
	end_reading(&s);
	assert_ok(hmmu_mprotect(r->m, s.writer, s.anon, PAGES(12), READ));
	assert_ok(load(r, s.third, s.anon + PAGES(2), NULL));
	assert_failed(r->m, store(r, s.fourth, s.other, 1), -EFAULT, HMMU_ERR_SIGSEGV);
	rig_close(r);
}

/* The writer gives up: its marks go. The reader gives up: the writer goes on. */
static void test_cancel(void **state)
{
	struct scene s = open_scene();
	struct rig *r = s.r;

	(void)state;
	begin_to_read(&s);
	assert_blocked(r->m, unmap(&s, s.shared, 4), s.writer, HMMU_WAIT_VMA_LOCK);
	assert_ok(hmmu_task_cancel(r->m, s.writer));
	assert_clean(r->m);
	assert_ok(load(r, s.third, s.shared + PAGES(1), NULL));
	assert_blocked(r->m, load(r, s.third, s.shared, NULL), s.third, HMMU_WAIT_PAGE_LOCK);
	assert_blocked(r->m, unmap(&s, s.shared, 4), s.writer, HMMU_WAIT_VMA_LOCK);
	assert_ok(hmmu_task_cancel(r->m, s.reader));
	assert_false(is_ready(r, s.writer));
	assert_ok(hmmu_task_cancel(r->m, s.third));
	assert_true(is_ready(r, s.writer));
	/* The file has no mapping any more, and is closed when its page is unlocked. */
	assert_blocked(r->m, unmap(&s, s.shared, 4), s.writer, HMMU_WAIT_PAGE_LOCK);
	assert_ok(hmmu_release(r->m, s.pfn));
	assert_ok(unmap(&s, s.shared, 4));
	rig_close(r);
}

/* The calls that mark a mapping, each with the mapping that is read; and what does not mark it. */
static void test_who_marks(void **state)
{
	struct scene s = open_scene();
	struct rig *r = s.r;
	struct hmmu *m = r->m;
	const struct hmmu_map shmem = {
		.address = s.shared + PAGES(4), .pages = 1, .kind = HMMU_MAP_SHMEM, .prot = RW
	};
	uint64_t address;
	uint32_t child;

	(void)state;
	begin_to_read(&s);
#define MARKS(call) \
	do { \
		assert_blocked(m, call, s.writer, HMMU_WAIT_VMA_LOCK); \
		assert_clean(m); \
		assert_ok(hmmu_task_cancel(m, s.writer)); \
		assert_clean(m); \
	} while (0)
	MARKS(unmap(&s, s.shared, 1));
	MARKS(unmap(&s, s.shared + PAGES(2), 1));
	MARKS(hmmu_mprotect(m, s.writer, s.shared, PAGES(4), READ));
	MARKS(hmmu_mprotect(m, s.writer, s.shared + PAGES(1), PAGES(1), READ));
	MARKS(hmmu_madvise(m, s.writer, s.shared, PAGES(4), HMMU_MADV_DONTFORK));
	MARKS(hmmu_mlock(m, s.writer, s.shared, PAGES(4)));
	MARKS(hmmu_uffd_register(m, s.writer, s.shared, PAGES(4), HMMU_UFFD_MISSING));
	MARKS(hmmu_clear_soft_dirty(m, s.writer));
	MARKS(hmmu_mremap(m, s.writer, s.shared, PAGES(4), PAGES(8), HMMU_MREMAP_MAYMOVE, 0, &address));
	MARKS(hmmu_mremap(m, s.writer, s.shared, PAGES(4), PAGES(4), HMMU_MREMAP_MAYMOVE | HMMU_MREMAP_FIXED,
			  BASE + MIB(30), &address));
	MARKS(hmmu_fork(m, s.writer, &child));
#undef MARKS
	/* What is as it was is not marked. */
	assert_ok(hmmu_mprotect(m, s.writer, s.shared, PAGES(4), RW));
	assert_ok(hmmu_munlock(m, s.writer, s.shared, PAGES(4)));
	assert_ok(hmmu_madvise(m, s.writer, s.shared + PAGES(1), PAGES(3), HMMU_MADV_DONTNEED));
	assert_ok(hmmu_mmap(m, s.writer, &shmem, &address));
	end_reading(&s);
	rig_close(r);
}

/* clear_refs marks all mappings, also those that are not soft-dirty as a whole any more. */
static void test_clear_refs_marks_all(void **state)
{
	struct scene s = open_scene();
	struct rig *r = s.r;

	(void)state;
	assert_ok(hmmu_clear_soft_dirty(r->m, s.writer));
	begin_to_read(&s);
	assert_blocked(r->m, hmmu_clear_soft_dirty(r->m, s.writer), s.writer, HMMU_WAIT_VMA_LOCK);
	end_reading(&s);
	assert_ok(hmmu_clear_soft_dirty(r->m, s.writer));
	rig_close(r);
}

/* A mapping that a neighbour is merged into is marked, too. */
static void test_merging_marks(void **state)
{
	struct rig *r = open_rig(.profile = HMMU_PROFILE_LINUX_6_12);
	struct hmmu *m = r->m;
	struct hmmu_map beside = { .address = BASE + PAGES(512), .pages = 2, .kind = HMMU_MAP_ANON, .prot = RW };
	uint64_t huge = map_at(r, BASE, 512, HMMU_MAP_ANON, RW), address;
	uint32_t child, reader, pfn;

	(void)state;
	/* A store to a huge page that a child shares waits for the page's lock, with the lock of its mapping. */
	assert_ok(hmmu_madvise(m, r->tid, huge, MIB(2), HMMU_MADV_HUGEPAGE));
	assert_ok(hmmu_madvise(m, r->tid, huge, MIB(2), HMMU_MADV_DOFORK));
	write_pages(r, huge, 1, 1);
	child = do_fork_of(r, r->tid);
	reader = new_task(r, r->pid);
	assert_ok(hmmu_hold(m, r->pid, huge, &pfn));
	assert_blocked(m, store(r, reader, huge, 2), reader, HMMU_WAIT_PAGE_LOCK);
	/* Not merged: it wants no huge pages. */
	assert_ok(hmmu_mmap(m, r->tid, &beside, &address));
	assert_blocked(m, hmmu_madvise(m, r->tid, address, PAGES(2), HMMU_MADV_HUGEPAGE), r->tid, HMMU_WAIT_VMA_LOCK);
	assert_clean(m);
	assert_ok(hmmu_release(m, pfn));
	assert_ok(store(r, reader, huge, 2));
	assert_ok(hmmu_madvise(m, r->tid, address, PAGES(2), HMMU_MADV_HUGEPAGE));
	assert_int_equal(counter(r, HMMU_COUNT_MAPPINGS), 2);
	assert_ok(hmmu_exit(m, child));
	rig_close(r);
}

/* fork() has copied the mappings before the one where it stops. Nobody sees the child until it is complete. */
static void test_fork_stops(void **state)
{
	struct scene s = open_scene();
	struct rig *r = s.r;
	uint32_t child = 0, pids[8], tids[8];
	struct hmmu *copy;

	(void)state;
	begin_to_read(&s);
	for (int again = 0; again < 2; again++) {
		/* The TLB has this translation; fork() flushes at its end. */
		assert_ok(store(r, s.third, s.anon + PAGES(1), 2));
		assert_blocked(r->m, hmmu_fork(r->m, s.writer, &child), s.writer, HMMU_WAIT_VMA_LOCK);
		assert_clean(r->m);
		assert_int_equal(hmmu_processes(r->m, pids, 8), 1);
		assert_int_equal(counter(r, HMMU_COUNT_PROCESSES), 1);
		assert_false(hmmu_process_alive(r->m, r->pid + 1));
		assert_int_equal(hmmu_tasks(r->m, r->pid + 1, tids, 8), -ESRCH);
		assert_failed(r->m, hmmu_task_cancel(r->m, s.fourth + 1), -ESRCH, HMMU_ERR_NO_TASK);
		assert_failed(r->m, load(r, s.fourth + 1, s.anon, NULL), -ESRCH, HMMU_ERR_NO_TASK);
		assert_int_equal(page_info(r, pfn_at(r, s.anon)).map, 2);
		assert_int_equal(page_info(r, pfn_at(r, s.other)).map, 1);
		assert_false(entry_of(r, r->pid, s.anon).bits & HMMU_BIT_WRITE);
		/* The copied mapping is marked, the one behind is not. */
		assert_blocked(r->m, store(r, s.third, s.anon, 9), s.third, HMMU_WAIT_MMAP_SEM_READ);
		assert_ok(store(r, s.fourth, s.other, 9));
		if (again)
			break;
		assert_ok(hmmu_task_cancel(r->m, s.third));
		assert_ok(hmmu_task_cancel(r->m, s.writer));
		assert_clean(r->m);
		assert_int_equal(page_info(r, pfn_at(r, s.anon)).map, 1);
	}
	assert_ok(hmmu_clone(r->m, &copy));
	assert_true(hmmu_hash(copy) == hmmu_hash(r->m));
	assert_int_equal(hmmu_verify(copy, NULL, NULL), 0);
	hmmu_destroy(copy);
	end_reading(&s);
	assert_ok(hmmu_fork(r->m, s.writer, &child));
	assert_int_equal(hmmu_processes(r->m, pids, 8), 2);
	assert_ok(store(r, s.third, s.anon, 9));
	assert_bytes(r, hmmu_process_task(r->m, child), s.anon, 4, 1);
	assert_bytes(r, hmmu_process_task(r->m, child), s.other, 1, 9);
	rig_close(r);
}

/* A fault on a page of the swap cache that is locked gives its lock up before it waits, and then takes mmap_lock. */
static void test_swapped_page_gives_the_lock_up(void **state)
{
	struct scene s = open_scene();
	struct rig *r = s.r;
	uint64_t page = s.anon + PAGES(3), faults;
	uint32_t pfn = pfn_at(r, page), child;

	(void)state;
	assert_ok(hmmu_release(r->m, s.pfn));
	child = do_fork_of(r, r->tid);
	hmmu_lru_add_drain_all(r->m);
	assert_ok(hmmu_hold(r->m, r->pid, page, &pfn));
	assert_ok(hmmu_release(r->m, pfn));
	assert_ok(hmmu_reclaim(r->m, r->pid, page));
	assert_kind(r, page, 1, HMMU_ENTRY_SWAP);
	/* The child reads the page back into the swap cache, and somebody locks it. */
	assert_ok(load(r, hmmu_process_task(r->m, child), page, NULL));
	assert_ok(hmmu_hold(r->m, child, page, &pfn));
	faults = counter(r, HMMU_COUNT_PAGE_FAULTS);
	assert_blocked(r->m, load(r, s.reader, page, NULL), s.reader, HMMU_WAIT_PAGE_LOCK);
	assert_int_equal(task_of(r->m, s.reader)->vma_lock, 0);
	assert_int_equal(task_of(r->m, s.reader)->sem_hold, SEM_NONE);
	assert_clean(r->m);
	/* Nobody stops a writer. When the page is free, the fault goes on with mmap_lock, behind a writer that waits. */
	assert_ok(unmap(&s, s.anon, 1));
	assert_ok(hmmu_release(r->m, pfn));
	assert_ok(load(r, s.reader, page, NULL));
	assert_int_equal(counter(r, HMMU_COUNT_PAGE_FAULTS), faults + 1);
	assert_kind(r, page, 1, HMMU_ENTRY_SYS);
	rig_close(r);
}

/* Snapshots of tasks that wait with or for the lock of a mapping are restored; impossible ones are refused. */
static void test_snapshots(void **state)
{
	struct scene s = open_scene();
	struct rig *r = s.r;
	struct task *reader = task_of(r->m, s.reader), *writer = task_of(r->m, s.writer);
	struct mm *mm = mm_of(r->m, r->pid);
	uint32_t child, other = vma_at(r->m, r->pid, s.other);

	(void)state;
	begin_to_read(&s);
	assert_blocked(r->m, hmmu_fork(r->m, s.writer, &child), s.writer, HMMU_WAIT_VMA_LOCK);
	child = (uint32_t)writer->progress.result;
	assert_restored(r->m, NULL);
	assert_clean(r->m);
	WRONG(mm->vma_readers, 2, "are counted", "are counted");
	WRONG(mm->tasks, 9, "the counter says 9", "the counter says 9");
	WRONG(vma_of(r->m, reader->vma_lock)->readers, 0, "which is of process",
	      "1 tasks have its lock, 0 are counted");
	WRONG(vma_of(r->m, other)->readers, 1, "2 by the mappings", "0 tasks have its lock, 1 are counted");
	WRONG(mm->vmas_marked, 0, "has not marked", NULL);
	WRONG(reader->vma_lock, 0, "are counted", "are counted");
	WRONG(reader->vma_lock, vma_at(r->m, child, s.anon), "which is of process", "not its process's");
	WRONG(reader->vma_lock, 0xffffff, NULL, "not its process's");
	WRONG(reader->resume, RESUME_FAULT_RETRY, NULL, "a state that is none");
	WRONG(writer->vma_lock, other, "has not marked", NULL);
	WRONG(writer->vma_lock, 0, NULL, "a state that is none");
	WRONG(writer->sem_hold, SEM_NONE, NULL, "a state that is none");
	WRONG(writer->wait, HMMU_WAIT_VMA_LOCK + 1, NULL, "a state that is none");
	WRONG(writer->progress.result, r->pid, NULL, "which is none");
	WRONG(writer->progress.result, 0xffffffu, NULL, "which is none");
	WRONG(writer->progress.result, 0, NULL, "copy it");
	WRONG(mm_of(r->m, child)->state, MM_ALIVE, NULL, "which is none");
	WRONG(mm->mm_lock_seq, 0, "has not marked", "a state that is none");
	assert_ok(hmmu_task_cancel(r->m, s.writer));
	WRONG(mm->vmas_marked, 1, "nobody writes", "have locks of mappings");
	end_reading(&s);
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reader_has_no_mmap_lock),
		cmocka_unit_test(test_writer_stops_at_the_mapping),
		cmocka_unit_test(test_who_falls_back),
		cmocka_unit_test(test_one_fault_is_counted_once),
		cmocka_unit_test(test_half_done),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_who_marks),
		cmocka_unit_test(test_clear_refs_marks_all),
		cmocka_unit_test(test_merging_marks),
		cmocka_unit_test(test_fork_stops),
		cmocka_unit_test(test_swapped_page_gives_the_lock_up),
		cmocka_unit_test(test_snapshots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
