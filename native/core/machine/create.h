/* SPDX-License-Identifier: GPL-2.0-only */
/** @file create.h What every handle of a machine gets, whether it is made, copied or restored. */
#ifndef HMMU_CREATE_H
#define HMMU_CREATE_H

#include "host/machine.h"

/** Set the operations of the device and of waits to their defaults. */
static void set_default_ops(struct hmmu *m);

#endif
