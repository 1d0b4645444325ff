/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_ERRNO_H
#define _LINUX_ERRNO_H

/* The numbers that user programs see are the host's. */
#include <asm/errno.h>

/* The kernel's own, which never reach a program. */
#define ERESTARTSYS 512
#define ENOIOCTLCMD 515

#endif
