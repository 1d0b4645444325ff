/* SPDX-License-Identifier: GPL-2.0-only */
#include "mm/core.h"

#include <linux/kernel.h>

#include "log/report.h"

struct hmmu *machine;
static bool is_borrowed;

bool core_blocks(int err)
{
	return err == -EAGAIN && hmmu_error(machine)->code == HMMU_ERR_BLOCKED;
}

/* --- callbacks that wait --- */

/** As many threads can give up a lock while one waits in a callback. */
#define MOST_DEBTS 256

static struct kapi_thread *in_callback;
/* Tasks that give up mmap_lock. */
static u32 debts[MOST_DEBTS], debt_count;

struct kapi_thread *core_callback_begin(void)
{
	struct kapi_thread *outer = in_callback;

	in_callback = thread_current();
	return outer;
}

void core_callback_end(struct kapi_thread *outer)
{
	in_callback = outer;
}

bool core_is_busy(void)
{
	return in_callback && in_callback != thread_current();
}

/* A reader or a writer of mmap_lock waits for this. */
static void pay_debts(void)
{
	if (in_callback)
		return;
	while (debt_count)
		hmmu_mmap_unlock(machine, debts[--debt_count]);
}

static bool is_free(void *data)
{
	(void)data;
	return !in_callback;
}

void core_enter(const struct kapi_place *place)
{
	if (core_is_busy())
		thread_wait(is_free, NULL, "the end of an invalidation in which another thread waits", place);
	pay_debts();
}

int core_mmap_unlock(u32 tid)
{
	if (!core_is_busy() || debt_count == MOST_DEBTS)
		return hmmu_mmap_unlock(machine, tid);
	debts[debt_count++] = tid;
	return 0;
}

static bool can_go_on(void *data)
{
	struct hmmu_task_state state;

	pay_debts();
	if (in_callback)
		return false;
	return hmmu_task_state(machine, *(u32 *)data, &state) || state.ready;
}

void core_wait(u32 tid, const struct kapi_place *place)
{
	struct hmmu_task_state state;
	const char *what = "a lock of the kernel";

	if (!hmmu_task_state(machine, tid, &state) && state.wait == HMMU_WAIT_PAGE_LOCK)
		what = "a page lock";
	thread_wait_for_core(can_go_on, &tid, what, place);
	core_enter(place);
}

u32 core_pages(void)
{
	return hmmu_coherent_base(machine) + (u32)hmmu_counter(machine, HMMU_COUNT_COHERENT_PAGES);
}

bool core_is_private(u32 pfn)
{
	return pfn >= hmmu_device_base(machine) && pfn < hmmu_coherent_base(machine);
}

const char *page_text(u32 pfn)
{
	static char texts[4][16];
	static unsigned int next;
	char *text = texts[next++ % 4];
	u32 private = hmmu_device_base(machine), coherent = hmmu_coherent_base(machine);

	if (pfn < private)
		format_text(text, sizeof(texts[0]), "#%u", pfn);
	else if (pfn < coherent)
		format_text(text, sizeof(texts[0]), "D%u", pfn - private);
	else
		format_text(text, sizeof(texts[0]), "C%u", pfn - coherent);
	return text;
}

void core_refused(const struct kapi_place *place, const char *call)
{
	report(KAPI_CHECK_BAD_CALL, place, "%s: %s", call, hmmu_error(machine)->text);
}

void core_refused_put(const struct kapi_place *place, const char *call)
{
	report(KAPI_CHECK_BAD_PUT, place, "%s: %s", call, hmmu_error(machine)->text);
}

int core_boot(const struct hmmu_options *options)
{
	return hmmu_create(options, &machine);
}

int core_attach(struct hmmu *m)
{
	struct hmmu_options options;

	hmmu_machine_options(m, &options);
	if (options.profile != HMMU_PROFILE_LINUX_6_12 && options.profile != HMMU_PROFILE_LINUX_6_12_FIXED)
		return -EINVAL;
	machine = m;
	is_borrowed = true;
	return 0;
}

void core_shutdown(void)
{
	in_callback = NULL;
	debt_count = 0;
	if (!is_borrowed)
		hmmu_destroy(machine);
	machine = NULL;
	is_borrowed = false;
}
