/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_MODULE_H
#define _LINUX_MODULE_H

#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/init.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

/** A driver. The build names it: KBUILD_MODNAME. */
struct module {
	const char *name;
	int (*init)(void);
	void (*exit)(void);
	bool live;
	struct module *next;
};

/** Notes a module's functions, before main() begins. */
void kapi_module_init(struct module *module, int (*init)(void));
void kapi_module_exit(struct module *module, void (*exit)(void));

/* All files of a driver share it. */
extern struct module kapi_this_module;
#define THIS_MODULE (&kapi_this_module)

#define module_init(function) \
	struct module kapi_this_module = { .name = KBUILD_MODNAME }; \
	static __attribute__((constructor)) void kapi_note_init(void) \
	{ \
		kapi_module_init(THIS_MODULE, function); \
	} \
	_Static_assert(1, "a semicolon follows")
#define module_exit(function) \
	static __attribute__((constructor)) void kapi_note_exit(void) \
	{ \
		kapi_module_exit(THIS_MODULE, function); \
	} \
	_Static_assert(1, "a semicolon follows")

#define MODULE_LICENSE(text) _Static_assert(sizeof(text) > 1, "a licence")
#define MODULE_AUTHOR(text) _Static_assert(sizeof(text) > 1, "an author")
#define MODULE_DESCRIPTION(text) _Static_assert(sizeof(text) > 1, "a description")
#define MODULE_PARM_DESC(name, text) _Static_assert(sizeof(text) > 1, "a description")

#endif
