/* SPDX-License-Identifier: GPL-2.0-only */
#include "amdgpu_object.h"
