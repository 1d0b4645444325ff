/* SPDX-License-Identifier: GPL-2.0-only */
/* References of drivers to pages, and their pages in mappings of users: get_page(), vm_insert_page(). Linux 6.12. */
#include "support.h"

#define open_6_12(...) open_rig(.profile = HMMU_PROFILE_LINUX_6_12, __VA_ARGS__)

/* What a driver's mmap() does: a mapping without pages, under mmap_lock. */
static uint64_t begin_mapping(struct rig *r, uint64_t pages)
{
	const struct hmmu_map map = {
		.pages = pages, .kind = HMMU_MAP_MIXED, .prot = HMMU_PROT_READ | HMMU_PROT_WRITE, .no_pages = true
	};
	uint64_t address;

	assert_ok(hmmu_mmap_lock(r->m, r->tid, true));
	assert_ok(hmmu_mmap(r->m, r->tid, &map, &address));
	return address;
}

static uint32_t new_page(struct rig *r, uint64_t number)
{
	uint32_t pfn;

	assert_ok(hmmu_page_alloc(r->m, &pfn));
	assert_ok(hmmu_page_write(r->m, pfn, 0, &number, sizeof(number)));
	return pfn;
}

static struct hmmu_page_info info_of(struct rig *r, uint32_t pfn)
{
	struct hmmu_page_info info;

	assert_ok(hmmu_page_info(r->m, pfn, &info));
	return info;
}

static void test_insert(void **state)
{
	struct rig *r = open_6_12(.ram_pages = 4096);
	uint64_t buf = begin_mapping(r, 3), number = 0;
	uint32_t page = new_page(r, 77);

	(void)state;
	assert_int_equal(entry_of(r, r->pid, buf).kind, HMMU_ENTRY_NONE);
	assert_ok(hmmu_vm_insert_page(r->m, r->tid, buf, page));
	assert_int_equal(info_of(r, page).ref, 2);
	assert_int_equal(info_of(r, page).map, 1);
	assert_ok(hmmu_mmap_unlock(r->m, r->tid));
	assert_clean(r->m);
	assert_ok(hmmu_page_put(r->m, page));
	assert_int_equal(info_of(r, page).ref, 1);
	assert_int_equal(hmmu_leaks(r->m, NULL, 0), 0);
	assert_int_equal(mm_counters(r, r->pid).file, 1);
	assert_ok(hmmu_load(r->m, r->tid, buf, &number, sizeof(number), NULL));
	assert_int_equal(number, 77);
	/* The mapping is private: what is stored goes to a copy. What no driver has inserted is anonymous memory. */
	assert_ok(store(r, r->tid, buf, 78));
	assert_true(info_of(r, page).free);
	assert_ok(store(r, r->tid, buf + PAGES(1), 79));
	assert_int_not_equal(entry_of(r, r->pid, buf).pfn, page);
	assert_int_equal(mm_counters(r, r->pid).file, 0);
	assert_int_equal(mm_counters(r, r->pid).anon, 2);
	rig_close(r);
}

/* A page that the driver keeps outlives the mapping. */
static void test_unmap(void **state)
{
	struct rig *r = open_6_12(.ram_pages = 4096);
	uint64_t buf = begin_mapping(r, 1);
	uint32_t page = new_page(r, 1);

	(void)state;
	assert_ok(hmmu_vm_insert_page(r->m, r->tid, buf, page));
	assert_ok(hmmu_mmap_unlock(r->m, r->tid));
	assert_ok(hmmu_munmap(r->m, r->tid, buf, PAGES(1)));
	assert_int_equal(info_of(r, page).ref, 1);
	assert_int_equal(info_of(r, page).map, 0);
	assert_ok(hmmu_page_put(r->m, page));
	rig_close(r);
}

