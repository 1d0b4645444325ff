/* SPDX-License-Identifier: GPL-2.0-only */
/* Interval notifiers and hmm_range_fault(), what is checked of them, and faults on demand: a small driver makes one mistake at a time. */
#include "small_driver.h"

#include <linux/delay.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

/* --- right use --- */

static void mirror_pages(void)
{
	mirror_add(memory, &mirror_ops);
	assert_int_equal(mirror_fill(memory), 1);
	for (unsigned int i = 0; i < SMALL_PAGES; i++) {
		unsigned int number = 0;

		memcpy_from_page(&number, mirror.pages[i], 0, sizeof(number));
		assert_int_equal(number, 100 + i);
	}
	mirror_remove();
}

static void test_right_use(void **state)
{
	(void)state;
	run_driver(mirror_pages);
	assert_no_reports();
}

/** A work that needs the mappings of a process. */
struct mm_work {
	struct work_struct work;
	struct mm_struct *mm;
};

static void lock_mm(struct work_struct *work)
{
	struct mm_work *mm_work = container_of(work, struct mm_work, work);

	mmap_read_lock(mm_work->mm);
	mmap_read_unlock(mm_work->mm);
}

/* No task of the machine is left of a work. */
static void work_for_process(void)
{
	struct mm_work work = { .mm = current->mm };
	uint32_t tids[4];

	INIT_WORK(&work.work, lock_mm);
	for (int i = 0; i < 3; i++) {
		schedule_work(&work.work);
		flush_work(&work.work);
		assert_int_equal(hmmu_tasks(rig.m, rig.pid, tids, 4), 1);
	}
}

static void test_work_for_process(void **state)
{
	(void)state;
	run_driver(work_for_process);
	assert_no_reports();
}

static void copy_values(void)
{
	unsigned int __user *place = (unsigned int __user *)memory;
	const unsigned int __user *fixed = place;
	unsigned int number;

	assert_int_equal(get_user(number, fixed), 0);
	assert_int_equal(number, 100);
	assert_int_equal(put_user(7, place), 0);
	expect_number(memory, 7);
	assert_int_equal(get_user(number, (unsigned int __user *)NULL), -EFAULT);
	assert_int_equal(number, 0);
	assert_int_equal(put_user(7, (unsigned int __user *)NULL), -EFAULT);
}

static void test_values(void **state)
{
	(void)state;
	run_driver(copy_values);
	assert_no_reports();
}

/* --- the order of calls --- */

/* munmap() of a page. */
static void drop_page(unsigned int page)
{
	assert_int_equal(hmmu_munmap(rig.m, rig.tid, memory + page * PAGE_SIZE, PAGE_SIZE), 0);
}

static void never_ask(void)
{
	struct mirror_read read = mirror_range(memory);

	mirror_add(memory, &mirror_ops);
	read.range.notifier_seq = mmu_interval_read_begin(&mirror.notifier);
	assert_int_equal(mirror_fault(&read), 0);
	mutex_lock(&mirror.mutex);
	mirror_store(&read);
	mutex_unlock(&mirror.mutex);
	mirror_remove();
}

static void ask_without_lock(void)
{
	struct mirror_read read = mirror_range(memory);

	mirror_add(memory, &mirror_ops);
	read.range.notifier_seq = mmu_interval_read_begin(&mirror.notifier);
	assert_int_equal(mirror_fault(&read), 0);
	assert_false(mmu_interval_read_retry(&mirror.notifier, read.range.notifier_seq));
	mirror_remove();
}

static void use_without_lock(void)
{
	struct mirror_read read = mirror_range(memory);
	bool retry;

	mirror_add(memory, &mirror_ops);
	read.range.notifier_seq = mmu_interval_read_begin(&mirror.notifier);
	assert_int_equal(mirror_fault(&read), 0);
	mutex_lock(&mirror.mutex);
	retry = mmu_interval_read_retry(&mirror.notifier, read.range.notifier_seq);
	mutex_unlock(&mirror.mutex);
	if (!retry)
		mirror_store(&read);
	mirror_remove();
}

