/* SPDX-License-Identifier: GPL-2.0-only */
/* The built-in handler of faults on device pages, and its window. */
#include <errno.h>
#include <string.h>

#include "migrate/driver.h"
#include "migrate/migrate.h"
#include "mm/vma.h"
#include "page/devmem.h"

/* @p src: of the page that was touched, after its migration. */
static inline int result_of_fault(u64 src)
{
	return src & HMMU_PFN_MIGRATE ? 0 : -EIO;
}

/* Migrate the pages around that of a request which are in its mapping, and in the device's window. */
static NOINLINE int migrate_window(struct hmmu *m, const struct hmmu_migrate_request *single,
				   const struct device *device)
{
	struct hmmu_migrate_request request = *single;
	u64 address = single->start, size = (u64)device->window << PAGE_SHIFT, start = address & -size;
	const struct vma *v = vma_of(m, vma_at(m, task_of(m, request.tid)->mm, address));
	u64 src[HMMU_MAX_FAULT_WINDOW], dst[HMMU_MAX_FAULT_WINDOW];
	struct fault_window window = { .device = device };
	int err;

	request.start = start < v->start ? v->start : start;
	request.end = start + size > v->end ? v->end : start + size;
	request.src = src;
	request.dst = dst;
	request.ops = &window_ops;
	request.data = &window;
	window.touched = (address - request.start) >> PAGE_SHIFT;
	memset(dst, 0, (request.end - request.start) / PAGE_SIZE * sizeof(*dst));
	err = hmmu_migrate_vma(m, &request);
	return err ? err : result_of_fault(src[window.touched]);
}

int builtin_page_fault(struct hmmu *m, uint32_t tid, uint64_t address, uint32_t pfn, void *data)
{
	struct hmmu_builtin driver = { .to = HMMU_TO_SYSTEM };
	u64 src = 0, dst = 0;
	struct hmmu_migrate_request request = {
		.tid = tid,
		.start = address,
		.end = address + PAGE_SIZE,
		.src = &src,
		.dst = &dst,
		.ops = &builtin_ops,
		.data = &driver,
		.flags = KERNEL >= V6_12 ? HMMU_SELECT_DEVICE_PRIVATE : 0,
		.fault_page = KERNEL >= V6_12 ? pfn : 0,
		.owner = KERNEL >= V6_12 ? device_owner(m, pfn) : 0,
	};
	const struct device *device = &m->st->devices[device_of_page(m, pfn)];
	int err;

	(void)data;
	if (device->window)
		return migrate_window(m, &request, device);
	err = hmmu_migrate_vma(m, &request);
	return err ? err : result_of_fault(src);
}

int hmmu_device_set_fault_window(struct hmmu *m, uint32_t number, uint32_t pages)
{
	struct device *device = device_find(m, number);

	if (!device)
		return -EINVAL;
	if (device->kind != HMMU_DEVICE_PRIVATE)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT,
				 "device %u is coherent: CPUs do not fault on its pages", number);
	if (!is_fault_window(pages))
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT,
				 "a window of %u pages: powers of two from 1 to %u are possible", pages,
				 HMMU_MAX_FAULT_WINDOW);
	/* Untouched records are zero. */
	device->window = pages > 1 ? pages : 0;
	return 0;
}

uint32_t hmmu_device_fault_window(const struct hmmu *m, uint32_t number)
{
	const struct device *device = number < HMMU_MAX_DEVICES ? &m->st->devices[number] : NULL;

	if (!device || !device->owner)
		return 0;
	return device->window ? device->window : 1;
}
