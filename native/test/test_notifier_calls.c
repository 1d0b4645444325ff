/* SPDX-License-Identifier: GPL-2.0-only */
/* The machine's notifier: for which processes it is called, in which order, and what it must not call. */
#include "support.h"

struct told {
	struct hmmu_event calls[64];
	int count;
	void (*during)(struct rig *r);
	struct rig *r;
};

static void invalidate(struct hmmu *m, const struct hmmu_event *event, void *data)
{
	struct told *told = data;

	(void)m;
	assert_true(told->count < 64);
	told->calls[told->count++] = *event;
	if (told->during)
		told->during(told->r);
}

/* The same calls as events and as calls: both tell the same. */
static void test_as_events(void **state)
{
	const uint32_t all = 1u << HMMU_EVENT_INVALIDATE_START | 1u << HMMU_EVENT_INVALIDATE_END |
			     1u << HMMU_EVENT_INVALIDATE_RANGE;
	struct rig *r = open_rig(.device_pages = 8);
	struct hmmu_event event;
	struct told told = { .r = r };
	uint64_t buf = map_anon(r, 4);

	(void)state;
	write_pages(r, buf, 4, 1);
	assert_ok(hmmu_set_notifier(r->m, invalidate, &told));
	assert_ok(hmmu_watch(r->m, r->pid));
	assert_ok(hmmu_notify(r->m, r->pid, true));
	assert_ok(hmmu_events_record(r->m, all));
	assert_ok(migrate(r, buf, 4, HMMU_TO_DEVICE));
	assert_ok(hmmu_munmap(r->m, r->tid, buf, PAGES(4)));
	assert_true(told.count >= 4);
	for (int i = 0; i < told.count; i++) {
		assert_int_equal(hmmu_events_read(r->m, &event, 1), 1);
		assert_memory_equal(&event, &told.calls[i], sizeof(event));
	}
	assert_int_equal(hmmu_events_read(r->m, &event, 1), 0);
	rig_close(r);
}

/* It is called for processes that asked for it, as long as they do; a copy has it, too, and a snapshot has not. */
static void test_for_whom(void **state)
{
	struct rig *r = open_rig();
	struct told told = { .r = r };
	uint64_t buf = map_anon(r, 4);
	struct hmmu *copy;

	(void)state;
	write_pages(r, buf, 4, 1);
	assert_ok(hmmu_set_notifier(r->m, invalidate, &told));
	assert_failed(r->m, hmmu_notify(r->m, 99, true), -ESRCH, HMMU_ERR_NO_PROCESS);
	assert_ok(hmmu_munmap(r->m, r->tid, buf, PAGES(1)));
	assert_int_equal(told.count, 0);
	assert_ok(hmmu_notify(r->m, r->pid, true));
	assert_failed(r->m, hmmu_oom_reap(r->m, r->pid), -EBUSY, HMMU_ERR_BUSY);
	assert_ok(hmmu_clone(r->m, &copy));
	assert_ok(hmmu_munmap(copy, r->tid, buf + PAGES(1), PAGES(1)));
	assert_true(told.count > 0);
	hmmu_destroy(copy);
	told.count = 0;
	assert_ok(hmmu_notify(r->m, r->pid, false));
	assert_ok(hmmu_munmap(r->m, r->tid, buf + PAGES(1), PAGES(1)));
	assert_int_equal(told.count, 0);
	assert_ok(hmmu_oom_reap(r->m, r->pid));
	rig_close(r);
}

static void enter(struct rig *r)
{
	const uint64_t buf = BASE;
	struct hmmu_map map = { .pages = 1, .prot = 3 };
	uint64_t address;
	uint32_t pfn;

	assert_failed(r->m, hmmu_mmap(r->m, r->tid, &map, &address), -EBUSY, HMMU_ERR_BUSY);
	assert_failed(r->m, hmmu_hold(r->m, r->pid, buf, &pfn), -EBUSY, HMMU_ERR_BUSY);
	assert_failed(r->m, hmmu_isolate(r->m, r->pid, buf, &pfn), -EBUSY, HMMU_ERR_BUSY);
	assert_failed(r->m, hmmu_unpin(r->m, 5, 0), -EBUSY, HMMU_ERR_BUSY);
	assert_failed(r->m, hmmu_release(r->m, 5), -EBUSY, HMMU_ERR_BUSY);
	assert_failed(r->m, hmmu_putback(r->m, 5), -EBUSY, HMMU_ERR_BUSY);
	hmmu_lru_add_drain_all(r->m);
	/* What drivers have for themselves goes on. */
	assert_ok(hmmu_device_alloc(r->m, &pfn));
	assert_ok(hmmu_page_put(r->m, pfn));
}

/* The error of what it called is not that of the call around it. */
static void test_can_not_enter(void **state)
{
	struct rig *r = open_rig(.device_pages = 8);
	struct told told = { .r = r, .during = enter };
	uint64_t buf = map_at(r, BASE, 4, HMMU_MAP_ANON, 3);

	(void)state;
	write_pages(r, buf, 4, 1);
	assert_ok(hmmu_set_notifier(r->m, invalidate, &told));
	assert_ok(hmmu_notify(r->m, r->pid, true));
	assert_ok(migrate(r, buf, 4, HMMU_TO_DEVICE));
	assert_all_moved(r, 4);
	assert_ok(hmmu_munmap(r->m, r->tid, buf, PAGES(4)));
	assert_true(told.count >= 4);
	assert_int_equal(hmmu_error(r->m)->code, HMMU_ERR_OK);
	assert_clean(r->m);
	rig_close(r);
}

/* A device page by its number. */
static void test_device_page_of_choice(void **state)
{
	struct rig *r = open_rig(.device_pages = 8);
	uint32_t base = hmmu_device_base(r->m), pfn;

	(void)state;
	assert_ok(hmmu_device_alloc_page(r->m, base + 5));
	assert_failed(r->m, hmmu_device_alloc_page(r->m, base + 5), -EBUSY, HMMU_ERR_BUSY);
	assert_failed(r->m, hmmu_device_alloc_page(r->m, base - 1), -EINVAL, HMMU_ERR_NO_PAGE);
	assert_failed(r->m, hmmu_device_alloc_page(r->m, base + 8), -EINVAL, HMMU_ERR_NO_PAGE);
	assert_failed(r->m, hmmu_device_alloc_page(r->m, UINT32_MAX), -EINVAL, HMMU_ERR_NO_PAGE);
	/* Others still get the lowest one, and every page once. */
	for (uint32_t i = 0; i < 8; i++) {
		if (i == 5)
			continue;
		assert_ok(hmmu_device_alloc(r->m, &pfn));
		assert_int_equal(pfn, base + i);
	}
	assert_failed(r->m, hmmu_device_alloc(r->m, &pfn), -ENOMEM, HMMU_ERR_OUT_OF_DEVICE_PAGES);
	for (uint32_t i = 0; i < 8; i++)
		assert_ok(hmmu_page_put(r->m, base + i));
	assert_clean(r->m);
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_events),
		cmocka_unit_test(test_for_whom),
		cmocka_unit_test(test_can_not_enter),
		cmocka_unit_test(test_device_page_of_choice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