static void test_refused(void **state)
{
	struct rig *r = open_6_12(.ram_pages = 4096, .device_pages = 4);
	uint64_t anon = map_anon(r, 1), buf = begin_mapping(r, 2);
	uint32_t page = new_page(r, 1), device;

	(void)state;
	assert_ok(hmmu_device_alloc(r->m, &device));
	assert_failed(r->m, hmmu_vm_insert_page(r->m, r->tid, buf + PAGES(2), page), -EFAULT, HMMU_ERR_SYSCALL);
	assert_failed(r->m, hmmu_vm_insert_page(r->m, r->tid, anon, page), -EFAULT, HMMU_ERR_SYSCALL);
	assert_failed(r->m, hmmu_vm_insert_page(r->m, r->tid, buf, 0), -EINVAL, HMMU_ERR_REFERENCE);
	assert_failed(r->m, hmmu_vm_insert_page(r->m, r->tid, buf, UINT32_MAX), -EINVAL, HMMU_ERR_REFERENCE);
	assert_failed(r->m, hmmu_vm_insert_page(r->m, r->tid, buf, device), -EINVAL, HMMU_ERR_REFERENCE);
	assert_int_equal(hmmu_vm_insert_page(r->m, 99, buf, page), -ESRCH);
	assert_ok(hmmu_vm_insert_page(r->m, r->tid, buf, page));
	assert_failed(r->m, hmmu_vm_insert_page(r->m, r->tid, buf, page), -EBUSY, HMMU_ERR_SYSCALL);
	assert_ok(hmmu_page_put(r->m, page));
	assert_failed(r->m, hmmu_vm_insert_page(r->m, r->tid, buf + PAGES(1), page), -EINVAL, HMMU_ERR_REFERENCE);
	assert_ok(hmmu_mmap_unlock(r->m, r->tid));
	page = new_page(r, 1);
	assert_failed(r->m, hmmu_vm_insert_page(r->m, r->tid, buf + PAGES(1), page), -EINVAL, HMMU_ERR_REFERENCE);
	assert_ok(hmmu_page_put(r->m, page));
	assert_ok(hmmu_page_unlock(r->m, device));
	assert_ok(hmmu_page_put(r->m, device));
	rig_close(r);
}

static void test_get(void **state)
{
	struct rig *r = open_6_12(.ram_pages = 4096);
	uint32_t page = new_page(r, 1);

	(void)state;
	assert_ok(hmmu_page_get(r->m, page));
	assert_ok(hmmu_page_put(r->m, page));
	assert_int_equal(info_of(r, page).ref, 1);
	assert_clean(r->m);
	assert_ok(hmmu_page_get(r->m, page));
	assert_ok(hmmu_unpin(r->m, page, 0));
	assert_ok(hmmu_unpin(r->m, page, 0));
	assert_true(info_of(r, page).free);
	assert_failed(r->m, hmmu_page_get(r->m, page), -EINVAL, HMMU_ERR_NO_PAGE);
	page = new_page(r, 1);
	for (uint32_t i = 0; i < UINT16_MAX; i++)
		assert_ok(hmmu_page_get(r->m, page));
	assert_failed(r->m, hmmu_page_get(r->m, page), -ENOMEM, HMMU_ERR_OUT_OF_SLOTS);
	for (uint32_t i = 0; i < UINT16_MAX; i++)
		assert_ok(hmmu_unpin(r->m, page, 0));
	assert_ok(hmmu_page_put(r->m, page));
	rig_close(r);
}

/** What a function for events has been told. */
struct told {
	uint32_t flushes;
	struct hmmu_event last;
	int refused;
};

static void on_event(struct hmmu *m, const struct hmmu_event *event, void *data)
{
	struct told *told = data;

	if (event->type != HMMU_EVENT_TLB_FLUSH)
		return;
	told->flushes++;
	told->last = *event;
	told->refused = hmmu_exit(m, event->pid);
}

/* It is told at once, may not call the kernel, and the ring stays empty. */
static void test_event_function(void **state)
{
	struct rig *r = open_6_12(.ram_pages = 4096);
	struct told told = { 0 };
	struct hmmu_event event;
	uint64_t buf = map_anon(r, 2);

	(void)state;
	write_pages(r, buf, 2, 1);
	assert_ok(hmmu_events_record(r->m, 1u << HMMU_EVENT_TLB_FLUSH));
	assert_ok(hmmu_set_event_function(r->m, on_event, &told));
	assert_ok(hmmu_mprotect(r->m, r->tid, buf, PAGES(2), HMMU_PROT_READ));
	assert_int_equal(told.flushes, 1);
	assert_int_equal(told.refused, -EBUSY);
	assert_int_equal(told.last.pid, r->pid);
	assert_true(told.last.a == buf && told.last.b == buf + PAGES(2));
	assert_int_equal(hmmu_events_read(r->m, &event, 1), 0);
	assert_ok(hmmu_set_event_function(r->m, NULL, NULL));
	assert_ok(hmmu_munmap(r->m, r->tid, buf, PAGES(2)));
	assert_int_equal(told.flushes, 1);
	assert_int_equal(hmmu_events_read(r->m, &event, 1), 1);
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_insert), cmocka_unit_test(test_unmap),          cmocka_unit_test(test_refused),
		cmocka_unit_test(test_get),    cmocka_unit_test(test_event_function),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
