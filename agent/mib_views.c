/* SPDX-License-Identifier: ISC */
/* The list of all views, and what several of them need. */
#include <errno.h>

#include "mib_views.h"

const struct mib_table *const mib_views[] = {
	&view_levels,     &view_ike_global, &view_ike_tunnel, &view_sec_global,
	&view_sec_tunnel, &view_sec_endpt,  &view_sec_spi,
};
const unsigned mib_view_count = MIB_COUNT(mib_views);

bool
view_tunnel_shown(const struct ipm_segment *seg, uint32_t slot, uint32_t index)
{
	struct ipm_tunnel tunnel;
	int rc = ipm_tunnel_read(seg, slot, &tunnel);
	if (rc == -EAGAIN) /* being written, so it is there; if it goes or is held, that is a change of its own */
		return true;
	return rc == 0 && tunnel.index == index && tunnel.state == IPM_TUNNEL_UP;
}
