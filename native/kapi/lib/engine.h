/* SPDX-License-Identifier: GPL-2.0-only */
/** @file engine.h Engines, from within the runtime. */
#ifndef KAPI_LIB_ENGINE_H
#define KAPI_LIB_ENGINE_H

/** Nothing is late. */
void engines_reset(void);

#endif
