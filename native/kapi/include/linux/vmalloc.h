/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_VMALLOC_H
#define _LINUX_VMALLOC_H

#include <linux/slab.h>

#define vmalloc(size) kapi_alloc(KAPI_VMALLOC, 1, size, GFP_KERNEL, KAPI_HERE)
#define vzalloc(size) kapi_alloc(KAPI_VMALLOC, 1, size, GFP_KERNEL | __GFP_ZERO, KAPI_HERE)
#define vfree(memory) kapi_free(KAPI_VMALLOC, memory, KAPI_HERE)

#endif
