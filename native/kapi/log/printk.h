/* SPDX-License-Identifier: GPL-2.0-only */
/** @file printk.h Messages of drivers. */
#ifndef KAPI_PRINTK_H
#define KAPI_PRINTK_H

#include <linux/printk.h>

/** Leave out all messages of higher levels. */
void printk_set_level(enum kapi_log_level level);

#endif
