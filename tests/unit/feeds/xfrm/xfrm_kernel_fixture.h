/* SPDX-License-Identifier: ISC */
/* What the tests of the kernel's model and of its crypto map entries share: time that passes at once, and policies. */
#ifndef XFRM_KERNEL_FIXTURE_H
#define XFRM_KERNEL_FIXTURE_H

#include <netinet/in.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "model_fixture.h"
#include "xfrm_model.h"

static time_t skipped_s;

/* Replaces libc's function in this program. */
int
clock_gettime(clockid_t clock, struct timespec *now)
{
	int rc = (int)syscall(SYS_clock_gettime, clock, now);
	if (rc == 0)
		now->tv_sec += skipped_s;
	return rc;
}

/* An outbound policy of kernel index @p index, from 10.1.n.0/24 to 10.2.n.0/24 by the ESP SAs of in() and out(). */
static inline struct xfrm_policy
policy(uint32_t index, uint8_t n)
{
	return (struct xfrm_policy){ .index = index << 3 | XFRM_OUT,
				     .direction = XFRM_OUT,
				     .src = subnet(10, 1, n),
				     .dst = subnet(10, 2, n),
				     .tmpls = 1,
				     .tmpl = { { .src = HERE,
						 .dst = PEER(2),
						 .reqid = 1,
						 .protocol = IPPROTO_ESP,
						 .encap = IPM_ENCAP_TUNNEL } } };
}

#endif
