/* SPDX-License-Identifier: ISC */
/**
 * @file mib_table.h  Serve MIB tables from model segments: GET, GETNEXT and the lookup for SET.
 *
 * The rows of a table are a sorted list of index and slot, built again when the set of records changes. A request finds
 * its row by bisection and reads that one record.
 *
 * Threads:   one thread for each struct mib.
 */
#ifndef MIB_TABLE_H
#define MIB_TABLE_H

#include "mib.h"

#define MIB_PATIENCE_NS 50000000u /* a request waits no longer than this for the writer of one segment */

/**
 * @param tables  in the order of their first columns; one may be within another, but not between its columns; must
 * outlive the result
 * @return NULL when out of memory; mib_free() it
 */
struct mib *mib_new(const struct mib_table *const *tables, unsigned count);
void mib_free(struct mib *mib);

/** Serve these segments from now on; they must live until the next call. Index ranges should not overlap. */
int mib_serve(struct mib *mib, const struct ipm_segment *const *segs, unsigned count);

/** Show rows from before the master's start, too; their time is 0. */
void mib_show_old(struct mib *mib, bool show);

/** Show peers like this; by identity and without names, unless it is called. */
void mib_show_peers(struct mib *mib, struct mib_peers as);

/**
 * Begin a request: a PDU with all its varbinds. Within a request, a row is read once, so all its columns agree, and
 * rows neither come nor go.
 *
 * @param master_ns  when the master's sysUpTime was 0, in ipm_now_ns() units: TimeStamps count from there
 */
void mib_request(struct mib *mib, uint64_t master_ns);

/**
 * The same, with all rows up to date. To save CPU time, mib_request() may serve rows of a moment ago; a notification
 * must not describe a moment before its event.
 */
void mib_request_fresh(struct mib *mib, uint64_t master_ns);

enum mib_result { MIB_OK, MIB_NO_OBJECT, MIB_NO_INSTANCE, MIB_END };

/** GET. MIB_OK, MIB_NO_OBJECT or MIB_NO_INSTANCE (RFC 3416, 4.2.1). */
enum mib_result mib_get(struct mib *mib, const mib_subid *name, size_t len, struct mib_value *out);

/** Table number @p t, from 0; NULL: there are no more. */
const struct mib_table *mib_table(const struct mib *mib, unsigned t);

/** The column of a name, whether the row exists or not, and of a number in a table; NULL: it doesn't exist. */
const struct mib_col *mib_column(const struct mib *mib, const mib_subid *name, size_t len);
const struct mib_col *mib_table_column(const struct mib_table *table, mib_subid id);

/**
 * Find the segment and record of a cell, for SET. MIB_OK; MIB_NO_OBJECT or MIB_NO_INSTANCE as for GET. @p cell is valid
 * until the next call.
 */
enum mib_result mib_find(struct mib *mib, const mib_subid *name, size_t len, struct mib_cell *cell);

/**
 * GETNEXT: the first cell behind @p name, or at it with @p inclusive, and before @p end (len 0: no end).
 *
 * @param next  room for MIB_NAME_MAX sub-identifiers
 * @return MIB_OK or MIB_END
 */
enum mib_result mib_next(struct mib *mib, const mib_subid *name, size_t len, bool inclusive, const mib_subid *end,
			 size_t end_len, mib_subid *next, size_t *next_len, struct mib_value *out);

#endif
