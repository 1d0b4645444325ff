/* SPDX-License-Identifier: GPL-2.0-only */
#include "nouveau_bo.h"
#include "nouveau_chan.h"
