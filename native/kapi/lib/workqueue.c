/* SPDX-License-Identifier: GPL-2.0-only */
/* Work queues of drivers are memory of drivers. */
#include <linux/kernel.h>
#include <linux/workqueue.h>

#include "host/host.h"
#include "lib/heap.h"
#include "task/workqueue.h"

struct workqueue_struct *kapi_alloc_workqueue(unsigned int limit, const struct kapi_place *place, const char *format,
					      ...)
{
	struct workqueue_struct *queue = heap_alloc_internal(sizeof(*queue), GFP_KERNEL, place);
	va_list arguments;

	if (!queue)
		return NULL;
	va_start(arguments, format);
	host_format(queue->name, sizeof(queue->name), format, arguments);
	va_end(arguments);
	queue->kapi_limit = limit;
	return queue;
}

void kapi_destroy_workqueue(struct workqueue_struct *queue, const struct kapi_place *place)
{
	workqueue_end(queue, place);
	heap_free_internal(queue);
}
