/* SPDX-License-Identifier: ISC */
/**
 * @file feed_caps.h  What each feed can know: which parts of the model have a source.
 *
 * What no feed that is connected can know is 0 or missing. A feed is known by the beginning of its name.
 *
 * Threads:   no state.
 */
#ifndef FEED_CAPS_H
#define FEED_CAPS_H

#include <stdbool.h>
#include <stdint.h>

/** Number (a bit of FeedCapabilities in IPSECMON-MIB), label there, and what it stands for. */
#define FEED_CAPS(X)                                                                         \
	X(0, IKE_SAS, "ikeSas", "IKE SAs, their addresses, algorithms and times")            \
	X(1, IDENTITIES, "identities", "who the peers say they are")                         \
	X(2, IKE_COUNTERS, "ikeCounters", "octets, packets and exchanges of IKE")            \
	X(3, TUNNELS, "tunnels", "tunnels and their SAs, algorithms and limits")             \
	X(4, TUNNEL_COUNTERS, "tunnelCounters", "octets and packets of tunnels")             \
	X(5, SELECTORS, "selectors", "what a tunnel protects")                               \
	X(6, TUNNEL_DROPS, "tunnelDrops", "packets that a tunnel dropped, by reason")        \
	X(7, GATEWAY_DROPS, "gatewayDrops", "packets dropped without a tunnel, by reason")   \
	X(8, REASONS, "reasons", "why a tunnel ended")                                       \
	X(9, FAILURES, "failures", "why one could not be set up")                            \
	X(10, CONFIGURATION, "configuration", "what is configured, whether it is up or not") \
	X(11, ENGINES, "engines", "crypto engines, and which of them an SA is on")

enum feed_cap {
#define FEED_CAP_ENUM(number, name, label, text) FEED_CAP_##name = (number),
	FEED_CAPS(FEED_CAP_ENUM)
#undef FEED_CAP_ENUM
};
#define FEED_CAP_COUNT 12

/** A bit 1 << number for each; false: a feed of this name is not known here. */
bool feed_caps(const char *feed, uint32_t *caps);

#endif
