/* SPDX-License-Identifier: ISC */
/* The valid segment that fuzz_segment and fuzz_views break, with something of everything in it. */
#ifndef FUZZ_IMAGE_H
#define FUZZ_IMAGE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipm_int.h"
#include "ipm_writer.h"

static inline void
fail(const char *what)
{
	perror(what);
	abort();
}

/* What a section has no room for is left out. */
static inline void
fill_segment(struct ipm_writer *w)
{
	struct ipm_ike_sa ike = { .state = IPM_IKE_ESTABLISHED, .conn = "gw", .remote_id = "C=CH, CN=peer" };
	struct ipm_tunnel tunnel = { .state = IPM_TUNNEL_UP, .protocol = 50, .conn = "gw", .name = "net" };
	struct ipm_map_entry map = {
		.kind = IPM_MAP_STATIC, .seq = 10, .name = "gw", .child = "net", .ifname = "eth0", .ifindex = 2
	};
	struct ipm_failure failure = { .reason = IPM_FAIL_AUTH, .conn = "gw", .text = "no" };
	struct ipm_engine engine = { .kind = IPM_ENGINE_SOFTWARE, .name = "engine" };
	struct ipm_selector sel[2] = { { .local.prefix = 8 }, { .local.prefix = 16 } };
	struct ipm_access access = { .local.prefix = 8 };
	struct ipm_traffic count = { .octets = 1000, .pkts = 10 };

	ipm_feed_open(w, "vici");
	ipm_engine_open(w, &engine);
	int map_slot = ipm_map_open(w, &map);
	if (map_slot >= 0)
		ipm_map_permit(w, (uint32_t)map_slot, &access, 1);
	for (int i = 0; i < 2; i++) {
		tunnel.ike_slot = (uint32_t)ipm_ike_start(w, &ike);
		tunnel.ike_index = ipm_ike_peek(w, tunnel.ike_slot)->index;
		uint32_t slot = (uint32_t)ipm_tunnel_start(w, &tunnel);
		ipm_tunnel_select(w, slot, sel, 2);
		for (uint8_t direction = IPM_IN; direction <= IPM_OUT; direction++) {
			struct ipm_sa sa = { .direction = direction,
					     .protocol = 50,
					     .proposal = { .encr = IPM_ENCR_AES_GCM_16 } };
			uint32_t at = (uint32_t)ipm_sa_start(w, slot, &sa);
			ipm_sa_count(w, at, &count);
			ipm_lane_count(ipm_sa_lane(w, at, 1), 3, 300);
		}
	}
	for (int i = 0; i < 3; i++) /* so that a small ring of events is overwritten */
		ipm_tunnel_stop(w, (uint32_t)ipm_tunnel_start(w, &tunnel), IPM_REASON_NORMAL);
	ipm_ike_stop(w, 0, IPM_REASON_PEER_LOST);
	ipm_fail(w, IPM_IKE_FAILURES, &failure);
	ipm_fail(w, IPM_TUNNEL_FAILURES, &failure);
	ipm_login_failed(w, &(struct ipm_login_failure){ .reason = IPM_LOGIN_AUTH, .user = "mallory", .group = "gw" });
	ipm_pool_put(w, &(struct ipm_pool){ .name = "users", .size = 254, .online = 3 });
}

/* A session of the first tunnel, if there is room. A segment with lanes gets it from nobody else. */
static inline void
plant_session(uint8_t *image)
{
	struct ipm_section *section = ((struct ipm_header *)(void *)image)->section;
	struct ipm_session session = { .index = 1,
				       .kind = IPM_SESSION_REMOTE_ACCESS,
				       .state = IPM_SESSION_UP,
				       .ike_slot = 1,
				       .ike_index = 2,
				       .tunnels = 1,
				       .tunnel_head = 1,
				       .user = "alice",
				       .group = "gw" };
	struct ipm_session_history was = { .index = 1, .session = session };
	uint32_t first = 1;

	if (section[IPM_SESSIONS].capacity == 0)
		return;
	memcpy(image + section[IPM_SESSIONS].offset + sizeof(struct ipm_record), &session, sizeof(session));
	section[IPM_SESSIONS].used = 1;
	memcpy(image + section[IPM_SESSION_HISTORY].offset + sizeof(struct ipm_record), &was, sizeof(was));
	section[IPM_SESSION_HISTORY].used = 1;
	section[IPM_SESSION_HISTORY].total = 1;
	memcpy(image + section[IPM_TUNNELS].offset + sizeof(struct ipm_record) + offsetof(struct ipm_tunnel, session),
	       &first, sizeof(first));
}

/* Its octets, allocated, and how many there are. */
static inline uint8_t *
make_segment(const struct ipm_capacity *capacity, size_t *size)
{
	char dir[] = "/tmp/fuzz_image.XXXXXX", path[64], command[64];
	struct ipm_writer_options opt = {
		.path = path, .name = "gw", .control = "/run/control", .mode = 0600, .capacity = *capacity
	};
	struct ipm_writer *w;
	struct ipm_error err;

	if (!mkdtemp(dir))
		fail(dir);
	snprintf(path, sizeof(path), "%s/gw.model", dir);
	if (ipm_writer_open(&w, &opt, &err) < 0)
		fail(err.text);
	fill_segment(w);
	*size = ipm_writer_segment(w)->size;
	uint8_t *image = malloc(*size);
	if (!image)
		fail("malloc");
	memcpy(image, ipm_writer_segment(w)->base, *size);
	plant_session(image);
	ipm_writer_close(w);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	if (system(command) != 0)
		fail(dir);
	return image;
}

#endif
