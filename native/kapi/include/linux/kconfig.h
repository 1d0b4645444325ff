/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_KCONFIG_H
#define _LINUX_KCONFIG_H

/* An option is set if it is a macro of the value 1: KAPI_COMMA_1 puts a second argument before the 0, and no other name does. */
#define KAPI_COMMA_1 0,
#define KAPI_SECOND(first, second, ...) second
#define KAPI_IS_ONE__(comma) KAPI_SECOND(comma 1, 0, 0)
#define KAPI_IS_ONE_(value) KAPI_IS_ONE__(KAPI_COMMA_##value)
#define KAPI_IS_ONE(option) KAPI_IS_ONE_(option)

#define IS_BUILTIN(option) KAPI_IS_ONE(option)
#define IS_MODULE(option) KAPI_IS_ONE(option##_MODULE)
#define IS_ENABLED(option) (IS_BUILTIN(option) || IS_MODULE(option))
#define IS_REACHABLE(option) IS_ENABLED(option)

#endif