/* The answer is yes: the kernel moves a page in between. */
static void ignore_the_answer(void)
{
	struct mirror_read read = mirror_range(memory);

	mirror_add(memory, &mirror_ops);
	kapi_fault(KAPI_FAULT_INVALIDATION, 1, false);
	read.range.notifier_seq = mmu_interval_read_begin(&mirror.notifier);
	assert_int_equal(mirror_fault(&read), 0);
	mutex_lock(&mirror.mutex);
	assert_true(mmu_interval_read_retry(&mirror.notifier, read.range.notifier_seq));
	mirror_store(&read);
	mutex_unlock(&mirror.mutex);
	mirror_remove();
}

/* The loop begins behind mmu_interval_read_begin(), so that it never ends. */
static void begin_once(void)
{
	struct mirror_read read = mirror_range(memory);
	int err;

	mirror_add(memory, &mirror_ops);
	kapi_fault(KAPI_FAULT_INVALIDATION, 1, false);
	read.range.notifier_seq = mmu_interval_read_begin(&mirror.notifier);
	do {
		err = mirror_fault(&read);
		if (err)
			continue;
		mutex_lock(&mirror.mutex);
		if (mmu_interval_read_retry(&mirror.notifier, read.range.notifier_seq))
			err = -EBUSY;
		else
			mirror_store(&read);
		mutex_unlock(&mirror.mutex);
	} while (err == -EBUSY);
	assert_int_equal(err, -EFAULT);
	mirror_remove();
}

static void read_unwritten_words(void)
{
	struct mirror_read *read = kmalloc(sizeof(*read), GFP_KERNEL);

	mirror_add(memory, &mirror_ops);
	read->range = mirror_range(memory).range;
	read->range.pfn_flags_mask = HMM_PFN_REQ_WRITE;
	read->range.notifier_seq = mmu_interval_read_begin(&mirror.notifier);
	mirror_fault(read);
	mirror_remove();
	kfree(read);
}

static void never_remove(void)
{
	mirror_add(memory, &mirror_ops);
}

static void remove_twice(void)
{
	mirror_add(memory, &mirror_ops);
	mirror_remove();
	mirror_remove();
}

static void free_inserted(void)
{
	struct mmu_interval_notifier *notifier = kzalloc(sizeof(*notifier), GFP_KERNEL);

	assert_int_equal(mmu_interval_notifier_insert(notifier, current->mm, memory, PAGE_SIZE, &mirror_ops), 0);
	kfree(notifier);
	drop_page(0);
}

static void leave_on_stack(void)
{
	struct mmu_interval_notifier notifier;

	assert_int_equal(mmu_interval_notifier_insert(&notifier, current->mm, memory, PAGE_SIZE, &mirror_ops), 0);
}

static void never_run(struct work_struct *unused)
{
	(void)unused;
	fail();
}

static void free_queued(void)
{
	struct work_struct *queued = kmalloc(sizeof(*queued), GFP_KERNEL);

	INIT_WORK(queued, never_run);
	schedule_work(queued);
	kfree(queued);
	msleep(1);
}

static void test_calls(void **state)
{
	(void)state;
	expect_report(never_ask, KAPI_CHECK_NOTIFIER_RETRY);
	expect_report(ask_without_lock, KAPI_CHECK_NOTIFIER_RETRY);
	expect_report(use_without_lock, KAPI_CHECK_NOTIFIER_RETRY);
	expect_report(ignore_the_answer, KAPI_CHECK_NOTIFIER_RETRY);
	expect_report(begin_once, KAPI_CHECK_NO_PROGRESS);
	expect_report(read_unwritten_words, KAPI_CHECK_UNINITIALISED);
	expect_report(never_remove, KAPI_CHECK_DEVICE_LEFT);
	expect_report(remove_twice, KAPI_CHECK_BAD_CALL);
	expect_report(free_inserted, KAPI_CHECK_BAD_FREE);
	expect_report(leave_on_stack, KAPI_CHECK_BAD_FREE);
	expect_report(free_queued, KAPI_CHECK_BAD_FREE);
}

