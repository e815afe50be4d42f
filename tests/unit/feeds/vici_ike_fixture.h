/* SPDX-License-Identifier: ISC */
/* An IKE SA as charon reports it, for all tests with a charon. */
#ifndef VICI_IKE_FIXTURE_H
#define VICI_IKE_FIXTURE_H

#include <stdio.h>

#include "model_fixture.h"
#include "vici_model.h"

/* An IKE SA between 192.0.2.1 and 192.0.2.2. */
static inline struct vici_ike
ike(uint32_t uid, const char *name)
{
	struct vici_ike sa = { .uniqueid = uid,
			       .version = 2,
			       .state = VICI_IKE_ESTABLISHED,
			       .initiator = true,
			       .local_host = HERE,
			       .remote_host = PEER(2),
			       .local_port = 500,
			       .remote_port = 500,
			       .local_id = "gw.example.net",
			       .remote_id = "peer.example.net",
			       .spi_initiator = 0xabc000 + uid,
			       .spi_responder = 0xdef000 + uid,
			       .established = 0,
			       .rekey_time = 14400,
			       .reauth_time = VICI_UNSET };
	snprintf(sa.name, sizeof(sa.name), "%s", name);
	return sa;
}

#endif
