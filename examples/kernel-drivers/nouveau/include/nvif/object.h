/* SPDX-License-Identifier: GPL-2.0-only */
/* Objects of the GPU: nouveau_dmem.c uses none. */
#include <nvif/os.h>
