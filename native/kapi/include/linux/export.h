/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_EXPORT_H
#define _LINUX_EXPORT_H

/* All drivers of a program see each other's functions. */
#define EXPORT_SYMBOL(name) _Static_assert(sizeof(#name) > 1, "a name")
#define EXPORT_SYMBOL_GPL(name) EXPORT_SYMBOL(name)
#define EXPORT_SYMBOL_NS_GPL(name, space) EXPORT_SYMBOL(name)

#endif
