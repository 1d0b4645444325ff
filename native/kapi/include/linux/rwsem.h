/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_RWSEM_H
#define _LINUX_RWSEM_H

/* mmap_lock is the only one so far: linux/mmap_lock.h. */
#include <linux/types.h>

#endif
