/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages about objects: nouveau_dmem.c has none. */
#include <nvif/os.h>
