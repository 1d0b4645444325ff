/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_KDEV_T_H
#define _LINUX_KDEV_T_H

#include <linux/types.h>

/* The number of a device: its major in 12 bits, its minor in 20. */
#define MINORBITS 20
#define MINORMASK ((1u << MINORBITS) - 1)
#define MAJOR(device) ((unsigned int)((device) >> MINORBITS))
#define MINOR(device) ((unsigned int)((device)&MINORMASK))
#define MKDEV(major, minor) ((dev_t)(major) << MINORBITS | (dev_t)(minor))

#endif
