/* SPDX-License-Identifier: GPL-2.0-only */
#include "mm/core.h"

#include "log/report.h"

struct hmmu *machine;
static bool is_borrowed;

bool core_blocks(int err)
{
	return err == -EAGAIN && hmmu_error(machine)->code == HMMU_ERR_BLOCKED;
}

static bool can_go_on(void *data)
{
	struct hmmu_task_state state;

	return hmmu_task_state(machine, *(u32 *)data, &state) || state.ready;
}

void core_wait(u32 tid, const struct kapi_place *place)
{
	struct hmmu_task_state state;
	const char *what = "a lock of the kernel";

	if (!hmmu_task_state(machine, tid, &state) && state.wait == HMMU_WAIT_PAGE_LOCK)
		what = "a page lock";
	thread_wait_for_core(can_go_on, &tid, what, place);
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
	if (options.profile != HMMU_PROFILE_LINUX_6_12)
		return -EINVAL;
	machine = m;
	is_borrowed = true;
	return 0;
}

void core_shutdown(void)
{
	if (!is_borrowed)
		hmmu_destroy(machine);
	machine = NULL;
	is_borrowed = false;
}
