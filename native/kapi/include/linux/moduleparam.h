/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_MODULEPARAM_H
#define _LINUX_MODULEPARAM_H

#include <linux/types.h>

struct module;

/** Notes a parameter of a module. @p type is the kernel's word for it. */
void kapi_module_param(struct module *module, const char *name, const char *type, void *value, size_t size);

/* The word is made a string before "bool" of the C library becomes _Bool. */
#define kapi_parameter(name, value, word, permissions) \
	static __attribute__((constructor)) void kapi_param_##name(void) \
	{ \
		kapi_module_param(THIS_MODULE, #name, word, &(value), sizeof(value)); \
	} \
	_Static_assert((permissions) >= 0, "permissions of a parameter")
#define module_param_named(name, value, type, permissions) kapi_parameter(name, value, #type, permissions)
#define module_param(name, type, permissions) kapi_parameter(name, name, #type, permissions)

#endif