/* --- invalidations --- */

static bool forget_sequence(struct mmu_interval_notifier *notifier, const struct mmu_notifier_range *range,
			    unsigned long sequence)
{
	(void)notifier;
	(void)range;
	(void)sequence;
	return true;
}

static bool forget_lock(struct mmu_interval_notifier *notifier, const struct mmu_notifier_range *range,
			unsigned long sequence)
{
	(void)range;
	mmu_interval_set_seq(notifier, sequence);
	return true;
}

static bool refuse(struct mmu_interval_notifier *notifier, const struct mmu_notifier_range *range,
		   unsigned long sequence)
{
	mutex_lock(&mirror.mutex);
	mmu_interval_set_seq(notifier, sequence);
	mutex_unlock(&mirror.mutex);
	return !mmu_notifier_range_blockable(range);
}

static void drop_twice(void)
{
	mmgrab(current->mm);
	mmdrop(current->mm);
	mmdrop(current->mm);
}

/* The first notifier of a process takes mmap_lock. */
static void insert_under_mmap_lock(void)
{
	mmap_read_lock(current->mm);
	mirror_add(memory, &mirror_ops);
	mmap_read_unlock(current->mm);
	mirror_remove();
}

static const struct mmu_interval_notifier_ops no_sequence = { .invalidate = forget_sequence },
					      no_lock = { .invalidate = forget_lock },
					      refusing = { .invalidate = refuse };

static void invalidate_without_sequence(void)
{
	mirror_add(memory, &no_sequence);
	drop_page(0);
	mirror_remove();
}

static void invalidate_without_lock(void)
{
	mirror_add(memory, &no_lock);
	drop_page(0);
	mirror_remove();
}

static void refuse_to_wait(void)
{
	mirror_add(memory, &refusing);
	drop_page(0);
	mirror_remove();
}

/* The invalidation waits for the driver's lock, which the driver has while it waits for the invalidation. */
static void fault_under_lock(void)
{
	struct mirror_read read = mirror_range(memory);

	mirror_add(memory, &mirror_ops);
	drop_page(1);
	read.range.notifier_seq = mmu_interval_read_begin(&mirror.notifier);
	mutex_lock(&mirror.mutex);
	mirror_fault(&read);
	mutex_unlock(&mirror.mutex);
	mirror_remove();
}

/* Memory may be got from a page that a device has mapped. */
static void allocate_under_lock(void)
{
	mirror_add(memory, &mirror_ops);
	drop_page(1);
	mutex_lock(&mirror.mutex);
	kfree(kmalloc(8, GFP_ATOMIC));
	assert_no_reports();
	kfree(kmalloc(8, GFP_KERNEL));
	mutex_unlock(&mirror.mutex);
	mirror_remove();
}

static bool allocate(struct mmu_interval_notifier *notifier, const struct mmu_notifier_range *range,
		     unsigned long sequence)
{
	kfree(kmalloc(8, GFP_KERNEL));
	return mirror_invalidate(notifier, range, sequence);
}

static const struct mmu_interval_notifier_ops allocating = { .invalidate = allocate };

static void allocate_in_invalidation(void)
{
	mirror_add(memory, &allocating);
	drop_page(0);
	mirror_remove();
}

