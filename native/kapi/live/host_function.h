/* SPDX-License-Identifier: GPL-2.0-only */
/** @file host_function.h The C library's own functions, where ours come before them. */
#ifndef KAPI_HOST_FUNCTION_H
#define KAPI_HOST_FUNCTION_H

#include <dlfcn.h>

/** The C library's own function of this name. Needs _GNU_SOURCE. */
#define HOST(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))

#endif
