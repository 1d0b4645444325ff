/* SPDX-License-Identifier: GPL-2.0-only */
/* Events for tools of AMD: nobody listens. */
#define kfd_smi_event_migration_start(node, pid, ...) ((void)(node), (void)(pid))
#define kfd_smi_event_migration_end(node, pid, ...) ((void)(node), (void)(pid))