static void test_invalidations(void **state)
{
	(void)state;
	expect_report(invalidate_without_sequence, KAPI_CHECK_BAD_CALL);
	expect_report(invalidate_without_lock, KAPI_CHECK_NOTIFIER_RETRY);
	expect_report(drop_twice, KAPI_CHECK_BAD_PUT);
	expect_report(insert_under_mmap_lock, KAPI_CHECK_LOCK_TWICE);
	expect_report(refuse_to_wait, KAPI_CHECK_BAD_CALL);
	/* Two circles: with mmap_lock, and without. */
	run_driver(fault_under_lock);
	assert_reports(2, KAPI_CHECK_LOCK_ORDER);
	expect_report(allocate_under_lock, KAPI_CHECK_LOCK_ORDER);
	expect_report(allocate_in_invalidation, KAPI_CHECK_LOCK_ORDER);
}

/* --- invalidations in which the driver waits --- */

static struct work_struct work;
static unsigned int order[4], events;

static bool wait_and_invalidate(struct mmu_interval_notifier *notifier, const struct mmu_notifier_range *range,
				unsigned long sequence)
{
	order[events++] = 1;
	msleep(5);
	order[events++] = 3;
	return mirror_invalidate(notifier, range, sequence);
}

/* Needs the machine while that waits. */
static void use_machine(struct work_struct *unused)
{
	unsigned long src[SMALL_PAGES];

	(void)unused;
	msleep(1);
	order[events++] = 2;
	migrate_device_range(src, device.pagemap.range.start >> PAGE_SHIFT, SMALL_PAGES);
	order[events++] = 4;
	migrate_device_finalize(src, src, SMALL_PAGES);
}

static void wait_in_invalidation(void)
{
	static const struct mmu_interval_notifier_ops ops = { .invalidate = wait_and_invalidate };

	events = 0;
	device_add(&device_ops);
	mirror_add(memory, &ops);
	INIT_WORK(&work, use_machine);
	schedule_work(&work);
	drop_page(0);
	flush_work(&work);
	assert_int_equal(events, 4);
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(order[i], i + 1);
	mirror_remove();
	device_remove();
}

/* A holder of the driver's lock gives up mmap_lock meanwhile, and then the lock: none of this waits in a kernel. */
static void hold_lock_of_invalidation(struct work_struct *unused)
{
	struct mm_struct *mm = mirror.notifier.mm;

	(void)unused;
	assert_true(mmget_not_zero(mm));
	mmap_read_lock(mm);
	mutex_lock(&mirror.mutex);
	msleep(5);
	put_page(alloc_page(GFP_ATOMIC));
	mmap_read_unlock(mm);
	mutex_unlock(&mirror.mutex);
	mmput(mm);
}

static void wait_for_lock_in_invalidation(void)
{
	uint64_t src, dst;
	const struct hmmu_migrate_request request = { .tid = rig.tid,
						      .start = memory,
						      .end = memory + PAGE_SIZE,
						      .src = &src,
						      .dst = &dst,
						      .flags = HMMU_SELECT_SYSTEM };
	struct hmmu_migration *migration;

	mirror_add(memory, &mirror_ops);
	INIT_WORK(&work, hold_lock_of_invalidation);
	schedule_work(&work);
	msleep(1);
	assert_int_equal(hmmu_migrate_vma_setup(rig.m, &request, &migration), 0);
	assert_int_equal(hmmu_migrate_end(migration), 0);
	flush_work(&work);
	mirror_remove();
}

static void test_waits(void **state)
{
	(void)state;
	run_driver(wait_in_invalidation);
	assert_no_reports();
	run_driver(wait_for_lock_in_invalidation);
	assert_no_reports();
}

/* --- faults on demand --- */

static DEFINE_MUTEX(busy);
static DEFINE_SPINLOCK(spin);

static void contended_trylocks(void)
{
	assert_int_equal(kapi_fault_passes(KAPI_FAULT_TRYLOCK), 0);
	kapi_fault(KAPI_FAULT_TRYLOCK, 2, false);
	assert_true(mutex_trylock(&busy));
	mutex_unlock(&busy);
	assert_false(mutex_trylock(&busy));
	assert_true(spin_trylock(&spin));
	spin_unlock(&spin);
	kapi_fault(KAPI_FAULT_TRYLOCK, 1, true);
	assert_false(spin_trylock(&spin));
	assert_false(mmap_read_trylock(current->mm));
	assert_int_equal(kapi_fault_passes(KAPI_FAULT_TRYLOCK), 5);
	kapi_fault(KAPI_FAULT_TRYLOCK, 0, false);
	assert_true(mmap_read_trylock(current->mm));
	mmap_read_unlock(current->mm);
}

