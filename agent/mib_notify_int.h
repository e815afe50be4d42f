/* SPDX-License-Identifier: ISC */
/* What the files of mib_notify share. */
#ifndef MIB_NOTIFY_INT_H
#define MIB_NOTIFY_INT_H

#include "mib_notify.h"

/* Is it switched on? It is counted if not. */
bool mib_notify_wanted(struct mib_notify *n, const struct mib_notification *out);
void mib_notify_send(struct mib_notify *n, const struct mib_notification *out);

/* Add a cell of a table, of the row with this index: @p cell by the column's own conversion. */
void mib_notify_cell(struct mib_notification *out, const struct mib_cell *cell, const struct mib_table *table,
		     unsigned id, const mib_subid *key, unsigned key_len);

/* Events of crypto maps and engines: how many notifications there is nothing left to tell of. */
unsigned mib_notify_tell_map(struct mib_notify *n, struct mib *mib, const struct ipm_segment *seg, unsigned gateway,
			     const struct ipm_event *event);

#endif
