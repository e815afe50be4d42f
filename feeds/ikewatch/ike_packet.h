/* SPDX-License-Identifier: ISC */
/**
 * @file ike_packet.h  Find the IKE message in a captured frame: link layer, IP, UDP, non-ESP marker.
 *
 * Source:    DLT_EN10MB (with VLAN tags), DLT_LINUX_SLL and SLL2 (a capture on all interfaces), DLT_RAW.
 *            IPv4 with options, IPv6 with extension headers; the first fragment of a packet, which has the ports and
 *            the whole length.
 * Output:    pointers into the frame; nothing is copied.
 * Threads:   any; nothing is shared.
 */
#ifndef IKE_PACKET_H
#define IKE_PACKET_H

#include <stdbool.h>
#include <stddef.h>

#include "ipm_types.h"

#define IKE_PORT      500
#define IKE_PORT_NATT 4500

/** The kinds of frames. */
enum ike_packet_kind {
	IKE_PACKET_IKE,      /* an IKE message */
	IKE_PACKET_OTHER,    /* something else: ESP in UDP, a keep-alive, another port, another protocol */
	IKE_PACKET_FRAGMENT, /* a later fragment: counted with the first */
	IKE_PACKET_BROKEN,   /* headers that exceed the frame */
	IKE_PACKET_LINK,     /* an unknown link layer */
};

/** The direction of a frame. Linux adds it to a capture on all interfaces. */
enum ike_packet_way { IKE_WAY_UNKNOWN, IKE_WAY_TO_US, IKE_WAY_FROM_US, IKE_WAY_TO_OTHERS };

struct ike_packet {
	enum ike_packet_way way;
	uint32_t ifindex; /* SLL2; else 0 */
	struct ipm_addr src, dst;
	uint16_t sport, dport;
	const uint8_t *message; /* after the marker */
	size_t size;            /* octets of it that were captured */
	size_t sent;            /* octets of it that were sent, from UDP's header */
};

/** @p link: DLT_...; @p size octets were captured of @p frame. */
enum ike_packet_kind ike_packet(int link, const uint8_t *frame, size_t size, struct ike_packet *out);

#endif