static unsigned int turns;

static void count_turn(struct work_struct *unused)
{
	(void)unused;
	turns++;
}

/* Another thread runs while the driver waits. */
static void contended_mmap_lock(void)
{
	unsigned long before = jiffies;

	turns = 0;
	INIT_WORK(&work, count_turn);
	schedule_work(&work);
	kapi_fault(KAPI_FAULT_MMAP_LOCK, 1, false);
	mmap_read_lock(current->mm);
	assert_int_equal(turns, 1);
	assert_true(time_after(jiffies, before));
	mmap_read_unlock(current->mm);
}

static void contended_page_lock(void)
{
	struct page *page = alloc_page(GFP_KERNEL);
	unsigned long before = jiffies;

	kapi_fault(KAPI_FAULT_PAGE_LOCK, 1, false);
	assert_false(trylock_page(page));
	kapi_fault(KAPI_FAULT_PAGE_LOCK, 1, false);
	lock_page(page);
	assert_true(time_after(jiffies, before));
	unlock_page(page);
	put_page(page);
}

/* The third page is somebody else's for the moment, and stays. */
static void contended_migration(void)
{
	struct to_device t;

	device_add(&device_ops);
	mmap_read_lock(current->mm);
	kapi_fault(KAPI_FAULT_PAGE_LOCK, 3, false);
	to_device_setup(&t, memory, SMALL_PAGES);
	assert_int_equal(t.args.cpages, SMALL_PAGES - 1);
	for (unsigned int i = 0; i < SMALL_PAGES; i++)
		assert_int_equal(!(t.src[i] & MIGRATE_PFN_MIGRATE), i == 2);
	migrate_vma_finalize(&t.args);
	mmap_read_unlock(current->mm);
	to_device(memory, SMALL_PAGES);
	assert_true(device.used[SMALL_PAGES - 1]);
	expect_number(memory + 2 * PAGE_SIZE, 102);
	for (unsigned int i = 0; i < SMALL_PAGES; i++)
		expect_number(memory + i * PAGE_SIZE, 100 + i);
	device_remove();
}

static void invalidated_read(void)
{
	mirror_add(memory, &mirror_ops);
	kapi_fault(KAPI_FAULT_INVALIDATION, 1, false);
	/* The first round is invalidated behind hmm_range_fault(). */
	assert_int_equal(mirror_fill(memory), 2);
	assert_int_equal(kapi_fault_passes(KAPI_FAULT_INVALIDATION), 2);
	for (unsigned int i = 0; i < SMALL_PAGES; i++)
		expect_number(memory + i * PAGE_SIZE, 100 + i);
	mirror_remove();
}

static void test_faults(void **state)
{
	(void)state;
	run_driver(contended_trylocks);
	run_driver(contended_mmap_lock);
	run_driver(contended_page_lock);
	run_driver(contended_migration);
	run_driver(invalidated_read);
	assert_no_reports();
	assert_int_equal(kapi_fault(KAPI_FAULT_COUNT, 1, false), -EINVAL);
	assert_int_equal(kapi_fault_passes(KAPI_FAULT_COUNT), 0);
	assert_string_equal(kapi_fault_word(KAPI_FAULT_INVALIDATION), "invalidation");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_right_use),     cmocka_unit_test(test_calls),
		cmocka_unit_test(test_invalidations), cmocka_unit_test(test_waits),
		cmocka_unit_test(test_faults),        cmocka_unit_test(test_work_for_process),
		cmocka_unit_test(test_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
