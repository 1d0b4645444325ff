/* SPDX-License-Identifier: GPL-2.0-only */
/** @file module.h The modules of the program. */
#ifndef KAPI_MODULE_H
#define KAPI_MODULE_H

/** module_init() of all modules, in the order of their names. Stops at the first error, which it returns. */
int modules_init(void);
/** module_exit() of those that are loaded, in reverse order. */
void modules_exit(void);
/** All are gone, without module_exit(). */
void modules_forget(void);

#endif
