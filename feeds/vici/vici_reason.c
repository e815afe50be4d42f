/* SPDX-License-Identifier: ISC */
/* The table of vici_reason.h. */
#include "vici_reason.h"

#define PEERS_DELETE (VICI_TASK_IKE_DELETE | VICI_TASK_INFORMATIONAL)

enum ipm_reason
vici_ike_reason(const struct vici_ike *ike, const struct vici_retired *known)
{
	switch (ike->state) {
	case VICI_IKE_DELETING:
		if (known->replaced || (ike->active & VICI_TASK_REAUTH))
			return IPM_REASON_NORMAL;
		if (ike->active & VICI_TASK_IKE_DELETE)
			return IPM_REASON_OPERATOR;
		return ike->passive & PEERS_DELETE ? IPM_REASON_PEER_DELETE : IPM_REASON_UNKNOWN;
	case VICI_IKE_ESTABLISHED:
	case VICI_IKE_REKEYING:
	case VICI_IKE_REKEYED:
		return ike->passive && !ike->active ? IPM_REASON_LOCAL_FAILURE : IPM_REASON_PEER_LOST;
	case VICI_IKE_CONNECTING:
		return IPM_REASON_PEER_LOST;
	default:
		return IPM_REASON_UNKNOWN;
	}
}

enum ipm_reason
vici_child_reason(const struct vici_ike *ike, const struct vici_retired *known, const struct vici_child *child,
		  bool volume_over)
{
	bool ours = ike->active & VICI_TASK_CHILD_DELETE;
	/* With IKEv1, both kinds of the peer's delete are INFORMATIONAL. */
	bool peers = ike->passive & (VICI_TASK_CHILD_DELETE | VICI_TASK_INFORMATIONAL);
	/* Charon and we both cut off fractions of a second. */
	bool time_over = child->life_time != VICI_UNSET && child->life_time <= 1;

	if (known->ended)
		return known->reason;
	if (ike->state == VICI_IKE_DELETING)
		return vici_ike_reason(ike, known);
	if ((ours || peers) && (time_over || volume_over))
		return IPM_REASON_NORMAL;
	if (ours) /* IKEv1 deletes the children first */
		return known->replaced && ((ike->active | ike->queued) & VICI_TASK_IKE_DELETE) ? IPM_REASON_NORMAL
											       : IPM_REASON_OPERATOR;
	if (peers)
		return IPM_REASON_PEER_DELETE;
	if (ike->active & VICI_TASK_CHILD_REKEY)
		return IPM_REASON_PEER_LOST;
	return vici_ike_reason(ike, known);
}
