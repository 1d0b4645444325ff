/* SPDX-License-Identifier: GPL-2.0-only */
/* Records of a task that closes files: verify() finds wrong ones, and a snapshot with them is refused. */
#include "wrong.h"

#include "mm/vma.h"

#define RW (HMMU_PROT_READ | HMMU_PROT_WRITE)

static void test_wrong_records(void **state)
{
	static const char no_state[] = "a state that is none", broken[] = "its list of files to close is broken";
	struct rig *r = open_rig();
	uint64_t closed = map_at(r, BASE, 2, HMMU_MAP_SHMEM, RW),
		 kept = map_at(r, BASE + MIB(4), 1, HMMU_MAP_SHMEM, RW);
	uint32_t mapped = vma_of(r->m, vma_at(r->m, r->pid, kept))->file, pfn, file;
	struct task *task = task_of(r->m, r->tid), *other = task_of(r->m, new_task(r, r->pid));

	(void)state;
	write_pages(r, closed, 2, 1);
	write_pages(r, kept, 1, 1);
	hmmu_lru_add_drain_all(r->m);
	assert_ok(hmmu_hold(r->m, r->pid, closed, &pfn));
	assert_blocked(r->m, hmmu_munmap(r->m, r->tid, closed, PAGES(2)), r->tid, HMMU_WAIT_PAGE_LOCK);
	file = task->task_works;
	WRONG(task->task_works, 0, "1 files are mapped or being closed, but there are 2", "users; its tree has");
	WRONG(task->task_works, mapped, "which 1 mappings have", "users; its tree has");
	WRONG(task->task_works, 0xffffff, NULL, broken);
	WRONG(task->work_result, -ENOMEM, NULL, no_state);
	WRONG(task->work_result, 1, NULL, no_state);
	WRONG(task->op, OP_LOAD, NULL, no_state);
	WRONG(task->op, OP_EXIT, NULL, no_state);
	WRONG(task->resume, RESUME_LOCKED, NULL, no_state);
	WRONG(task->wait_pfn, pfn_at(r, kept), NULL, no_state);
	WRONG(task->wait_ref, 0, NULL, no_state);
	WRONG(other->task_works, file, "has files to close, and is in no call", broken);
	WRONG(other->work_result, -ENOMEM, NULL, no_state);
	WRONG(other->op, OP_EXIT, NULL, no_state);
	WRONG(file_of(r->m, file)->next, mapped, "which 1 mappings have", "users; its tree has");
	WRONG(file_of(r->m, file)->next, file, "files are mapped or being closed", broken);
	WRONG(file_of(r->m, file)->next, 0xffffff, NULL, broken);
	WRONG(file_of(r->m, file)->users, 1, "which 0 mappings have", "users; its tree has");
	assert_ok(hmmu_release(r->m, pfn));
	assert_ok(hmmu_munmap(r->m, r->tid, closed, PAGES(2)));
	rig_close(r);
}

/* An errno may be the result of an mremap() that closes files. */
static void test_mremap_records(void **state)
{
	struct rig *r = open_rig();
	uint64_t closed = map_at(r, BASE, 2, HMMU_MAP_SHMEM, RW), anon = map_at(r, BASE + MIB(4), 2, HMMU_MAP_ANON, RW);
	uint64_t address = 0;
	struct task *task = task_of(r->m, r->tid);
	uint32_t pfn;

	(void)state;
	write_pages(r, closed, 2, 1);
	hmmu_lru_add_drain_all(r->m);
	assert_ok(hmmu_hold(r->m, r->pid, closed, &pfn));
	for (int i = 0; i < 2; i++) {
		assert_blocked(r->m,
			       hmmu_mremap(r->m, r->tid, anon, PAGES(3), PAGES(3),
					   HMMU_MREMAP_MAYMOVE | HMMU_MREMAP_FIXED, closed, &address),
			       r->tid, HMMU_WAIT_PAGE_LOCK);
		assert_int_equal(task->work_result, -EFAULT);
	}
	WRONG(task->work_result, 1, NULL, "a state that is none");
	WRONG(task->work_result, BLOCKED, NULL, "a state that is none");
	assert_ok(hmmu_release(r->m, pfn));
	assert_failed(r->m,
		      hmmu_mremap(r->m, r->tid, anon, PAGES(3), PAGES(3), HMMU_MREMAP_MAYMOVE | HMMU_MREMAP_FIXED,
				  closed, &address),
		      -EFAULT, HMMU_ERR_SYSCALL);
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrong_records),
		cmocka_unit_test(test_mremap_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
