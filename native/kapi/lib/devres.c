/* SPDX-License-Identifier: GPL-2.0-only */
/* What goes with the driver of a device: a list of actions. */
#include "lib/devres.h"

#include <linux/kernel.h>

#include "lib/heap.h"
#include "log/report.h"

/** An action. */
struct kapi_devres {
	struct kapi_devres *next;
	void (*action)(void *data);
	void *data;
};

int kapi_devm_add_action(struct device *device, void (*action)(void *data), void *data, bool or_reset,
			 const struct kapi_place *place)
{
	struct kapi_devres *entry = heap_alloc_internal(sizeof(*entry), GFP_KERNEL, place);

	if (!entry) {
		if (or_reset)
			action(data);
		return -ENOMEM;
	}
	*entry = (struct kapi_devres){ .next = device->kapi_devres, .action = action, .data = data };
	device->kapi_devres = entry;
	return 0;
}

bool devres_forget(struct device *device, void (*action)(void *data), const void *data)
{
	struct kapi_devres **link = &device->kapi_devres, *entry;

	while (*link && ((*link)->action != action || (*link)->data != data))
		link = &(*link)->next;
	entry = *link;
	if (!entry)
		return false;
	*link = entry->next;
	heap_free_internal(entry);
	return true;
}

void devres_release(struct device *device)
{
	while (device->kapi_devres) {
		struct kapi_devres entry = *device->kapi_devres;

		devres_forget(device, entry.action, entry.data);
		entry.action(entry.data);
	}
}

static void free_memory(void *memory)
{
	heap_free_internal(memory);
}

/* The memory is freed by devm_kfree() or with the device, and not by kfree(). */
void *kapi_devm_alloc(struct device *device, size_t count, size_t size, gfp_t gfp, const struct kapi_place *place)
{
	void *memory;
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		return NULL;
	memory = heap_alloc_internal(bytes, gfp, place);
	if (!memory)
		return NULL;
	if (!(gfp & __GFP_ZERO))
		memset(memory, HEAP_POISON, bytes);
	return kapi_devm_add_action(device, free_memory, memory, true, place) ? NULL : memory;
}

void kapi_devm_free(struct device *device, const void *memory, const struct kapi_place *place)
{
	if (!memory)
		return;
	if (devres_forget(device, free_memory, memory))
		heap_free_internal((void *)memory);
	else
		report(KAPI_CHECK_BAD_FREE, place, "devm_kfree() of memory that the device does not have");
}
