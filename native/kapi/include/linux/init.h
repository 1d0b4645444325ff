/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_INIT_H
#define _LINUX_INIT_H

#include <linux/compiler.h>

/* Nothing is discarded after boot. */
#define __init
#define __exit
#define __initdata

/* What is built into a kernel begins as modules do. */
#define late_initcall(function) module_init(function)

#include <linux/module.h>

#endif
