/* SPDX-License-Identifier: GPL-2.0-only */
/* The machine's beginning and end, and that of its modules. */
#include <linux/kernel.h>

#include "fs/chrdev.h"
#include "fs/debugfs.h"
#include "fs/module.h"
#include "host/host.h"
#include "lib/engine.h"
#include "lib/heap.h"
#include "log/printk.h"
#include "log/report.h"
#include "mm/core.h"
#include "mm/dma.h"
#include "mm/interval.h"
#include "mm/iommu.h"
#include "mm/migrate.h"
#include "mm/mm.h"
#include "mm/owner.h"
#include "mm/page.h"
#include "mm/region.h"
#include "run/calls.h"
#include "task/kthread.h"
#include "lib/rcu.h"
#include "task/timer.h"
#include "task/workqueue.h"
#include "task/active.h"
#include "task/faults.h"

#define DEFAULT_PAGES (1u << 18)

static const struct kapi_options default_options;

void kapi_set_heap(void *(*alloc)(size_t size), void (*release)(void *memory))
{
	host_set_heap(alloc, release);
}

/* As a kernel does with the map of the firmware. A driver has to be told these addresses. */
static void tell_coherent_memory(void)
{
	u64 start = PFN_PHYS(hmmu_coherent_base(machine)), end = PFN_PHYS(core_pages());

	if (start < end)
		pr_info("device-coherent memory: [mem %#018llx-%#018llx]\n", start, end - 1);
}

/* All but the machine. */
static int boot(const struct kapi_options *options)
{
	if (!pages_boot() || !iommu_boot()) {
		kapi_shutdown();
		return -ENOMEM;
	}
	reports_clear();
	faults_reset();
	active_reset();
	dma_reset();
	engines_reset();
	printk_set_level(options->quiet ? KAPI_LOG_WARNING : KAPI_LOG_INFO);
	threads_init(options->seed, calls_end_thread);
	intervals_boot();
	tell_coherent_memory();
	return 0;
}

int kapi_boot(const struct kapi_options *options, struct hmmu **made)
{
	const struct kapi_options *o = options ? options : &default_options;
	struct hmmu_options machine_options = {
		.ram_pages = o->ram_pages ? o->ram_pages : DEFAULT_PAGES,
		.device_pages = o->device_pages ? o->device_pages : DEFAULT_PAGES,
		.coherent_pages = o->coherent_pages,
		.profile = HMMU_PROFILE_LINUX_6_12,
	};
	int err = machine ? -EBUSY : core_boot(&machine_options);

	if (!err)
		err = boot(o);
	if (!err && made)
		*made = machine;
	return err;
}

int kapi_attach(struct hmmu *m, const struct kapi_options *options)
{
	int err = machine ? -EBUSY : core_attach(m);

	return err ? err : boot(options ? options : &default_options);
}

void kapi_shutdown(void)
{
	if (!machine)
		return;
	reports_tell_repeats();
	threads_exit();
	workqueues_forget();
	kthreads_forget();
	timers_forget();
	rcu_forget();
	calls_forget();
	modules_forget();
	chrdevs_forget();
	migrations_forget();
	intervals_forget();
	mm_shutdown();
	regions_forget();
	iommu_shutdown();
	owners_forget();
	pages_shutdown();
	heap_forget();
	reports_forget();
	core_shutdown();
}

static long do_load_modules(struct hmmu *m, uint32_t tid, void *data)
{
	(void)m;
	(void)tid;
	(void)data;
	return modules_init();
}

long kapi_load_modules(void)
{
	return call_on_kernel_thread("modprobe", do_load_modules, NULL);
}

static long do_unload_modules(struct hmmu *m, uint32_t tid, void *data)
{
	(void)m;
	(void)tid;
	(void)data;
	modules_exit();
	return 0;
}

long kapi_unload_modules(void)
{
	long result = call_on_kernel_thread("rmmod", do_unload_modules, NULL);

	if (result)
		return result;
	debugfs_forget();
	rcu_report_left();
	timers_report_left();
	kthreads_report_left();
	chrdevs_report_left();
	intervals_report_left();
	dma_report_left(NULL);
	regions_report_left();
	mm_report_left();
	pages_report_left();
	heap_report_left();
	reports_tell_repeats();
	return 0;
}
