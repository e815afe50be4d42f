/* SPDX-License-Identifier: ISC */
/* One notification: checking whether it is wanted, its name, its cells, and sending it. */
#include <string.h>

#include "mib_notify_int.h"
#include "mib_set.h"
#include "views.h"

bool
mib_notify_wanted(struct mib_notify *n, const struct mib_notification *out)
{
	static const uint32_t *const controls[MIB_NOTIFY_MODULES] = { [MIB_NOTIFY_FLOW] = mib_controls.notify,
								      [MIB_NOTIFY_CIPS] = mib_controls.cips,
								      [MIB_NOTIFY_ENGINE] = mib_controls.engine,
								      [MIB_NOTIFY_OWN] = mib_controls.own,
								      [MIB_NOTIFY_RAS] = mib_controls.ras };
	if (controls[out->module][out->number - 1] == 1)
		return true;
	n->stats.disabled++;
	return false;
}

size_t
mib_notification_oid(const struct mib_notification *one, mib_subid *oid)
{
	static const mib_subid flow[] = { FLOW_MIB, 2, 0 }, cips[] = { CIPS_MIB, 2, 0 };
	static const mib_subid engine[] = { ACCELERATOR_MIB, 0 }, own[] = { IPSECMON_MIB, 0 };
	static const mib_subid ras[] = { RAS_MIB, 0 };
	static const struct {
		const mib_subid *oid;
		size_t len;
	} prefix[MIB_NOTIFY_MODULES] = { [MIB_NOTIFY_FLOW] = { flow, MIB_COUNT(flow) },
					 [MIB_NOTIFY_CIPS] = { cips, MIB_COUNT(cips) },
					 [MIB_NOTIFY_ENGINE] = { engine, MIB_COUNT(engine) },
					 [MIB_NOTIFY_OWN] = { own, MIB_COUNT(own) },
					 [MIB_NOTIFY_RAS] = { ras, MIB_COUNT(ras) } };
	size_t len = prefix[one->module].len;
	memcpy(oid, prefix[one->module].oid, len * sizeof(*oid));
	oid[len] = one->number;
	return len + 1;
}

void
mib_notify_cell(struct mib_notification *out, const struct mib_cell *cell, const struct mib_table *table, unsigned id,
		const mib_subid *key, unsigned key_len)
{
	struct mib_varbind *vb = &out->varbind[out->count];
	const struct mib_col *col = mib_table_column(table, id);

	if (!col || out->count == MIB_VARBINDS_MAX)
		return;
	memcpy(vb->name, table->oid, table->oid_len * sizeof(*vb->name));
	vb->name[table->oid_len] = id;
	memcpy(vb->name + table->oid_len + 1, key, key_len * sizeof(*key));
	vb->name_len = table->oid_len + 1 + key_len;
	if (mib_col_value(col, cell, &vb->value))
		out->count++;
}

const struct mib_peers *
mib_notify_peers(const struct mib_notify *n)
{
	static const struct mib_peers plain;
	return n->mib ? mib_peers(n->mib) : &plain;
}

void
mib_notify_send(struct mib_notify *n, const struct mib_notification *out)
{
	n->send(n->arg, out);
	n->stats.sent++;
	n->tokens -= 1;
}
