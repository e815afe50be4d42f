/* SPDX-License-Identifier: ISC */
/* What each feed can know. */
#include "feed_caps.h"

#include <stddef.h>
#include <string.h>

#define CAP(name) (1u << FEED_CAP_##name)

static const struct {
	const char *feed;
	uint32_t caps;
} feeds[] = {
	{ "vici", CAP(IKE_SAS) | CAP(IDENTITIES) | CAP(TUNNELS) | CAP(TUNNEL_COUNTERS) | CAP(SELECTORS) | CAP(REASONS) |
			  CAP(CONFIGURATION) },
	{ "error-notify", CAP(FAILURES) },
	{ "xfrm", CAP(TUNNELS) | CAP(TUNNEL_COUNTERS) | CAP(SELECTORS) | CAP(TUNNEL_DROPS) | CAP(GATEWAY_DROPS) |
			  CAP(FAILURES) | CAP(CONFIGURATION) | CAP(ENGINES) },
	{ "ikewatch", CAP(IKE_SAS) | CAP(IKE_COUNTERS) | CAP(FAILURES) },
	{ "engine", CAP(TUNNELS) | CAP(TUNNEL_COUNTERS) | CAP(SELECTORS) | CAP(TUNNEL_DROPS) | CAP(GATEWAY_DROPS) |
			    CAP(CONFIGURATION) | CAP(ENGINES) },
	{ "synth", CAP(IKE_SAS) | CAP(IDENTITIES) | CAP(TUNNELS) | CAP(TUNNEL_COUNTERS) | CAP(SELECTORS) |
			   CAP(TUNNEL_DROPS) | CAP(REASONS) | CAP(CONFIGURATION) | CAP(ENGINES) },
};

bool
feed_caps(const char *feed, uint32_t *caps)
{
	for (size_t i = 0; i < sizeof(feeds) / sizeof(feeds[0]); i++) {
		size_t len = strlen(feeds[i].feed);
		/* "xfrm", and "xfrm NAMESPACE" or the like */
		if (strncmp(feed, feeds[i].feed, len) == 0 && (feed[len] == '\0' || !strchr("-_", feed[len]))) {
			*caps = feeds[i].caps;
			return true;
		}
	}
	return false;
}
